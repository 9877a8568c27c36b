"""The server's options: from the command line in the first process, by the environment into its workers."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

VARIABLE = "LEPTON_SERVE"  # carries the options into worker processes
_MB = 1_000_000
MEMORY = "a third of it may hold models; each 1,769 MB give a session one thread, as Lambda's do"


@dataclass(frozen=True, slots=True)
class Options:
    """Exactly one of `lake` and `package` is given. Sizes in bytes (`body_bytes`) and MB (`memory_mb`), times in
    seconds."""

    lake: str | None = None
    package: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    memory_mb: int = 3000
    body_bytes: int = 64 * _MB
    staleness: float = 10.0
    keep_alive: int = 75
    shutdown: int = 30
    log_level: str = "INFO"

    def to_environment(self) -> str:
        return json.dumps(asdict(self))


def of_environment(environment: Mapping[str, str]) -> Options:
    return Options(**json.loads(environment[VARIABLE]))


def of_words(words: Sequence[str], prog: str) -> Options:
    """The options of a command line. A wrong one ends the process with 2, as argparse has it."""
    parser = argparse.ArgumentParser(prog=prog, description="Serve models by the Open Inference Protocol v2.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--lake", metavar="DIR|s3://BUCKET", help="a lake: a directory laid out like one, or a bucket")
    source.add_argument("--package", metavar="DIR", help="one model: manifest.json and its ONNX file")
    one = Options()
    parser.add_argument("--host", default=one.host)
    parser.add_argument("--port", type=int, default=one.port)
    parser.add_argument("--workers", type=int, default=one.workers, help="processes that share the port")
    parser.add_argument("--memory-mb", type=int, default=one.memory_mb, help=MEMORY)
    parser.add_argument("--max-body-mb", type=float, default=one.body_bytes / _MB, help="the largest request")
    parser.add_argument("--staleness", type=float, default=one.staleness, help="seconds until an alias is read again")
    parser.add_argument("--keep-alive", type=int, default=one.keep_alive, help="seconds that a quiet connection stays")
    parser.add_argument("--shutdown", type=int, default=one.shutdown, help="seconds that a stop waits for requests")
    parser.add_argument("--log-level", default=one.log_level, choices=["DEBUG", "INFO", "WARNING", "ERROR"])
    given = vars(parser.parse_args(words))
    return Options(body_bytes=int(given.pop("max_body_mb") * _MB), **given)
