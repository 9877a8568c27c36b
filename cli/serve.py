"""`lepton serve`: this process becomes the server, and nothing of the command stays in it."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.command import command
from cli.session import Session
from lepton.errors import InvalidRequest, Misconfigured

# What the local cloud takes as credentials: anything that is there.
_LOCAL = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}


def register(app: typer.Typer) -> None:
    command(app, "serve")(serve)


def serve(  # noqa: PLR0913, PLR0917  # one for each option
    session: Session,
    lake: Annotated[
        str | None, typer.Option(metavar="DIR|s3://BUCKET", help="A lake: a directory laid out like one, or a bucket.")
    ] = None,
    package: Annotated[
        Path | None, typer.Option(metavar="DIR", help="One model: manifest.json and its ONNX file.")
    ] = None,
    local_cloud: Annotated[bool, typer.Option("--local-cloud", help="The lake of the running local cloud.")] = False,
    host: Annotated[str, typer.Option(metavar="HOST", help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", help="The port to listen on.")] = 8000,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Processes that share the port.")] = 1,
    memory_mb: Annotated[int, typer.Option(metavar="MB", help="A third holds models; 1,769 MB: a thread.")] = 3000,
    max_body_mb: Annotated[float, typer.Option(metavar="MB", help="The largest request.")] = 64.0,
    staleness: Annotated[float, typer.Option(metavar="SECONDS", help="Until an alias is read again.")] = 10.0,
    keep_alive: Annotated[int, typer.Option(metavar="SECONDS", help="That a quiet connection stays.")] = 75,
    shutdown: Annotated[int, typer.Option(metavar="SECONDS", help="That a stop waits for requests.")] = 30,
    log_level: Annotated[str, typer.Option(metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR.")] = "INFO",
) -> None:
    """Serve models over HTTP from this process: containers, edge machines, tests. Ctrl-C stops it.

    The same endpoint code as the predict function. A stop finishes what was begun.
    """
    words = _source(session, lake, package, local_cloud=local_cloud)
    given = {
        **{"host": host, "port": port, "workers": workers, "memory-mb": memory_mb},
        **{"max-body-mb": max_body_mb, "staleness": staleness, "keep-alive": keep_alive, "shutdown": shutdown},
        "log-level": log_level,
    }
    words += [word for name, value in given.items() for word in (f"--{name}", str(value))]
    if importlib.util.find_spec("uvicorn") is None:
        raise Misconfigured("the server is not installed", hint="pip install 'lepton[serve]'")
    os.execv(sys.executable, [sys.executable, "-m", "lepton.server", *words])  # noqa: S606


def _source(session: Session, lake: str | None, package: Path | None, *, local_cloud: bool) -> list[str]:
    """Raises InvalidRequest unless exactly one was named."""
    if sum((lake is not None, package is not None, local_cloud)) != 1:
        raise InvalidRequest(
            "one place to serve from, please", pointer="--lake", hint="--lake, --package, --local-cloud"
        )
    if package is not None:
        return ["--package", str(package)]
    if lake is not None:
        return ["--lake", lake]
    return ["--lake", f"s3://{_local_lake(session)}"]


def _local_lake(session: Session) -> str:
    """The bucket; where it is goes into the environment. Raises InvalidRequest, Unreachable."""
    target = session.target
    bucket = next((value for name, value in target.outputs.items() if name.startswith("LakeBucket")), None)
    if bucket is None:
        raise InvalidRequest(
            "the deployment does not tell its lake", pointer="--local-cloud", hint="--lake s3://BUCKET"
        )
    if target.endpoint_url is not None:
        region = target.region or "us-east-1"
        for name, value in (_LOCAL | {"AWS_ENDPOINT_URL": target.endpoint_url, "AWS_DEFAULT_REGION": region}).items():
            os.environ.setdefault(name, value)
    return bucket
