"""The plan's own rule, tried on the past: what its levels would have saved where what came is known.

Each forecast of the backtest gets its best levels, and these meet the load that came. A rule whose saving is not there
in the past has not earned a schedule, however cheap the forecast makes it look: the levels are lowered until what they
saved holds up against its own scatter, or nothing is provisioned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from lepton.capacity.concurrency import offered, scenarios
from lepton.capacity.demand import PATHS, Demand
from lepton.capacity.economics import Economics
from lepton.capacity.schedule import SWITCH_SECONDS, best_levels, block_steps
from lepton.forecast.forecasting import Past
from lepton.forecast.history import Array
from lepton.forecast.record import QUANTILES

FACTORS = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5)
# Standard errors that the mean saving of the past must lie above nothing, and the fewest forecasts that say so.
CERTAINTY = 1.0
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`factor` on the levels (0: none has earned a schedule); `share`, `error`: what that saved of on-demand cost."""

    factor: float
    share: float
    error: float
    tried: int


def rehearse(past: Past, economics: Economics, most: int) -> Rehearsal:
    """Try the rule at every origin of the backtest, with the largest factor that held up."""
    known = past.scored.all(axis=1) if past.scored.all(axis=1).sum() >= FEWEST else past.scored.any(axis=1)
    chosen = [_levels(said, economics, most) for said in past.said[known]]
    loads = offered(past.seen[known], economics.demand.step, economics.demand.service)
    shares, error = 0.0, 0.0
    for factor in FACTORS:
        saved = np.array(
            [_saved(np.floor(levels * factor), seen, economics) for levels, seen in zip(chosen, loads, strict=True)]
        )
        whole = float(np.mean([_idle(seen, economics) for seen in loads]))
        shares, error = float(saved.mean()) / whole, float(saved.std() / np.sqrt(max(len(saved) - 1, 1))) / whole
        if shares > CERTAINTY * error or (factor == 1.0 and not any(levels.any() for levels in chosen)):
            return Rehearsal(factor, shares, error, len(chosen))
    return Rehearsal(0.0, shares, error, len(chosen))


def _levels(said: Array, economics: Economics, most: int) -> Array:
    """The levels of one past forecast (horizon, quantiles), without the cold starts that they would have spared."""
    demand = economics.demand
    loads = scenarios(QUANTILES, offered(said, demand.step, demand.service), PATHS)
    then = replace(economics, demand=replace(demand, loads=loads), cold=economics.cold[:1] * 0.0)
    unit = demand.table.unit
    switch = SWITCH_SECONDS * economics.gigabytes * economics.prices.provisioned_gb_second * unit
    return np.asarray(best_levels(then.gains(), block_steps(demand.step), switch, most // unit) * unit, dtype=float)


def _saved(levels: Array, loads: Array, economics: Economics) -> float:
    """Dollars that the levels saved on the loads that came, switching counted, cold starts not."""
    demand, prices = economics.demand, economics.prices
    table = demand.table
    low, part = table.rows(loads)
    column = np.minimum(np.round(levels / table.unit).astype(int), table.served.shape[1] - 1)
    served = table.served[low, column] * (1 - part) + table.served[low + 1, column] * part
    gain = (prices.on_demand_gb_second - prices.provisioned_duration_gb_second) * served
    gain -= prices.provisioned_gb_second * levels
    moved = float(np.abs(np.diff(levels)).sum()) * SWITCH_SECONDS * prices.provisioned_gb_second
    return economics.gigabytes * (float(gain.sum()) * demand.step - moved)


def _idle(loads: Array, economics: Economics) -> float:
    """Dollars of serving the loads on demand."""
    demand: Demand = economics.demand
    return float(loads.sum()) * demand.step * economics.gigabytes * economics.prices.on_demand_gb_second + 1e-12
