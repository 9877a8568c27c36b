"""The plan beside its alternatives: what each costs and risks, what the plan saves, and whether that is worth it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lepton.capacity.concurrency import offered
from lepton.capacity.demand import Demand
from lepton.capacity.economics import Economics, outcome
from lepton.capacity.plan import Outcome, Saving
from lepton.capacity.rehearsal import Rehearsal
from lepton.capacity.request import Options
from lepton.capacity.schedule import SWITCH_SECONDS, best_levels, block_steps
from lepton.forecast.history import Array, History

# Lambda keeps this many of the account's environments free for functions without a reservation.
UNRESERVED = 100
# AWS target tracking as it is usually set up: 70 %, out after 3 one-minute points, in after 15.
TARGET, OUT_SECONDS, IN_SECONDS = 0.7, 180, 900
PEAK_DAYS = 14
RESERVED_MISS = 0.001


@dataclass(frozen=True, slots=True)
class Comparison:
    """`levels` (steps,) is the best schedule, whether or not it is `worthwhile`.

    `outcomes` and `saving` are those of what is advised; `schedule_outcome` and `schedule_saving` those of `levels`.
    """

    levels: Array
    worthwhile: bool
    outcomes: tuple[Outcome, ...]
    saving: Saving
    schedule_outcome: Outcome
    schedule_saving: Saving
    rehearsal: Rehearsal | None


def most_provisioned(options: Options) -> int:
    """The most that one function may hold of the account's concurrency."""
    return max(0, options.concurrency_limit - UNRESERVED)


def busiest(history: History, service_seconds: float) -> int:
    """Environments that the busiest measured step of the last two weeks kept busy, rounded up."""
    recent = slice(-PEAK_DAYS * history.day, None)
    peak = history.load[recent][history.measured[recent]].max()
    return int(np.ceil(offered(peak, history.step, service_seconds)))


def compare(economics: Economics, each: Array, most: int, peak: int, rehearsal: Rehearsal | None = None) -> Comparison:
    """Find the best schedule and cost it beside none, a static peak and target tracking. `each`: see economics.

    The schedule is lowered by what its `rehearsal` on the past says of it.
    """
    demand = economics.demand
    unit = demand.table.unit
    switch = SWITCH_SECONDS * economics.gigabytes * economics.prices.provisioned_gb_second * unit
    best = best_levels(economics.gains(), block_steps(demand.step), switch, most // unit) * unit
    if rehearsal is not None and 0 < rehearsal.factor < 1:
        best = np.floor(best / unit * rehearsal.factor) * unit
    plan, plan_paths = outcome(economics, each, "plan", lambda loads: _spread(best, loads))
    idle, idle_paths = outcome(economics, each, "do_nothing", np.zeros_like)
    static, _ = outcome(economics, each, "static_peak", lambda loads: np.full_like(loads, min(peak, most)))
    reactive, _ = outcome(economics, each, "reactive_70", lambda loads: np.minimum(_tracked(loads, demand.step), most))
    saving = _saving(plan_paths, idle_paths)
    earned = rehearsal is None or rehearsal.factor > 0
    keeps = earned and bool(best.any()) and _worthwhile(plan, idle, saving, economics.options)
    advised = plan if keeps else idle.model_copy(update={"choice": "plan"})
    nothing = Saving(usd_per_day=0.0, low=0.0, high=0.0, share=0.0)
    outcomes = (advised, idle, static, reactive)
    return Comparison(best, keeps, outcomes, saving if keeps else nothing, plan, saving, rehearsal)


def reserved(demand: Demand, comparison: Comparison, options: Options) -> int:
    """Reserved concurrency that the busiest step exceeds one time in a thousand, and no less than is provisioned."""
    busiest_step = demand.loads[int(np.argmax(demand.loads.mean(axis=1)))]
    busy = (demand.table.weights(busiest_step[None, :]) @ demand.table.busy)[0]
    enough = int(np.argmax(busy < RESERVED_MISS)) * demand.table.unit
    provisioned = int(comparison.levels.max()) if comparison.worthwhile else 0
    return min(max(enough, provisioned, 1), max(1, most_provisioned(options)))


def _spread(levels: Array, loads: Array) -> Array:
    return np.broadcast_to(levels[:, None].astype(float), loads.shape)


def _tracked(loads: Array, step: int) -> Array:
    """Mean level of target tracking over each step: the old level until it scales out, the peak of 15 minutes in.

    The paths are smooth within a step, which flatters it.
    """
    window = int(np.ceil(IN_SECONDS / step))
    wanted = np.ceil(loads / TARGET)
    held = wanted.copy()
    for back in range(1, window + 1):
        held[back:] = np.maximum(held[back:], wanted[:-back] * min(1.0, max(0.0, IN_SECONDS / step - back + 1)))
    before = np.concatenate((held[:1], held[:-1]))
    late = min(1.0, OUT_SECONDS / step)
    return np.asarray(np.where(held > before, np.round(late * before + (1 - late) * held), held))


def _saving(plan: Array, idle: Array) -> Saving:
    saved = idle - plan
    low, high = np.quantile(saved, [0.1, 0.9])
    mean = float(saved.mean())
    whole = float(idle.mean())
    return Saving(usd_per_day=mean, low=float(low), high=float(high), share=mean / whole if whole > 0 else 0.0)


def _worthwhile(plan: Outcome, idle: Outcome, saving: Saving, options: Options) -> bool:
    """Whether dollars saved, and breaches avoided at their price, reach the smallest worthwhile saving.

    A schedule that is in force already is kept for half of that.
    """
    worth = saving.usd_per_day + options.breach_cost_usd * (idle.cold_starts_per_day - plan.cold_starts_per_day)
    base = idle.cost_usd_per_day + options.breach_cost_usd * idle.cold_starts_per_day
    easier = 0.5 if options.was_scheduled else 1.0
    enough = max(options.smallest_saving_usd_per_day, options.smallest_saving_share * base)
    return worth > 0 and worth >= easier * enough
