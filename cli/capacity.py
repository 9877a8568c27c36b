"""`lepton capacity`: what to provision for the load to come, at what cost and risk."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.text import Text

from cli.capacity_view import view
from cli.command import command
from cli.session import Session
from lepton.client.upload_form import checked_file
from lepton.errors import InvalidRequest

app = typer.Typer(no_args_is_help=True, help="Plan capacity from load history.")

Resource = Annotated[str, typer.Argument(metavar="RESOURCE", help="The resource's name: a-z, 0-9 and '-'.")]
Chart = Annotated[Path | None, typer.Option(metavar="OUT.svg", help="Write the plan's chart to this file.")]


@command(app, "advise")
def advise(  # noqa: PLR0913, PLR0917  # one for each option
    session: Session,
    resource: Resource,
    series: Annotated[
        Path,
        typer.Option(
            "--from", metavar="SERIES.csv", help="Load history: timestamp and requests a step; blank: not measured."
        ),
    ],
    service_seconds: Annotated[float, typer.Option(metavar="S", help="Mean time that one request takes.")],
    memory_mb: Annotated[int, typer.Option(metavar="M", help="Memory of the function.")],
    breach_cost_usd: Annotated[
        float | None, typer.Option(metavar="USD", help="Cost of one request that finds no warm capacity.")
    ] = None,
    horizon_hours: Annotated[int | None, typer.Option(metavar="H", help="How far to plan.")] = None,
    chart: Chart = None,
) -> None:
    """A capacity plan for RESOURCE from its history: what to provision when, dollars, risk, alternatives, reasons."""
    path = checked_file(series)
    text = _text(path)
    request: dict[str, Any] = {
        "resource": resource,
        "csv": text,
        "service_seconds": service_seconds,
        "memory_mb": memory_mb,
    }
    extra = {"breach_cost_usd": breach_cost_usd, "horizon_hours": horizon_hours}
    request |= {key: value for key, value in extra.items() if value is not None}
    with session.screen.progress() as bar:
        bar.add_task("forecast and plan", total=None)
        plan = session.api.send("POST", "/capacity/advise", body=request, repeatable=True).body
    _answer(session, resource, plan, history(text), chart)


@command(app, "show")
def show(session: Session, resource: Resource, chart: Chart = None) -> None:
    """The latest plan for RESOURCE."""
    _answer(session, resource, session.get(f"/capacity/{resource}"), [], chart)


def history(text: str) -> list[float]:
    """The second column of the series, NaN where it is not a figure."""
    values = []
    for row in list(csv.reader(text.splitlines()))[1:]:
        try:
            values.append(float(row[1]))
        except (IndexError, ValueError):
            values.append(float("nan"))
    return values


def _answer(session: Session, resource: str, plan: dict[str, Any], past: list[float], chart: Path | None) -> None:
    shown: list[RenderableType] = view(plan, past, session.screen.out.width)
    if chart is not None:
        body = session.api.send("GET", f"/capacity/{resource}/chart").body
        chart.write_bytes(body)
        shown.append(Text(f"chart: {chart}"))
    session.screen.answer(plan, *shown)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest("the series is not UTF-8", pointer=str(path)) from error
