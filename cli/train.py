"""`lepton train`: from a spec to a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import command
from cli.failures import Refused
from cli.follow import failure, until_ended
from cli.runs import run_view
from cli.screen import fields, flat
from cli.session import Session
from cli.specs import SpecFile, in_file, model_of, read_spec
from lepton.client.call import Answer
from lepton.errors import LeptonError

_ACCEPTED = 202


def register(app: typer.Typer) -> None:
    command(app, "train")(train)


def train(
    session: Session,
    file: SpecFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the plan: nothing is submitted.")] = False,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow the run to its end.")] = False,
) -> None:
    """Train what the spec says. The same spec on the same dataset version is the same run, and trains once.

    With --wait it exits with 1 when the run failed, was refused by the gate, or was cancelled.
    """
    text = read_spec(file)
    model_of(text, file)
    request: dict[str, Any] = {"spec": text, "dry_run": dry_run}
    answer = _submitted(session, request, file)
    if dry_run:
        session.screen.answer(answer.body, fields(flat(answer.body["plan"])))
        return
    run: dict[str, Any] = answer.body
    session.screen.note(f"{'submitted' if answer.status == _ACCEPTED else 'already there:'} {run['run']}")
    error: LeptonError | None = None
    if wait:
        run = until_ended(session, run["run"])
        error = failure(run)
    if error:
        raise error
    session.screen.answer(run, run_view(run))


def _submitted(session: Session, request: dict[str, Any], file: Path) -> Answer:
    """The API points into the body; the user looks at the file."""
    try:
        return session.api.send("POST", "/training-runs", body=request, repeatable=True)
    except Refused as error:
        error.pointer = in_file(error.pointer, file)
        raise
