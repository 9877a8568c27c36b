"""`lepton transform` and `lepton jobs`: files predicted as a whole, and what becomes of whatever nobody waits for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.text import Text

from cli import downloads
from cli.command import command
from cli.failures import RunFailed
from cli.screen import fields, table
from cli.session import Session
from lepton.client import upload_form
from lepton.client.upload_form import checked_file
from lepton.errors import InvalidRequest, RejectedUpload, Unavailable

app = typer.Typer(no_args_is_help=True, help="Look at predictions that nobody waits for, and cancel them.")

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's id.")]
Out = Annotated[
    Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the predictions there; a folder if in parts.")
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait until it has ended.")]
Timeout = Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait.")]
_ENDED = ("done", "rejected", "failed", "cancelled")
_SHOWN = 10

Answer = dict[str, Any]


def register(root: typer.Typer) -> None:
    command(root, "transform")(transform)
    root.add_typer(app, name="jobs")


def transform(  # noqa: PLR0913, PLR0917  # the options of a command are its parameters
    session: Session,
    model: Model,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, JSON lines, Parquet (or .gz), a zip of images.")],
    version: Annotated[str | None, typer.Option(metavar="VERSION", help="By this version, not the live one.")] = None,
    output: Annotated[str | None, typer.Option(metavar="FORM", help="csv, jsonl or parquet; else as FILE is.")] = None,
    wait: Wait = True,
    out: Out = None,
    timeout: Timeout = 3600.0,
) -> None:
    """Predict every row of FILE by one version. Exits with 65 when no row can be predicted."""
    if out and not wait:
        raise InvalidRequest("there is nothing to write yet", pointer="--out", hint="leave --no-wait out")
    asked: Answer = {"input": {"upload": send(session, model, checked_file(file))}}
    asked |= {key: value for key, value in (("version", version), ("output", output)) if value}
    job = session.api.send("POST", f"/models/{model}/transforms", body=asked, repeatable=True).body
    session.screen.note(f"job {job['job']} of {model} {job['model_version']}")
    if not wait:
        session.screen.answer(job, fields(job.items()))
        return
    conclude(session, ended(session, job["path"], timeout), out)


def send(session: Session, model: str, path: Path) -> str:
    """Send a file to be predicted; the upload's id."""
    size = path.stat().st_size
    wanted = {"filename": path.name, "bytes": size}
    form = session.api.send("POST", f"/models/{model}/uploads", body=wanted).body
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with session.screen.progress(*columns) as bar:
        task = bar.add_task(f"upload {path.name}", total=size)
        upload_form.send(form, path, lambda at: bar.update(task, completed=at), session.pause)
    return str(form["upload"])


def ended(session: Session, path: str, seconds: float) -> Answer:
    """The job once it has ended. Raises Unavailable when that takes longer than `seconds`."""
    begun, pause = session.now(), 0.25
    with session.screen.progress() as bar:
        task = bar.add_task("waiting for its turn", total=None)
        while True:
            job: Answer = session.get(path)
            if job["state"] in _ENDED:
                return job
            if job.get("rows") is not None:
                bar.update(task, description=f"{job['rows']:,} rows predicted, {job['rejected']:,} rejected")
            if session.now() - begun > seconds:
                hint = f"look again later: `lepton jobs show {job['model_name']} {job['job']}`"
                raise Unavailable(f"job {job['job']} is {job['state']} after {seconds:.0f} s", hint=hint)
            session.pause(pause)
            pause = min(pause * 1.5, 2.0)


def conclude(session: Session, job: Answer, out: Path | None) -> None:
    """Show what came of a job, and write it. Raises RejectedUpload, RunFailed."""
    report = job.get("report", {})
    if job["state"] == "rejected":
        told = report.get("message") or "no row could be predicted"
        raise RejectedUpload(
            told, reason=str(report.get("reason")), pointer=report.get("pointer"), hint=report.get("hint")
        )
    if job["state"] != "done":
        session.screen.answer(job, *_shown(job))
        raise RunFailed(f"job {job['job']} was {job['state']}", pointer=job["job"])
    if out is not None:
        result = session.get(f"/v2/models/{job['model_name']}/jobs/{job['job']}/result")
        for path in downloads.written(result, out):
            session.screen.note(f"wrote {path}")
    session.screen.answer(job, *_shown(job))


@command(app, "show")
def show(session: Session, model: Model, job: Job) -> None:
    """How far a job is, and what came of it."""
    found = session.get(f"/v2/models/{model}/jobs/{job}")
    session.screen.answer(found, *_shown(found))


@command(app, "result")
def result(session: Session, model: Model, job: Job, out: Out = None) -> None:
    """The answer to a request, or the files that a whole file's predictions lie in."""
    found = session.get(f"/v2/models/{model}/jobs/{job}/result")
    if out is not None:
        for path in downloads.written(found, out):
            session.screen.note(f"wrote {path}")
    session.screen.answer(found, Text(str(found)) if "predictions" not in found else _files(found))


@command(app, "cancel")
def cancel(session: Session, model: Model, job: Job) -> None:
    """End a job before its next part; what was predicted stays."""
    found = session.api.send("POST", f"/v2/models/{model}/jobs/{job}/cancel", repeatable=True).body
    session.screen.answer(found, *_shown(found))


def _shown(job: Answer) -> list[Any]:
    report = job.get("report", {})
    told = {key: value for key, value in job.items() if key not in ("report", "errors", "at")}
    keys = ("rows", "rejected", "seconds", "rows_per_second", "cost_usd", "classes", "status", "predictions", "message")
    told |= {key: report[key] for key in keys if key in report}
    shown: list[Any] = [fields(told.items())]
    errors = report.get("errors", [])[:_SHOWN]
    if errors:
        rows = [(row["line"], row.get("column"), row["reason"]) for row in errors]
        shown.append(table(("line", "column", "reason"), rows, f"first of {report['rejected']:,} rejected rows"))
    return shown


def _files(found: Answer) -> Any:
    files = found["predictions"]
    return table(("file",), [(one["key"] if isinstance(one, dict) and "key" in one else str(one),) for one in files])
