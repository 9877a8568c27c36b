"""The load to come, as the economics see it: paths of offered load, who is busy, and which environments go cold.

Environment k is started for a request that finds k - 1 busy and k gone: used at a rate nu_k = lambda P(N = k - 1), it
is gone when it was not used for `idle_seconds`, a chance of exp(-integral of nu_k) where uses follow one another at
random. So cold starts per second are the sum over k of nu_k exp(-nu_k idle): exact for sparse Poisson traffic (k = 1),
an approximation above it (uses of a high k come in clusters).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lepton.capacity.concurrency import BusyTable, burst_of, busy_table, offered, scenarios
from lepton.forecast.history import Array, History
from lepton.forecast.record import Forecast

PATHS = 20
COLD_PATHS = 5


@dataclass(frozen=True, slots=True)
class Demand:
    """`loads` (steps, PATHS) and `cold_loads` (steps, COLD_PATHS): mean busy environments, equally likely paths.

    `step` and `service` in seconds, `days` the length of the horizon.
    """

    loads: Array
    cold_loads: Array
    step: int
    service: float
    table: BusyTable

    @property
    def days(self) -> float:
        return len(self.loads) * self.step / 86_400

    @property
    def arrivals(self) -> Array:
        """Requests per step, (steps, PATHS)."""
        return self.loads * self.step / self.service


def demand_of(history: History, forecast: Forecast, service_seconds: float) -> Demand:
    """The forecast as offered load, with the burst within steps read from the history."""
    values = offered(np.asarray(forecast.values), history.step, service_seconds)
    loads = scenarios(forecast.quantiles, values, PATHS)
    cold = scenarios(forecast.quantiles, values, COLD_PATHS)
    table = busy_table(float(loads.max()), burst_of(history))
    return Demand(loads, cold, history.step, service_seconds, table)


def cold_starts(demand: Demand, idle_seconds: float) -> Array:
    """Cold starts of each environment of the table were it not provisioned: (steps, COLD_PATHS, levels).

    Column k is that of the environments (k - 1, k] x unit; column 0 is empty.
    """
    table = demand.table
    falls = np.maximum(-np.diff(table.busy, axis=1), 0.0)  # P(N in [level - unit, level))
    used = table.loads[:, None] / demand.service * falls  # uses per second
    now = (
        min(1 - idle_seconds / (2 * demand.step), 1.0)
        if demand.step >= idle_seconds
        else demand.step / (2 * idle_seconds)
    )
    result = np.zeros((*demand.cold_loads.shape, table.busy.shape[1]))
    for path, loads in enumerate(demand.cold_loads.T):
        low, part = table.rows(loads)
        rate = used[low] * (1 - part[:, None]) + used[low + 1] * part[:, None]  # (steps, levels)
        before = np.concatenate((rate[:1], rate[:-1]))
        gone = np.exp(-idle_seconds * (now * rate + (1 - now) * before) / table.unit)
        result[:, path, 1:] = rate * gone * demand.step
    return result
