"""`python -m devcloud`: the local cloud until Ctrl-C, its endpoints first, then its live log."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path
from typing import Any

from devcloud import endpoints
from devcloud.cloud import LocalCloud
from devcloud.console import short_line
from devcloud.live_log import LiveLog, LogLine
from lepton.errors import LeptonError

_API_PORT, _AWS_PORT = 8080, 4566


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; 0, or the error's exit code."""
    options = _options(arguments)
    log = LiveLog()
    log.listen(_show)
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: stopping.append(number))
    try:
        endpoints.claim(options.state)
        cloud = LocalCloud(
            template=options.template,
            state=options.state,
            api_port=options.api_port,
            aws_port=options.aws_port,
            fresh=options.fresh,
            parameters=dict(options.parameter),
            jobs_at_once=options.jobs,
            log=log,
        )
        with cloud:
            _serve(cloud, options.state, stopping)
    except LeptonError as error:
        _say(f"error: {error}", sys.stderr)
        return error.exit_code
    return 0


def _serve(cloud: LocalCloud, state: Path, stopping: list[int]) -> None:
    endpoints.publish(state, cloud)
    try:
        _say(f"HTTP API           {cloud.api_url}")
        _say(f"AWS_ENDPOINT_URL   {cloud.endpoint_url}")
        _say(f"state              {state.resolve()}")
        _say("ready: Ctrl-C stops it, and what is in the state directory is there again at the next start")
        # Not an Event: a handler that runs while this thread is inside `wait` would lock itself out, and a signal
        # that the system gives to another thread is seen only when this one wakes.
        while not stopping:
            time.sleep(0.2)
        _say("stopping")
    finally:
        endpoints.withdraw(state)


def _show(line: LogLine) -> None:
    text = short_line(line)
    if text is not None:
        _say(text)


def _say(text: str, stream: Any = None) -> None:
    try:
        print(text, file=stream or sys.stdout, flush=True)  # this is the program's output
    except (BrokenPipeError, ValueError):
        return  # nobody reads any more: the cloud runs on


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m devcloud", description="The local cloud.")
    parser.add_argument("--state", type=Path, default=Path(".lepton"), help="directory that survives (.lepton)")
    parser.add_argument("--api-port", type=int, default=_API_PORT, help=f"port of the HTTP API ({_API_PORT}; 0: any)")
    parser.add_argument(
        "--aws-port", type=int, default=_AWS_PORT, help=f"port of the AWS endpoint ({_AWS_PORT}; 0: any)"
    )
    parser.add_argument("--fresh", action="store_true", help="begin with an empty state directory")
    parser.add_argument("--jobs", type=int, default=1, help="training jobs that run at once (1)")
    parser.add_argument("--template", type=Path, default=Path("template.yaml"), help="the template (template.yaml)")
    parser.add_argument(
        "--parameter", type=_pair, action="append", default=[], metavar="NAME=VALUE", help="a parameter of the template"
    )
    return parser.parse_args(arguments)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


if __name__ == "__main__":
    sys.exit(main())
