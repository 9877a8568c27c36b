"""A plan as a self-contained page: verdict, picture, costs, reasons, schedule and what carries it out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lepton.capacity.chart import NAMES
from lepton.capacity.plan import CapacityPlan
from lepton.capacity.reasons import dollars

STYLE = """
body{font:15px/1.5 Inter,'Segoe UI',Helvetica,Arial,'DejaVu Sans',sans-serif;color:#1b2733;background:#f5f7f9;margin:0}
main{max-width:1040px;margin:0 auto;padding:28px 20px 60px}
section{background:#fff;border:1px solid #e3e8ee;border-radius:8px;padding:16px 20px;margin:16px 0;overflow-x:auto}
h1{font-size:24px;margin:0 0 4px}h2{font-size:16px;margin:0 0 10px}p.sub{color:#5c6b7a;margin:0}
svg{max-width:100%;height:auto;display:block}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:6px 10px;border-bottom:1px solid #e3e8ee;text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{color:#5c6b7a;font-weight:500;font-size:13px}
tr.chosen td{font-weight:600;background:#fff4ec}
pre{font-size:12.5px;line-height:1.45;overflow:auto;max-height:320px;margin:0}
details{margin-top:8px}li{margin:4px 0}
"""


def page(plan: CapacityPlan, picture: str) -> str:
    """HTML of the plan with its SVG inside; asks for nothing from elsewhere."""
    body = "".join(
        (
            _section("", picture),
            _section("What each way costs", _costs(plan)),
            _section("Why", "<ul>" + "".join(f"<li>{escape(reason)}</li>" for reason in plan.reasons) + "</ul>"),
            _section("Schedule", _schedule(plan)),
            _section("How good the forecast is", _backtest(plan)),
            _section("Carry it out (SAM)", f"<pre>{escape(plan.sam)}</pre>"),
        )
    )
    verdict = (
        f"Save {dollars(plan.saving.usd_per_day)} a day"
        if plan.action == "schedule"
        else "Do nothing: on demand is best"
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width"><title>Capacity plan {plan.plan}: {escape(plan.resource)}</title>'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(plan.resource)}: {escape(verdict)}</h1>"
        f'<p class="sub">plan {plan.plan} · {plan.start:%Y-%m-%d %H:%M} to {plan.end:%Y-%m-%d %H:%M} UTC · '
        f"reserved concurrency {plan.reserved_concurrency}</p>{body}"
        f'<p class="sub">Method: {escape(plan.method)}. Prices: {escape(plan.prices.source)}.</p>'
        "</main></body></html>\n"
    )


def _section(title: str, inside: str) -> str:
    head = f"<h2>{escape(title)}</h2>" if title else ""
    return f"<section>{head}{inside}</section>"


def _costs(plan: CapacityPlan) -> str:
    rows = [
        (
            NAMES[one.choice],
            dollars(one.cost_usd_per_day),
            dollars(one.cost_usd),
            f"{one.cold_starts_per_day:,.1f}",
            f"{one.breach_probability:.3g}",
            f"{one.spill_share:.1%}",
            f"{one.mean_level:,.1f}",
        )
        for one in plan.outcomes
    ]
    heads = ("", "$ a day", "$ over the plan", "cold starts a day", "chance of a cold start", "spills", "mean level")
    return _table(heads, rows, chosen=0)


def _schedule(plan: CapacityPlan) -> str:
    if not plan.schedule:
        return "<p>Nothing is provisioned.</p>"
    rows = [(f"{one.start:%a %d %b %H:%M}", f"{one.end:%a %d %b %H:%M}", str(one.level)) for one in plan.schedule]
    return _table(("from (UTC)", "to (UTC)", "provisioned concurrency"), rows)


def _backtest(plan: CapacityPlan) -> str:
    test = plan.forecast.backtest
    members = ", ".join(f"{escape(one.forecaster)} {one.weight:.0%}" for one in plan.forecast.members)
    rows = [
        (f"{s.quantile:g}", f"{s.coverage:.1%}", "–" if s.ratio is None else f"{s.ratio:.2f}", f"{s.loss:,.4g}")
        for s in test.scores
    ]
    heads = ("quantile", "steps at or below it", f"loss, as a share of {test.baseline}", "pinball loss")
    told = f"<p>{test.origins} origins, {test.horizon_steps} steps each. Combined: {members}.</p>"
    return told + _table(heads, rows)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]], chosen: int | None = None) -> str:
    head = "".join(f"<th>{escape(text)}</th>" for text in heads)
    lines = []
    for at, row in enumerate(rows):
        mark = ' class="chosen"' if at == chosen else ""
        lines.append(f"<tr{mark}>" + "".join(f"<td>{escape(text)}</td>" for text in row) + "</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"
