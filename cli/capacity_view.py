"""A capacity plan for a person: charts, what it says and why, its alternatives, and the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from cli.chart import Line, draw
from cli.screen import fields, table

Plan = dict[str, Any]
_LEVELS_SHOWN = 24
# Seconds of history beside a day of forecast: enough to see its week.
_HISTORY = 4 * 86_400


def view(plan: Plan, past: Sequence[float], width: int) -> list[RenderableType]:
    """`past` is the history up to the forecast's start, one value a step; empty: the forecast alone is drawn."""
    columns = max(24, min(width, 110) - 10)
    return [
        *_charts(plan, past, columns),
        fields(_figures(plan)),
        *(Text(f"- {reason}") for reason in plan["reasons"]),
        _outcomes(plan["outcomes"]),
        *_schedule(plan["schedule"]),
    ]


def _charts(plan: Plan, past: Sequence[float], columns: int) -> list[RenderableType]:
    forecast = plan["forecast"]
    quantiles = list(forecast["quantiles"])
    middle, high = quantiles.index(0.5), quantiles.index(0.95)
    recent = list(past)[-(_HISTORY // forecast["step_seconds"]) :]
    begin = len(recent)
    load = [
        Line("requests a step", recent, "cyan"),
        Line("forecast, 95 %", [step[high] for step in forecast["values"]], "yellow", begin),
        Line("forecast, median", [step[middle] for step in forecast["values"]], "magenta", begin),
    ]
    levels = [Line("provisioned concurrency", _levels(plan), "green", begin)]
    shown: list[RenderableType] = [*draw(load, width=columns)]
    return [*shown, *draw(levels, width=columns, height=4)] if plan["schedule"] else shown


def _levels(plan: Plan) -> list[float]:
    """The plan's level at each step of the forecast."""
    forecast = plan["forecast"]
    begin, step = _seconds(forecast["start"]), forecast["step_seconds"]
    spans = [(_seconds(one["start"]), _seconds(one["end"]), float(one["level"])) for one in plan["schedule"]]
    times = [begin + index * step for index in range(len(forecast["values"]))]
    return [next((level for start, end, level in spans if start <= at < end), 0.0) for at in times]


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _figures(plan: Plan) -> list[tuple[str, Any]]:
    saving, prices = plan["saving"], plan["prices"]
    chosen = next(one for one in plan["outcomes"] if one["choice"] == "plan")
    return [
        ("plan", f"{plan['resource']} {plan['plan']}: {plan['action'].replace('_', ' ')}"),
        ("from, to", f"{plan['start']} .. {plan['end']}"),
        ("cost", f"$ {chosen['cost_usd_per_day']:.2f} a day"),
        ("saving", f"$ {saving['usd_per_day']:.2f} a day (80 %: {saving['low']:.2f} .. {saving['high']:.2f})"),
        ("risk", f"{chosen['breach_probability']:.4%} of requests wait for a cold start"),
        ("reserved concurrency", plan["reserved_concurrency"]),
        ("prices", " ".join(str(prices[key]) for key in ("region", "as_of") if prices.get(key))),
    ]


def _outcomes(outcomes: list[Plan]) -> RenderableType:
    rows = [
        (
            one["choice"].replace("_", " "),
            f"{one['cost_usd_per_day']:.2f}",
            f"{one['breach_probability']:.4%}",
            f"{one['cold_starts_per_day']:.1f}",
            f"{one['mean_level']:.1f}",
        )
        for one in outcomes
    ]
    return table(("choice", "$ a day", "wait for a cold start", "cold starts a day", "mean level"), rows)


def _schedule(schedule: list[Plan]) -> list[RenderableType]:
    rows = [(one["start"], one["end"], one["level"]) for one in schedule[:_LEVELS_SHOWN]]
    shown: list[RenderableType] = [table(("from", "to", "provisioned"), rows)] if rows else []
    left = len(schedule) - len(rows)
    return [*shown, Text(f"and {left} more: --json gives all", style="dim")] if left else shown
