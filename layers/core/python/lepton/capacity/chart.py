"""A plan as a picture: history, forecast band, schedule and what the alternatives cost. SVG text, no library."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from html import escape

from lepton.capacity.axes import Scale, nice_ticks, plain, time_ticks
from lepton.capacity.plan import CapacityPlan, Choice
from lepton.capacity.reasons import dollars
from lepton.ports import LoadSeries

WIDTH, HEIGHT = 1000, 640
LEFT, RIGHT, TOP, BOTTOM = 64, 930, 96, 380
BARS_TOP, BAR_PITCH, BAR_LEFT, BAR_RIGHT = 484, 36, 190, 640
HISTORY_HOURS = 72
INK, MUTED, GRID = "#1b2733", "#5c6b7a", "#e3e8ee"
PAST, BAND, MIDDLE, PLAN = "#5c6b7a", "#7db3e8", "#1f6fc4", "#d9480f"
NAMES: dict[Choice, str] = {
    "plan": "this plan",
    "do_nothing": "do nothing (on demand)",
    "static_peak": "static peak",
    "reactive_70": "reactive, target 70 %",
}
Points = Iterable[tuple[float, float]]


def chart(plan: CapacityPlan, series: LoadSeries) -> str:
    """The plan's SVG, 1000 x 640. Pure: the same plan and series give the same text."""
    past = _past(plan, series)
    first, said = past[0][0] if past else plan.start, plan.forecast
    shown = [busy for _, busy in past] + [row[said.quantiles.index(0.99)] * _factor(plan) for row in said.values]
    shown += [float(one.level) for one in plan.schedule]
    ticks = nice_ticks(max(shown) * 1.02)
    x = Scale(first.timestamp(), plan.end.timestamp(), LEFT, RIGHT)
    y = Scale(0.0, ticks[-1], BOTTOM, TOP)
    parts = [
        *_heading(plan),
        *_grid(plan, x, y, ticks, first),
        *_forecast(plan, x, y),
        _line(((x.at(at.timestamp()), y.at(busy)) for at, busy in past), PAST, 1.2),
        *_schedule(plan, x, y),
        *_now(plan, x),
        *_bars(plan),
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="{escape(_title(plan), quote=True)}" '
        'font-family="Inter, Segoe UI, Helvetica, Arial, DejaVu Sans, sans-serif">'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _factor(plan: CapacityPlan) -> float:
    """Busy environments for each arrival per step."""
    return plan.service_seconds / plan.forecast.step_seconds


def _past(plan: CapacityPlan, series: LoadSeries) -> list[tuple[datetime, float]]:
    """(moment, busy environments) of the last HISTORY_HOURS, steps that were not measured left out."""
    steps = HISTORY_HOURS * 3600 // series.step
    skip = max(0, len(series.arrivals) - steps)
    merge = max(1, plan.forecast.step_seconds // series.step)
    found = []
    for at in range(skip, len(series.arrivals) - merge + 1, merge):
        figures = [figure for figure in series.arrivals[at : at + merge] if figure == figure]  # noqa: PLR0124  # NaN
        if figures:
            busy = sum(figures) / len(figures) / series.step * plan.service_seconds
            found.append((series.start + timedelta(seconds=series.step * at), busy))
    return found


def _title(plan: CapacityPlan) -> str:
    if plan.action == "do_nothing":
        return f"{plan.resource}: do nothing"
    return f"{plan.resource}: save {dollars(plan.saving.usd_per_day)} a day ({plan.saving.share:.1%})"


def _heading(plan: CapacityPlan) -> list[str]:
    sub = (
        f"{plan.mean_busy:,.1f} environments busy on average · {plan.service_seconds:g} s a request · "
        f"{plan.options.memory_mb} MB · prices of {plan.prices.region}, {plan.prices.as_of}"
    )
    legend = [
        (PAST, "history", 1.0, 3),
        (BAND, "forecast, 5–95 %", 0.55, 12),
        (BAND, "1–99 %", 0.25, 12),
        (MIDDLE, "median", 1.0, 3),
        (PLAN, "provisioned", 1.0, 3),
    ]
    parts = [_text(LEFT, 34, _title(plan), 20, INK, weight=600), _text(LEFT, 56, sub, 12.5, MUTED)]
    left = float(LEFT)
    for colour, label, opacity, height in legend if plan.schedule else legend[:-1]:
        parts.append(
            f'<rect x="{left:g}" y="{77 - height / 2:g}" width="18" height="{height}" fill="{colour}" '
            f'fill-opacity="{opacity}"/>'
        )
        parts.append(_text(left + 24, 81, label, 12, INK))
        left += 24 + 6.2 * len(label) + 22
    return parts


def _grid(plan: CapacityPlan, x: Scale, y: Scale, ticks: Sequence[float], first: datetime) -> list[str]:
    parts = []
    for tick in ticks:
        at = y.at(tick)
        parts.append(f'<line x1="{LEFT}" x2="{RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="{GRID}"/>')
        parts.append(_text(LEFT - 8, at + 4, plain(tick), 11.5, MUTED, anchor="end"))
    fastest = ticks[-1] / plan.service_seconds
    for rate in nice_ticks(fastest):
        if rate <= fastest * 1.001:
            at = y.at(rate * plan.service_seconds)
            parts.append(_text(RIGHT + 8, at + 4, plain(rate), 11.5, MUTED))
    for moment, label, date in time_ticks(first, plan.end):
        at = x.at(moment.timestamp())
        parts.append(f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{BOTTOM + 4}" stroke="{GRID}"/>')
        parts.append(_text(at, BOTTOM + 19, label, 11.5, MUTED, anchor="middle"))
        if date:
            parts.append(_text(at, BOTTOM + 35, date, 11.5, INK, anchor="middle"))
    middle = (TOP + BOTTOM) / 2
    for at, turn, label in ((18, -90, "environments busy at once"), (WIDTH - 14, 90, "requests per second")):
        words = _text(0, 0, label, 12, MUTED, anchor="middle")
        parts.append(f'<g transform="translate({at} {middle:g}) rotate({turn})">{words}</g>')
    parts.append(_text(RIGHT, BOTTOM + 52, "UTC", 11.5, MUTED, anchor="end"))
    return parts


def _forecast(plan: CapacityPlan, x: Scale, y: Scale) -> list[str]:
    said, factor = plan.forecast, _factor(plan)
    times = [x.at(said.start.timestamp() + said.step_seconds * (at + 0.5)) for at in range(len(said.values))]

    def path(quantile: float) -> list[tuple[float, float]]:
        column = said.quantiles.index(quantile)
        return [(at, y.at(row[column] * factor)) for at, row in zip(times, said.values, strict=True)]

    return [
        _area(path(0.01), path(0.99), 0.25),
        _area(path(0.05), path(0.95), 0.4),
        _line(path(0.5), MIDDLE, 1.8),
    ]


def _schedule(plan: CapacityPlan, x: Scale, y: Scale) -> list[str]:
    corners = []
    for one in plan.schedule:
        corners += [(x.at(moment.timestamp()), y.at(one.level)) for moment in (one.start, one.end)]
    return [_line(corners, PLAN, 2.2)] if corners else []


def _now(plan: CapacityPlan, x: Scale) -> list[str]:
    at = x.at(plan.start.timestamp())
    return [
        f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{BOTTOM}" stroke="{INK}" stroke-dasharray="3 4"/>',
        _text(at - 6, TOP + 13, "history", 11.5, MUTED, anchor="end"),
        _text(at + 6, TOP + 13, "forecast", 11.5, MUTED),
    ]


def _bars(plan: CapacityPlan) -> list[str]:
    most = max(one.cost_usd_per_day for one in plan.outcomes) or 1.0
    head = BARS_TOP - 16
    parts = [
        _text(LEFT, head, "Expected cost", 14, INK, weight=600),
        _text(BAR_RIGHT + 90, head, "a day", 12, MUTED, anchor="end"),
        _text(BAR_RIGHT + 190, head, "cold starts a day", 12, MUTED, anchor="end"),
        _text(BAR_RIGHT + 290, head, "mean level", 12, MUTED, anchor="end"),
    ]
    for row, one in enumerate(plan.outcomes):
        at = BARS_TOP + BAR_PITCH * row
        length = one.cost_usd_per_day / most * (BAR_RIGHT - BAR_LEFT - 30)
        colour, weight = (PLAN, 600) if one.choice == "plan" else ("#aab7c4", 400)
        parts += [
            _text(LEFT, at + 16, NAMES[one.choice], 12.5, INK, weight=weight),
            f'<rect x="{BAR_LEFT + 26}" y="{at}" width="{length:.1f}" height="22" rx="2" fill="{colour}"/>',
            _text(BAR_RIGHT + 90, at + 16, dollars(one.cost_usd_per_day), 13, INK, anchor="end", weight=weight),
            _text(BAR_RIGHT + 190, at + 16, f"{one.cold_starts_per_day:,.0f}", 12.5, INK, anchor="end"),
            _text(BAR_RIGHT + 290, at + 16, f"{one.mean_level:,.1f}", 12.5, INK, anchor="end"),
        ]
    return parts


def _line(points: Points, colour: str, width: float) -> str:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{way}" fill="none" stroke="{colour}" stroke-width="{width}" stroke-linejoin="round"/>'


def _area(low: Sequence[tuple[float, float]], high: Sequence[tuple[float, float]], opacity: float) -> str:
    way = " ".join(f"{x:.1f},{y:.1f}" for x, y in (*low, *reversed(high)))
    return f'<polygon points="{way}" fill="{BAND}" fill-opacity="{opacity}"/>'


def _text(x: float, y: float, text: str, size: float, colour: str, anchor: str = "start", weight: int = 400) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
        f'font-weight="{weight}">{escape(text)}</text>'
    )
