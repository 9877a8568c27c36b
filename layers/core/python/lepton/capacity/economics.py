"""Dollars and risk of any way to provide capacity, by formula, from the paths of the forecast.

Per step of h seconds, with K provisioned environments of g GB and offered load a:
    cost = h g (pc K + od a - (od - pcd) E[min(N, K)]) + cold starts x init x g x od + requests x request price
INIT is billed as duration (zip functions, since 2025-08-01). The free tier and the second price tier are left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lepton.capacity.demand import Demand, cold_starts
from lepton.capacity.plan import Choice, Outcome
from lepton.capacity.prices import Prices
from lepton.capacity.request import Options
from lepton.forecast.history import Array

# A level rule: offered loads (steps, paths) -> environments provisioned (steps, paths).
Levels = Callable[[Array], Array]


@dataclass(frozen=True, slots=True)
class Economics:
    """Everything that the cost of a level depends on. `cold` (steps, levels): mean over paths, see demand."""

    demand: Demand
    prices: Prices
    options: Options
    cold: Array

    @property
    def gigabytes(self) -> float:
        return self.options.memory_mb / 1024

    @property
    def cold_price(self) -> float:
        """Dollars of one cold start: its INIT, and what the caller says a breach is worth."""
        return self.init_price + self.options.breach_cost_usd

    @property
    def init_price(self) -> float:
        return self.options.init_seconds * self.gigabytes * self.prices.on_demand_gb_second

    def gains(self) -> Array:
        """Dollars that provisioning `level` environments gains over none, by step: (steps, levels).

        Its slope is the newsvendor rule: keep environment k while P(N >= k) (od - pcd) [+ breaches] exceeds pc.
        """
        table = self.demand.table
        served = table.weights(self.demand.loads) @ table.served  # (steps, levels): E[min(N, level)]
        p, scale = self.prices, self.demand.step * self.gigabytes
        money = scale * ((p.on_demand_gb_second - p.provisioned_duration_gb_second) * served)
        money -= scale * p.provisioned_gb_second * table.levels
        return np.asarray(money + np.cumsum(self.cold, axis=1) * self.cold_price)

    def costs(self, levels: Levels) -> tuple[Array, Array]:
        """Dollars of each path over the horizon without cold starts (paths,), and mean spill share's parts.

        The second is (2,): requests that spill, all requests, means over the paths.
        """
        d, p = self.demand, self.prices
        provided = levels(d.loads)
        served = _served(d, provided)
        seconds = d.step * self.gigabytes
        money = (
            seconds
            * (
                p.provisioned_gb_second * provided
                + p.on_demand_gb_second * d.loads
                - (p.on_demand_gb_second - p.provisioned_duration_gb_second) * served
            )
            + d.arrivals * p.request
        )
        spilled = (d.loads - served) * d.step / d.service
        return money.sum(axis=0), np.array([spilled.sum(axis=0).mean(), d.arrivals.sum(axis=0).mean()])

    def cold_starts(self, levels: Levels, each: Array) -> float:
        """Cold starts over the horizon, mean over the cold paths; `each` as `demand.cold_starts` gives it."""
        provided = levels(self.demand.cold_loads) / self.demand.table.unit
        environments = np.arange(each.shape[-1])
        return float((each * (environments > provided[..., None])).sum(axis=(0, 2)).mean())


def economics_of(demand: Demand, prices: Prices, options: Options) -> tuple[Economics, Array]:
    """The economics, and the cold starts by path that `Economics.cold_starts` wants."""
    each = cold_starts(demand, options.idle_seconds)
    return Economics(demand, prices, options, each.mean(axis=1)), each


def outcome(economics: Economics, each: Array, choice: Choice, levels: Levels) -> tuple[Outcome, Array]:
    """One alternative's expected cost and risk, and its dollars a day on each path (paths,)."""
    money, (spilled, requests) = economics.costs(levels)
    cold = economics.cold_starts(levels, each)
    days = economics.demand.days
    paths = (money + cold * economics.init_price) / days
    result = Outcome(
        choice=choice,
        cost_usd=float(paths.mean() * days),
        cost_usd_per_day=float(paths.mean()),
        breach_probability=min(1.0, cold / requests) if requests > 0 else 0.0,
        spill_share=float(np.clip(spilled / requests, 0, 1)) if requests > 0 else 0.0,
        cold_starts_per_day=cold / days,
        mean_level=float(levels(economics.demand.loads).mean()),
    )
    return result, paths


def _served(demand: Demand, provided: Array) -> Array:
    """E[min(N, provided)] for each step and path."""
    table = demand.table
    low, part = table.rows(demand.loads)
    column = np.minimum(np.round(provided / table.unit).astype(int), table.served.shape[1] - 1)
    return np.asarray(table.served[low, column] * (1 - part) + table.served[low + 1, column] * part)
