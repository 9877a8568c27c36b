"""From arrivals to environments: how many are busy at once, and how that number jumps about within a step.

Little's law gives the mean (rate x service time). Around it the number of busy environments is Poisson when arrivals
are; when the rate itself wanders within a step by a relative `burst`, it is Poisson with a gamma mean, that is
negative binomial: variance = mean + (burst x mean) ** 2. (Square-root staffing is its normal limit without burst.)
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from lepton.forecast.history import Array, History

Index = npt.NDArray[np.intp]

# Root-spaced grid of offered loads: neighbours are a fifth of a standard deviation apart.
GRID_STEP = 0.1
MOST_LEVELS = 1_500
NORMAL = NormalDist()
CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class BusyTable:
    """P(N >= level) for offered loads `loads` (g,) and levels 0, unit, 2 unit, ... (k,).

    `busy` (g, k) is that chance, `served` (g, k) the mean number that the first `level` environments keep busy.
    `unit` is 1 up to MOST_LEVELS environments; above, levels are that coarse, and N is taken as normal.
    """

    loads: Array
    unit: int
    burst: float
    busy: Array
    served: Array

    @property
    def levels(self) -> Array:
        return np.arange(self.busy.shape[1], dtype=np.float64) * self.unit

    def rows(self, loads: Array) -> tuple[Index, Array]:
        """For each offered load: the row below it and how far to the next, for linear interpolation."""
        at = np.interp(loads, self.loads, np.arange(len(self.loads)))
        low = np.minimum(at.astype(np.intp), len(self.loads) - 2)
        return low, at - low

    def weights(self, loads: Array) -> Array:
        """What share each row has in the mixture of each line's loads (lines, scenarios): (lines, g)."""
        low, part = self.rows(loads)
        place = (np.arange(len(loads))[:, None] * len(self.loads) + low).ravel()
        size = len(loads) * len(self.loads)
        flat = np.bincount(place, (1 - part).ravel(), size) + np.bincount(place + 1, part.ravel(), size)
        return np.asarray(flat.reshape(len(loads), -1) / loads.shape[1])


def busy_table(most: float, burst: float) -> BusyTable:
    """A table for offered loads from 0 to `most`, with levels up to where hardly anything is left."""
    top = most + 5 * np.sqrt(most + (burst * most) ** 2) + 10
    unit = max(1, int(np.ceil(top / MOST_LEVELS)))
    loads = np.arange(0.0, np.sqrt(most) + 2 * GRID_STEP, max(GRID_STEP, np.sqrt(most) / 400)) ** 2
    levels = np.arange(0, int(np.ceil(top / unit)) + 1)
    busy = _tail(loads, len(levels) - 1, burst) if unit == 1 else _normal_tail(loads, levels * unit, burst)
    # the mean over a unit's levels, by the trapezium: exact for unit 1 up to half an environment
    step = busy[:, 1:] if unit == 1 else unit * (busy[:, 1:] + busy[:, :-1]) / 2
    served = np.concatenate((np.zeros((len(loads), 1)), np.cumsum(step, axis=1)), axis=1)
    return BusyTable(loads, unit, burst, busy, np.minimum(served, loads[:, None]))


def _tail(loads: Array, most: int, burst: float) -> Array:
    """P(N >= k), k = 0..most, for each load: (loads, most + 1)."""
    k = np.arange(most + 1, dtype=np.float64)
    tail = np.empty((len(loads), most + 1), dtype=np.float64)
    for first in range(0, len(loads), max(1, CELLS // (most + 1))):
        part = slice(first, first + max(1, CELLS // (most + 1)))
        pmf = np.exp(_log_pmf(loads[part, None], k, burst))
        tail[part] = np.clip(
            1 - np.concatenate((np.zeros((len(pmf), 1)), np.cumsum(pmf, axis=1)[:, :-1]), axis=1), 0, 1
        )
    return tail


def _normal_tail(loads: Array, levels: Index, burst: float) -> Array:
    """P(N >= level) for many environments: the normal limit (square-root staffing), (loads, levels)."""
    spread = np.sqrt(loads + (burst * loads) ** 2 + 1e-12)
    away = (loads[:, None] + 0.5 - levels) / spread[:, None]
    knots = np.linspace(-8.0, 8.0, 1_601)
    tail = np.interp(away, knots, [NORMAL.cdf(knot) for knot in knots])
    tail[:, 0] = 1.0
    return np.asarray(tail)


def _log_pmf(loads: Array, k: Array, burst: float) -> Array:
    """log P(N = k): negative binomial of shape 1 / burst ** 2, or Poisson below a burst of 1 %."""
    mean = np.maximum(loads, 1e-12)
    log_factorial = np.concatenate(([0.0], np.cumsum(np.log(k[1:]))))
    if burst < 0.01:
        return np.asarray(k * np.log(mean) - mean - log_factorial)
    shape = 1 / burst**2
    rising = np.concatenate(([0.0], np.cumsum(np.log(shape + k[:-1]))))
    return np.asarray(
        rising - log_factorial + shape * np.log(shape / (shape + mean)) + k * np.log(mean / (shape + mean))
    )


def burst_of(history: History) -> float:
    """How much the rate wanders within a step, relative to itself, read from how it jumps from step to step.

    The median jump between neighbours beside what Poisson counts would jump, as a standard deviation; a steady climb
    over three steps cancels out. Steps are the finest that was measured, so what happens within them is taken to be
    like what happens between them: a statement, not a measurement. Between 0 and 1.
    """
    load, known = history.load, history.measured
    whole = known[2:] & known[1:-1] & known[:-2]
    bend = (load[1:-1] - (load[2:] + load[:-2]) / 2)[whole]  # variance 1.5 x that of one step's noise
    level = np.maximum((load[2:] + load[1:-1] + load[:-2])[whole] / 3, 1e-9)
    if bend.size < 10:
        return 0.0
    share = np.median(np.abs(bend) / np.sqrt(level)) * 1.4826  # of sqrt(level), robust to spikes
    excess = share**2 / 1.5 - 1.0  # beyond Poisson, in units of the level
    return float(np.clip(np.sqrt(max(excess, 0.0) / np.median(level)), 0.0, 1.0))


def offered(arrivals: Array, step: int, service_seconds: float) -> Array:
    """Mean environments busy at once (Little's law): arrivals per step of `step` seconds x seconds of each."""
    return np.asarray(arrivals / step * service_seconds)


def scenarios(quantiles: tuple[float, ...], values: Array, count: int) -> Array:
    """`count` equally likely paths (steps, count) out of quantiles (steps, quantiles): each keeps its rank throughout.

    Straight lines between the quantiles, flat beyond the outermost.
    """
    ranks = (np.arange(count) + 0.5) / count
    known = np.asarray(quantiles)
    assert all(a < b for a, b in pairwise(quantiles))  # noqa: S101
    high = np.clip(np.searchsorted(known, ranks), 1, len(known) - 1)
    part = np.clip((ranks - known[high - 1]) / (known[high] - known[high - 1]), 0.0, 1.0)
    return np.asarray(values[:, high - 1] * (1 - part) + values[:, high] * part)
