"""`lepton doctor`: is everything there that the other commands need, and what to do if not."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import typer

from cli.command import command
from cli.failures import RunFailed, exit_code
from cli.screen import table
from cli.session import Session
from lepton.errors import LeptonError

State = Literal["ok", "failed", "optional"]
_PYTHON = (3, 11)
# What a deployment tells of itself: output of the stack, and what it is for.
_RESOURCES = (
    ("LandingBucket", "uploads"),
    ("LakeBucket", "datasets and models"),
    ("UploadQueue", "ingest"),
    ("EventBus", "events"),
    ("PredictFunction", "serving"),
)
_LIBRARIES = (("onnxruntime", "serving in the local cloud"), ("torch", "training of images in the local cloud"))
_TOOLS = (("docker", "`sam local invoke`, building the trainer's image"), ("sam", "deploying to AWS"))


@dataclass(frozen=True, slots=True)
class Check:
    """One row: what was looked at, how it stands, what was seen, and what to do about it."""

    check: str
    state: State
    found: str
    todo: str = ""


def register(app: typer.Typer) -> None:
    command(app, "doctor")(doctor)


def doctor(session: Session) -> None:
    """Check this machine and the deployment. Exits with 1 (or 69: unreachable) when a required check fails."""
    checks = [_python()]
    broken: LeptonError | None = None
    try:
        checks += _deployment(session)
    except LeptonError as error:
        broken = error
        where = f"{error.pointer}: " if error.pointer else ""
        checks.append(Check("deployment", "failed", where + error.message, error.hint or ""))
    checks += [*_libraries(), *_tools()]
    rows = [(one.check, one.state, one.found, one.todo) for one in checks]
    session.screen.answer(
        {"checks": [asdict(one) for one in checks]}, table(("check", "state", "found", "what to do"), rows)
    )
    if any(one.state == "failed" for one in checks):
        raise typer.Exit(exit_code(broken) if broken else RunFailed.exit_code)


def _python() -> Check:
    found = platform.python_version()
    if sys.version_info >= _PYTHON:
        return Check("python", "ok", found)
    return Check("python", "failed", found, "install Python 3.11 or newer")


def _deployment(session: Session) -> Iterator[Check]:
    """Raises what the target or the API raises."""
    target = session.target
    yield Check("target", "ok", f"{target.api_url} (from {target.source})")
    yield Check("signed", "ok", "SigV4" if target.auth else "no: loopback or plain HTTP")
    names = [one["name"] for one in session.get("/datasets")["datasets"]]
    yield Check("api", "ok", f"answers, {len(names)} datasets")
    yield Check("serving", "ok" if session.get("/v2/health/live").get("live", True) else "failed", "/v2/health/live")
    yield from _resources(session)


def _resources(session: Session) -> Iterator[Check]:
    outputs = session.target.outputs
    if not outputs:
        todo = "name the stack (--stack) instead of a URL to see them"
        yield Check("resources", "optional", "the target does not tell its resources", todo)
        return
    for output, purpose in _RESOURCES:
        found = next((f"{key} = {value}" for key, value in outputs.items() if key.startswith(output)), None)
        if found:
            yield Check(purpose, "ok", found)
        else:
            yield Check(purpose, "failed", f"no output {output}", "deploy the template of this version again")


def _libraries() -> Iterator[Check]:
    for name, purpose in _LIBRARIES:
        if importlib.util.find_spec(name):
            yield Check(name, "ok", f"installed: {purpose}")
        else:
            yield Check(name, "optional", f"not installed: {purpose}", "`make setup` in a checkout")


def _tools() -> Iterator[Check]:
    for name, purpose in _TOOLS:
        found = shutil.which(name)
        if found:
            yield Check(name, "ok", f"{found}: {purpose}")
        else:
            yield Check(name, "optional", f"not installed: {purpose}", "needed for that only")
