"""`lepton models`: versions, what the gate said of them, and where the aliases point."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from cli.command import command
from cli.screen import fields, table
from cli.session import Session
from lepton.client import calls

app = typer.Typer(no_args_is_help=True, help="Look at model versions, promote and roll back.")

Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]
Alias = Annotated[str, typer.Option(metavar="ALIAS", help="The alias to move.")]


@command(app, "list")
def list_models(session: Session) -> None:
    """All models and their live versions."""
    found = session.get("/models")
    rows = [(one["model"], one["live"], _count(one["versions"])) for one in found["models"]]
    session.screen.answer(found, table(("model", "live", "versions"), rows))


@command(app, "show")
def show(
    session: Session,
    model: Model,
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]", help="A version, for its details.")] = None,
) -> None:
    """A model's versions and aliases; with VERSION, its figures and the gate's checks."""
    if version is None:
        found = session.get(f"/models/{model}")
        session.screen.answer(found, *_model(found))
        return
    found = session.get(f"/models/{model}/versions/{version}")
    session.screen.answer(found, *_version(found["manifest"], found.get("verdict") or {}))


@command(app, "promote")
def promote(
    session: Session,
    model: Model,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="A version that passed the gate.")],
    alias: Alias = "live",
    if_generation: Annotated[
        int | None, typer.Option(metavar="N", help="Only if the alias still is at this generation.")
    ] = None,
) -> None:
    """Point the alias at VERSION. Endpoints follow within the stated staleness bound, without a restart."""
    moved(session, session.api.make(calls.promote(model, version, alias, if_generation)))


@command(app, "rollback")
def rollback(session: Session, model: Model, alias: Alias = "live") -> None:
    """Point the alias back at the version it pointed to before."""
    moved(session, session.api.make(calls.rollback(model, alias)))


def moved(session: Session, alias: Mapping[str, Any]) -> None:
    """Show where an alias points, and what stands beside it."""
    keys = ("model", "alias", "version", "previous", "generation", "by", "at")
    beside, pinned = alias.get("rollout"), alias.get("pinned")
    pairs = [(key, alias.get(key)) for key in keys]
    if beside:
        pairs.append((beside["kind"], f"{beside['version']} at {beside['percent']:g} %"))
    if pinned:
        pairs.append(("pinned", pinned["reason"]))
    session.screen.answer(alias, fields(pairs))


def _count(versions: Any) -> int:
    return versions if isinstance(versions, int) else len(versions)


def _model(found: dict[str, Any]) -> list[RenderableType]:
    pointing: dict[str, list[str]] = {}
    for alias in found["aliases"]:
        pointing.setdefault(alias["version"], []).append(alias["alias"])
    rows = [
        (
            one["version"],
            pointing.get(one["version"]),
            "passed" if one["passed"] else "refused",
            f"{one['primary_metric']} {one['metric']:.4f}" if one.get("metric") is not None else None,
            one["run"],
            one["at"],
        )
        for one in found["versions"]
    ]
    return [table(("version", "aliases", "gate", "metric", "run", "at"), rows, found["model"])]


def _version(manifest: dict[str, Any] | None, verdict: dict[str, Any]) -> list[RenderableType]:
    """The package's figures and inputs, and the gate's checks; the package may be gone while its verdict stays."""
    checks = [
        (one["check"], one["figure"], one["bound"], "passed" if one["holds"] else "refused", one["reason"])
        for one in verdict.get("checks", ())
    ]
    package = _package(manifest) if manifest else [Text("the package is gone from the lake", style="yellow")]
    return [*package, table(("check", "figure", "bound", "gate", "reason"), checks)]


def _package(manifest: dict[str, Any]) -> list[RenderableType]:
    measured = manifest["measurements"]
    pairs = [
        ("model", f"{manifest['model']} {manifest['version']}"),
        ("algorithm", manifest["algorithm"]),
        ("dataset", f"{manifest['dataset']}@{manifest['dataset_version']}"),
        ("run", manifest["run"]),
        *measured["metrics"].items(),
        ("size", f"{measured['size_bytes'] / 1e6:.2f} MB"),
        ("latency", f"{measured['latency_ms']:.2f} ms a row"),
        ("flips", f"{measured['parity']['flips']} of {measured['parity']['rows']} decisions"),
        ("trained in", f"{manifest['trained_seconds']:.1f} s"),
    ]
    signature = manifest["signature"]
    inputs = [(one["name"], one["datatype"], one["shape"], one.get("nullable")) for one in signature["inputs"]]
    return [fields(pairs), table(("input", "datatype", "shape", "nullable"), inputs)]
