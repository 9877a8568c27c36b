"""The plan's dollars and cold starts on days it has not seen, beside the usual ways of providing capacity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.capacity.cloud import GIGABYTES, INIT_SECONDS, Bill, Policy, Tracking, arrivals, schedule, simulated
from benchmarks.capacity.series import Traffic
from lepton.capacity.advice import Grounds, Subject, recommend_on
from lepton.capacity.concurrency import busy_table
from lepton.capacity.demand import Demand, cold_starts
from lepton.capacity.economics import Economics
from lepton.capacity.plan import CapacityPlan
from lepton.capacity.prices import Prices, prices_of
from lepton.capacity.request import Options
from lepton.capacity.schedule import best_levels
from lepton.forecast.forecasting import forecast_and_past
from lepton.forecast.history import Array, checked

DAY, HOUR = 86_400, 3600
DAYS = 2
# Load is scaled so that this many environments are busy on average: enough for a schedule, few enough to simulate.
BUSY = 30.0
SERVICE = 5.0
# What a cold start is worth avoiding in each plan, dollars.
PLANS = {"cheapest": 0.0, "balanced": 0.01, "smooth": 0.2}


@dataclass(frozen=True, slots=True)
class Trace:
    """One series' held-out days, by policy."""

    name: str
    kind: str
    bills: dict[str, Bill]

    def dollars(self, policy: str) -> float:
        """As a ratio to on demand."""
        return self.bills[policy].dollars / self.bills["on demand"].dollars

    def dominated(self, policy: str) -> bool:
        """Whether a baseline is no dearer and has no more cold starts, and is better in one of the two."""
        mine = self.bills[policy]
        others = (bill for name, bill in self.bills.items() if name not in (*PLANS, "oracle"))
        return any(
            one.dollars <= mine.dollars
            and one.cold <= mine.cold
            and (one.dollars, one.cold) != (mine.dollars, mine.cold)
            for one in others
        )

    def cold(self, policy: str) -> float:
        return self.bills[policy].cold / max(1, self.bills["on demand"].cold)


def trace(traffic: Traffic, busy: float = BUSY) -> Trace | None:
    """The last `DAYS` days, each planned from what lay before it; None when fewer than 8 days lie before them."""
    day = DAY // traffic.step
    first = len(traffic.load) - DAYS * day
    if first < 8 * day:
        return None
    known = traffic.load[:first]
    scale = busy * traffic.step / SERVICE / float(np.nanmean(traffic.load[max(0, first - 7 * day) : first]))
    load = np.round(np.nan_to_num(traffic.load, nan=float(np.nanmedian(known))) * scale)
    scaled = Traffic(traffic.name, traffic.group, traffic.start, traffic.step, load)
    prices = prices_of("us-east-1")
    times = arrivals(load[first:], traffic.step, np.random.default_rng(7))
    seconds = float(DAYS * DAY)
    policies = _policies(scaled, first, prices)
    bills = {name: simulated(times, SERVICE, policy, seconds, prices) for name, policy in policies.items()}
    return Trace(traffic.name, "by the minute" if traffic.minutes else traffic.group, bills)


def _policies(traffic: Traffic, first: int, prices: Prices) -> dict[str, Policy]:
    day, step = DAY // traffic.step, traffic.step
    known, ahead = traffic.load[:first], traffic.load[first:]
    yesterday = traffic.load[first - day : first + (DAYS - 1) * day] / step * SERVICE
    peak = np.full(len(ahead), np.ceil(known[-7 * day :].max() / step * SERVICE))
    return {
        "on demand": schedule(np.zeros(len(ahead)), step),
        "static peak": schedule(peak, step),
        "target tracking": Tracking(),
        "yesterday x 1.2": schedule(np.ceil(1.2 * yesterday), step),
        "oracle": schedule(_oracle(ahead, step, prices), step),
        **{name: schedule(levels, step) for name, levels in _planned(traffic, first).items()},
    }


def _planned(traffic: Traffic, first: int, every: int = HOUR) -> dict[str, Array]:
    """Levels per step of plans made anew every so often, each followed until the next; one forecast for all."""
    stride, prices, subject = every // traffic.step, prices_of("us-east-1"), Subject("bench", "bench")
    levels: dict[str, list[Array]] = {name: [] for name in PLANS}
    scheduled = dict.fromkeys(PLANS, False)
    for origin in range(first, len(traffic.load), stride):
        series = traffic.before(origin)
        history = checked(series)
        grounds = Grounds(history, *forecast_and_past("bench", history, stride), SERVICE)
        for name, breach in PLANS.items():
            options = Options(
                memory_mb=int(1024 * GIGABYTES),
                breach_cost_usd=breach,
                horizon_hours=max(1, every // HOUR),
                init_seconds=INIT_SECONDS,
                was_scheduled=scheduled[name],
            )
            made = recommend_on(subject, series, options, prices, grounds)
            scheduled[name] = made.action == "schedule"
            levels[name].append(_levels(made, stride))
    return {name: np.concatenate(parts)[: len(traffic.load) - first] for name, parts in levels.items()}


def _levels(plan: CapacityPlan, steps: int) -> Array:
    starts = [plan.forecast.start.timestamp() + plan.forecast.step_seconds * at for at in range(steps)]
    spans = [(one.start.timestamp(), one.end.timestamp(), one.level) for one in plan.schedule]
    return np.array([next((n for a, b, n in spans if a <= at < b), 0) for at in starts], dtype=float)


def _oracle(load: Array, step: int, prices: Prices) -> Array:
    """The cheapest levels for who knows each step's rate."""
    rates = (load / step * SERVICE)[:, None]
    demand = Demand(rates, rates, step, SERVICE, busy_table(float(rates.max()), 0.0))
    options = Options(memory_mb=int(1024 * GIGABYTES), init_seconds=INIT_SECONDS)
    cold = cold_starts(demand, options.idle_seconds).mean(axis=1)
    economics = Economics(demand, prices, options, cold)
    return best_levels(economics.gains(), 1, 0.0, 10_000) * demand.table.unit
