"""`lepton runs`: what is training, how far it is, and what it says."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from cli.command import command
from cli.follow import failure, lines, log_line
from cli.screen import fields, table
from cli.session import Session
from lepton.client.waiting import ENDED

app = typer.Typer(no_args_is_help=True, help="Look at training runs, follow and cancel them.")

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run's id, as `lepton runs list` shows it.")]


@command(app, "list")
def list_runs(
    session: Session,
    model: Annotated[str | None, typer.Option(metavar="MODEL", help="Only runs of this model.")] = None,
) -> None:
    """All runs, newest first."""
    found = session.get("/training-runs", model=model)
    rows = [
        (
            run["run"],
            run["state"],
            f"{run['dataset']}@{run['dataset_version']}",
            run.get("version"),
            run["submitted_at"],
        )
        for run in found["runs"]
    ]
    session.screen.answer(found, table(("run", "state", "dataset", "model version", "submitted"), rows))


@command(app, "show")
def show(session: Session, run: Run) -> None:
    """One run: its state, progress, cost, and why it failed if it did."""
    found = session.get(f"/training-runs/{run}")
    session.screen.answer(found, run_view(found))


@command(app, "logs")
def logs(
    session: Session,
    run: Run,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the run ends.")] = False,
) -> None:
    """The run's log lines; with -f until it ends (exits with 1 when it failed). With --json one JSON value a line."""
    ended: dict[str, Any] | None = None
    for state, batch in lines(session, run, once=not follow):
        for entry in batch:
            if session.screen.as_json:
                session.screen.line(entry)
            else:
                session.screen.out.print(log_line(entry))
        ended = state if state["state"] in ENDED else None
    if follow and ended and (error := failure(ended)):
        raise error


@command(app, "cancel")
def cancel(session: Session, run: Run) -> None:
    """Stop a run. One that has ended cannot be stopped (64)."""
    found = session.api.send("POST", f"/training-runs/{run}/cancel", repeatable=True).body
    session.screen.answer(found, run_view(found))


def run_view(run: dict[str, Any]) -> RenderableType:
    """A run state for a person; the last log lines where it failed."""
    progress = run.get("progress") or {}
    cost = run.get("cost_usd")
    pairs = [
        ("run", run["run"]),
        ("state", run["state"]),
        ("model", run["model"]),
        ("dataset", f"{run['dataset']}@{run['dataset_version']}"),
        ("model version", run.get("version")),
        ("reason", run.get("reason")),
        ("exit code", run.get("exit_code")),
        ("attempt", run.get("attempt")),
        ("progress", f"{progress['step']}/{progress['steps']}" if progress.get("steps") else None),
        ("submitted", run.get("submitted_at")),
        ("started", run.get("started_at")),
        ("ended", run.get("ended_at")),
        ("cost on AWS", f"$ {cost:.6f}" if cost is not None else None),
    ]
    shown: list[RenderableType] = [fields(pairs)]
    if run["state"] == "failed" and run.get("log_tail"):
        shown.append(Text("last log lines:", style="bold"))
        shown += [Text(f"  {line}") for line in run["log_tail"]]
    return Group(*shown)
