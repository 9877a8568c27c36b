"""`python -m lepton.server`: serve until SIGINT or SIGTERM, then finish what was begun."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lepton.errors import LeptonError
from lepton.server import application
from lepton.server.options import VARIABLE, Options, of_words


def main(words: Sequence[str] | None = None, prog: str = "python -m lepton.server") -> int:
    """0 after a stop that was asked for, or the error's exit code."""
    options = of_words(sys.argv[1:] if words is None else words, prog)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _asked)  # uvicorn has handlers of its own while it runs, and calls these at its end
    application.telemetry(os.environ, options)
    scratch = Path(tempfile.mkdtemp(prefix="lepton-serve-"))
    try:
        return _one(options, scratch) if options.workers == 1 else _several(options, scratch)
    except LeptonError as error:
        sys.stderr.write(f"error: {error}\n")
        return error.exit_code
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _asked(number: int, frame: object) -> None:
    """A stop is the way that a server ends, not a failure."""


def _one(options: Options, scratch: Path) -> int:
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(application.made(options, scratch), **_said(options)))
    server.run()
    return 0 if server.started else 70


def _several(options: Options, scratch: Path) -> int:
    import uvicorn

    application.opened(options, scratch / "first")  # what is wrong with it is told once, before any worker
    os.environ[VARIABLE] = options.to_environment()
    os.environ[application.SCRATCH] = str(scratch)
    uvicorn.run("lepton.server.application:worker", factory=True, workers=options.workers, **_said(options))
    return 0


def _said(options: Options) -> dict[str, Any]:
    return {
        "host": options.host,
        "port": options.port,
        "timeout_keep_alive": options.keep_alive,
        "timeout_graceful_shutdown": options.shutdown,
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        "proxy_headers": False,
        "ws": "none",
        "lifespan": "on",
    }


if __name__ == "__main__":
    sys.exit(main())
