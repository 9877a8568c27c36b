"""`lepton datasets`: push a file, and look at what became of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
from rich.text import Text

from cli import upload
from cli.command import command
from cli.screen import fields, table
from cli.session import Session
from lepton.client import upload_form
from lepton.client.upload_form import checked_file
from lepton.errors import RejectedUpload

app = typer.Typer(no_args_is_help=True, help="Push files, and look at dataset versions.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="The dataset: a-z, 0-9 and '-'.")]
Reference = Annotated[str, typer.Argument(metavar="NAME[@VERSION]", help="The dataset; its latest version if none.")]
_SHOWN = 10


@command(app, "push")
def push(
    session: Session,
    name: Name,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Parquet, or a zip with a folder per class.")],
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the dataset version.")] = True,
    timeout: Annotated[float, typer.Option(metavar="SECONDS", help="How long to wait.")] = 600.0,
) -> None:
    """Upload FILE as a new version of dataset NAME. Exits with 65 when it is rejected."""
    path = checked_file(file)
    size = path.stat().st_size
    wanted = {"filename": path.name, "bytes": size}
    form = session.api.send("POST", f"/datasets/{name}/uploads", body=wanted).body
    with session.screen.progress(
        TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    ) as bar:
        task = bar.add_task(f"upload {path.name}", total=size)
        upload_form.send(form, path, lambda at: bar.update(task, completed=at), session.pause)
    session.screen.note(f"sent {path.name} ({size:,} bytes) as upload {form['upload']}")
    if not wait:
        told = {"dataset": name, "upload": form["upload"], "key": form["key"], "state": "waiting"}
        session.screen.answer(told, fields(told.items()))
        return
    with session.screen.progress() as bar:
        bar.add_task("reading it into a dataset version", total=None)
        receipt = upload.receipt(session, name, form["upload"], timeout)
    _conclude(session, receipt, path)


def _conclude(session: Session, receipt: dict[str, Any], path: Path) -> None:
    """Show the version, and what was set aside. Raises RejectedUpload."""
    if receipt["state"] == "rejected":
        raise RejectedUpload(
            receipt.get("message") or "the upload was rejected",
            reason=str(receipt.get("reason")),
            pointer=f"{path}: {receipt['pointer']}" if receipt.get("pointer") else str(path),
            hint=receipt.get("hint"),
        )
    name, version = receipt["dataset"], receipt["version"]
    pairs = [
        ("dataset", f"{name}@{version}"),
        ("rows", receipt["rows"]),
        ("quarantined", receipt["quarantined"]),
    ]
    shown: list[RenderableType] = [fields(pairs)]
    if receipt["quarantined"] and not session.screen.as_json:
        shown += _quarantine(
            session.get(f"/datasets/{name}/versions/{version}/quarantine"), _SHOWN, f"{name}@{version}"
        )
    session.screen.answer(receipt, *shown)


@command(app, "list")
def list_datasets(session: Session) -> None:
    """All datasets and their latest versions."""
    found = session.get("/datasets")
    rows = [(one["name"], one["latest"], _count(one["versions"])) for one in found["datasets"]]
    session.screen.answer(found, table(("dataset", "latest", "versions"), rows))


@command(app, "show")
def show(session: Session, dataset: Reference) -> None:
    """The versions of a dataset; with @VERSION, one version's columns and figures."""
    name, _, version = dataset.partition("@")
    if not version:
        found = session.get(f"/datasets/{name}")
        keys = ("version", "kind", "rows", "quarantined", "created_at")
        rows = [[one.get(key) for key in keys] for one in found["versions"]]
        session.screen.answer(found, table(keys, rows, f"{name}, latest {found['latest']}"))
        return
    found = session.get(f"/datasets/{name}/versions/{_resolved(session, name, version)}")
    session.screen.answer(found, *_version(found["manifest"]))


@command(app, "quarantine")
def quarantine(session: Session, dataset: Reference) -> None:
    """The rows that were set aside, with line number and reason."""
    name, _, version = dataset.partition("@")
    version = _resolved(session, name, version or "latest")
    found = session.get(f"/datasets/{name}/versions/{version}/quarantine")
    shown = _quarantine(found, 100, f"{name}@{version}") or [Text(f"nothing was set aside in {name}@{version}")]
    session.screen.answer(found, *shown)


def _resolved(session: Session, name: str, version: str) -> str:
    return str(session.get(f"/datasets/{name}")["latest"]) if version == "latest" else version


def _count(versions: Any) -> int:
    return versions if isinstance(versions, int) else len(versions)


def _version(manifest: dict[str, Any]) -> list[RenderableType]:
    """A manifest: what it is, and a line for each column."""
    image = manifest.get("image")
    pairs = [
        ("dataset", f"{manifest['name']}@{manifest['version']}"),
        ("kind", manifest["kind"]),
        ("rows", manifest["rows"]),
        ("quarantined", manifest["quarantined"]),
        ("splits", ", ".join(f"{split} {rows}" for split, rows in manifest["splits"].items())),
        ("image", f"{image['height']} x {image['width']} x {image['channels']}" if image else None),
        ("classes", manifest.get("classes")),
        ("source", manifest["source"]["key"]),
        ("created", manifest["created_at"]),
    ]
    columns = [
        (column["name"], column["type"], column["nullable"], column.get("categories"))
        for column in manifest.get("columns", ())
    ]
    shown: list[RenderableType] = [fields(pairs)]
    return [*shown, table(("column", "type", "nullable", "categories"), columns)] if columns else shown


def _quarantine(found: dict[str, Any], limit: int, where: str) -> list[RenderableType]:
    if not found["rows"]:
        return []
    reasons = ", ".join(f"{count} {reason}" for reason, count in found["reasons"].items())
    rows = [
        (row.get("member") or row["line"], row.get("column"), row["reason"], row["message"], row["raw"][:60])
        for row in found["rows"][:limit]
    ]
    shown: list[RenderableType] = [
        Text(f"set aside: {reasons}", style="yellow"),
        table(("line", "column", "reason", "message", "text"), rows),
    ]
    if sum(found["reasons"].values()) > len(rows):
        shown.append(Text(f"the others: lepton datasets quarantine {where}", style="dim"))
    return shown
