"""`recommend`: a pure function from a history, its forecast, options and prices to a capacity plan."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from lepton import lake
from lepton.capacity.carry_out import sam_snippet, scheduled_actions
from lepton.capacity.comparison import busiest, compare, most_provisioned, reserved
from lepton.capacity.demand import demand_of
from lepton.capacity.economics import economics_of
from lepton.capacity.plan import CapacityPlan
from lepton.capacity.plans import chart_key, page_key
from lepton.capacity.prices import Prices
from lepton.capacity.reasons import reasons
from lepton.capacity.rehearsal import rehearse
from lepton.capacity.request import Options
from lepton.capacity.schedule import levels_as_schedule
from lepton.errors import InvalidRequest
from lepton.forecast.forecasting import Past, forecast_and_past
from lepton.forecast.history import History, checked
from lepton.forecast.record import Forecast
from lepton.ports import LoadSeries

METHOD = (
    "expected cost by formula (Little's law, negative binomial busy environments) over 20 equally likely forecast "
    "paths; cold starts by the renewal formula of a warm pool over 5 paths, a lower estimate where bursts cluster"
)
VERSION = b"capacity-plan-1"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the plan is for: `resource` names it in the lake, `function` and `alias` in Lambda."""

    resource: str
    function: str
    alias: str = "live"


def plan_id(subject: Subject, series: LoadSeries, service: float, options: Options, prices: Prices) -> str:
    """The digest of everything a plan depends on."""
    facts = json.dumps([asdict(subject), series.start.isoformat(), series.step, service], sort_keys=True)
    arrivals = json.dumps(series.arrivals)
    return lake.short_digest(
        VERSION,
        facts.encode(),
        arrivals.encode(),
        options.model_dump_json().encode(),
        prices.model_dump_json().encode(),
    )


def service_seconds(series: LoadSeries, given: float | None) -> float:
    """The mean service time: what was given, or the durations of the series weighted by arrivals.

    Raises InvalidRequest when neither says anything.
    """
    if given is not None:
        return given
    pairs = [
        (n, d) for n, d in zip(series.arrivals, series.duration, strict=False) if n > 0 and d > 0
    ]  # NaN compares false
    if not pairs:
        raise InvalidRequest(
            "how long one request takes is not known",
            pointer="/service_seconds",
            hint="send service_seconds, or durations beside the arrivals",
        )
    return sum(n * d for n, d in pairs) / sum(n for n, _ in pairs)


def recommend(
    subject: Subject,
    series: LoadSeries,
    options: Options,
    prices: Prices,
    *,
    service: float | None = None,
    notes: Sequence[str] = (),
) -> CapacityPlan:
    """The cheapest plan for the hours after the series, beside its alternatives. Raises InvalidRequest, TooLarge."""
    seconds = service_seconds(series, service)
    history = checked(series)
    said, past = forecast_and_past(subject.resource, history, max(1, options.horizon_hours * 3600 // history.step))
    said = said.model_copy(update={"notes": (*notes, *said.notes)})
    return recommend_on(subject, series, options, prices, Grounds(history, said, past, seconds))


@dataclass(frozen=True, slots=True)
class Grounds:
    """What a plan rests on: the checked history, its forecast and the forecasts of its backtest, seconds a request."""

    history: History
    said: Forecast
    past: Past
    service: float


def recommend_on(
    subject: Subject, series: LoadSeries, options: Options, prices: Prices, grounds: Grounds
) -> CapacityPlan:
    """`recommend` from a forecast that was made already; several plans with other options may share one."""
    history, said, seconds = grounds.history, grounds.said, grounds.service
    demand = demand_of(history, said, seconds)
    economics, each = economics_of(demand, prices, options)
    most = most_provisioned(options)
    # With a price on breaches a schedule may cost more than it saves: that is what is asked for.
    tried = None if options.breach_cost_usd else rehearse(grounds.past, economics, most)
    comparison = compare(economics, each, most, busiest(history, seconds), tried)
    levels = comparison.levels if comparison.worthwhile else None
    schedule = levels_as_schedule(levels, said.start, said.step_seconds) if levels is not None else ()
    plan = plan_id(subject, series, seconds, options, prices)
    actions = scheduled_actions(schedule, subject.function, subject.alias, plan)
    return CapacityPlan(
        plan=plan,
        resource=subject.resource,
        function=subject.function,
        alias=subject.alias,
        start=said.start,
        end=said.start + timedelta(seconds=said.step_seconds * len(said.values)),
        action="schedule" if schedule else "do_nothing",
        reasons=reasons(comparison, economics, said),
        schedule=schedule,
        reserved_concurrency=reserved(demand, comparison, options),
        service_seconds=seconds,
        burst=round(demand.table.burst, 4),
        mean_busy=float(demand.loads.mean()),
        peak_busy=float(demand.loads.max()),
        outcomes=comparison.outcomes,
        saving=comparison.saving,
        method=METHOD,
        options=options,
        prices=prices,
        forecast=said,
        scheduled_actions=actions,
        sam=sam_snippet(actions, subject.function, subject.alias, max((one.level for one in schedule), default=0)),
        chart=chart_key(subject.resource, plan),
        page=page_key(subject.resource, plan),
    )
