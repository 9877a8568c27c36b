"""`lepton models` on aliases: pins, history, canaries and shadows."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from cli.command import command
from cli.models import Alias, Model, app, moved
from cli.screen import fields, table
from cli.session import Session

rollout = typer.Typer(no_args_is_help=True, help="Look at a canary or shadow, and end it.")

Version = Annotated[str, typer.Argument(metavar="VERSION", help="A version that passed the gate.")]
Percent = Annotated[float, typer.Option(metavar="P", min=0, max=100, help="Share of the requests, percent.")]
Reason = Annotated[str, typer.Option("--reason", metavar="TEXT", help="For the history.")]
Bound = Annotated[
    list[str] | None,
    typer.Option("--rule", metavar="NAME=VALUE", help="A bound it is judged by (docs/rollout.md); may be repeated."),
]


@command(app, "pin")
def pin(
    session: Session,
    model: Model,
    reason: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why nothing may move it by itself.")],
    alias: Alias = "live",
) -> None:
    """Let only persons move the alias: no version that passes the gate, and no rollout."""
    moved(session, _post(session, model, alias, "pin", {"reason": reason}))


@command(app, "unpin")
def unpin(session: Session, model: Model, alias: Alias = "live") -> None:
    """Let passing versions move the alias again."""
    moved(session, _post(session, model, alias, "unpin", None))


@command(app, "history")
def history(session: Session, model: Model, alias: Alias = "live") -> None:
    """What became of the alias, newest first: the last 50 changes."""
    found = session.get(f"/models/{model}/aliases/{alias}/history")
    rows = [(one["generation"], one["version"], one["at"], one["by"], one["reason"]) for one in found["history"]]
    session.screen.answer(found, table(("generation", "version", "at", "by", "reason"), rows))


@command(app, "canary")
def canary(
    session: Session, model: Model, version: Version, percent: Percent = 5.0, rule: Bound = None, alias: Alias = "live"
) -> None:
    """Let VERSION answer a share of the requests beside the live version, or change that share."""
    _begin(session, model, alias, {"kind": "canary", "version": version, "percent": percent, "rule": _rule(rule)})


@command(app, "shadow")
def shadow(
    session: Session,
    model: Model,
    version: Version,
    percent: Percent = 100.0,
    rule: Bound = None,
    alias: Alias = "live",
) -> None:
    """Run VERSION beside the live version and compare; it answers nobody."""
    _begin(session, model, alias, {"kind": "shadow", "version": version, "percent": percent, "rule": _rule(rule)})


@command(rollout, "status")
def status(session: Session, model: Model, alias: Alias = "live") -> None:
    """What was seen of both versions, and what the judge says of it now."""
    found = session.get(f"/models/{model}/aliases/{alias}/rollout")
    session.screen.answer(found, *_shown(found))


@command(rollout, "promote")
def promote(session: Session, model: Model, reason: Reason = "", alias: Alias = "live") -> None:
    """Point the alias at the candidate now."""
    moved(session, _post(session, model, alias, "rollout/promote", {"reason": reason}))


@command(rollout, "abort")
def abort(session: Session, model: Model, reason: Reason = "", alias: Alias = "live") -> None:
    """End the rollout; the alias points where it did."""
    moved(session, _post(session, model, alias, "rollout/abort", {"reason": reason}))


def _begin(session: Session, model: str, alias: str, body: dict[str, Any]) -> None:
    moved(session, _post(session, model, alias, "rollout", body))


def _post(session: Session, model: str, alias: str, what: str, body: dict[str, Any] | None) -> dict[str, Any]:
    told: dict[str, Any] = session.api.send("POST", f"/models/{model}/aliases/{alias}/{what}", body=body).body
    return told


def _rule(bounds: list[str] | None) -> dict[str, float | str]:
    """NAME=VALUE words as an object; the API says what is wrong with one."""
    pairs = [bound.partition("=") for bound in bounds or ()]
    return {name: _number(value) for name, _, value in pairs}


def _number(text: str) -> float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def _shown(found: dict[str, Any]) -> list[RenderableType]:
    beside, seen, decision = found["rollout"], found["seen"], found["decision"]
    head = fields(
        [
            ("model", found["model"]),
            (beside["kind"], f"{beside['version']} at {beside['percent']:g} % beside {found['version']}"),
            ("begun", f"{beside['started_at']} by {beside['by']}"),
            ("pinned", found["pinned"] or None),
            ("environments", seen["environments"]),
        ]
    )
    arms = [_arm(name, seen[name], found["latency"][name]) for name in ("live", "candidate")]
    columns = ("version", "requests", "errors", "p50 ms", "p95 ms", "p99 ms")
    rows = [
        (name, one["live"], one["candidate"], f"{one['low']:.3g} to {one['high']:.3g}", one["bound"], one["unit"])
        for name, one in decision["figures"].items()
    ]
    figures = table(("criterion", "live", "candidate", "harm", "bound", "unit"), rows)
    told = [Text(f"{decision['action']}: {reason}") for reason in decision["reasons"]]
    return [head, table(columns, arms), figures, *told]


def _arm(name: str, seen: dict[str, Any], latency: dict[str, Any]) -> tuple[Any, ...]:
    return name, seen["requests"], seen["errors"], latency["p50"], latency["p95"], latency["p99"]
