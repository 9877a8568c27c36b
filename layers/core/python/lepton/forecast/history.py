"""A load series that was checked and made whole: what every forecaster is fitted to.

A step without a figure is a missing metric, not missing demand: it is filled for the forecasters and never scored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from lepton.errors import InvalidRequest, TooLarge
from lepton.ports import LoadSeries

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Steps = npt.NDArray[np.intp]

DAY = 86_400
MAX_STEPS = 200_000
MAX_DAYS = 56
FINEST = 300
FULL_DAYS = 14
# A zero among neighbours this busy has a Poisson chance below 1e-21: the meter stopped, not the load.
BUSY = 50.0


@dataclass(frozen=True, slots=True)
class History:
    """`load` (n,) counts per step without gaps; `measured` (n,) where the figure is real; `step` in seconds.

    `widen` >= 1 multiplies the spread of every forecast; `notes` say why, in words.
    """

    start: datetime
    step: int
    load: Array
    measured: Mask
    notes: tuple[str, ...] = ()
    widen: float = 1.0

    @property
    def day(self) -> int:
        """Steps of a day."""
        return DAY // self.step

    @property
    def end(self) -> datetime:
        return self.start + timedelta(seconds=self.step * len(self.load))

    def before(self, origin: int) -> History:
        """The first `origin` steps: what was known then."""
        return replace(self, load=self.load[:origin], measured=self.measured[:origin])


def checked(series: LoadSeries) -> History:
    """The series, checked, at a step of 5 minutes or more, its gaps filled.

    Raises InvalidRequest (with a pointer into the request) for one that cannot be forecast, TooLarge.
    """
    load = _figures(series)
    notes: list[str] = []
    step = series.step
    if step < FINEST:
        load, step = _coarser(load, step), FINEST
        notes.append(f"figures of {series.step} s were summed to steps of {FINEST} s")
    start = series.start + timedelta(seconds=step * max(0, len(load) - MAX_DAYS * DAY // step))
    load = load[-MAX_DAYS * DAY // step :]
    load = _without_stopped_meter(load, notes)
    _check_shape(load, step)
    measured = ~np.isnan(load)
    widen = _widening(measured, step, notes)
    return History(start, step, _filled(load, DAY // step), measured, tuple(notes), widen)


def _figures(series: LoadSeries) -> Array:
    """The arrivals as an array. Raises for what no resampling could mend."""
    if series.start.utcoffset() is None:
        raise InvalidRequest("the start has no time zone", pointer="/series/start", hint="end it with Z")
    if series.step < 60 or series.step > 3600 or DAY % series.step or (series.step < FINEST and FINEST % series.step):
        raise InvalidRequest(
            f"a step of {series.step} s cannot be forecast on",
            pointer="/series/step_seconds",
            hint="60, 300, 600, 900, 1800 or 3600 seconds",
        )
    if len(series.arrivals) > MAX_STEPS:
        raise TooLarge(f"{len(series.arrivals)} steps, at most {MAX_STEPS}", pointer="/series/arrivals")
    load = np.asarray(series.arrivals, dtype=np.float64)
    wrong = np.flatnonzero((load < 0) | np.isinf(load))
    if wrong.size:
        raise InvalidRequest(
            f"step {wrong[0]} has {load[wrong[0]]:g} arrivals ({wrong.size} such steps)",
            pointer=f"/series/arrivals/{wrong[0]}",
            hint="counts per step, 0 or more; null where nothing was measured",
        )
    return load


def _check_shape(load: Array, step: int) -> None:
    days, measured = len(load) * step / DAY, load[~np.isnan(load)]
    if days < 2:
        raise InvalidRequest(
            f"{len(load)} steps of {step} s cover {days * 24:.1f} hours: too short to forecast from",
            pointer="/series/arrivals",
            hint="two days at the least, two weeks to know the week",
        )
    if measured.size < 0.5 * load.size:
        raise InvalidRequest(
            f"only {measured.size} of {load.size} steps were measured",
            pointer="/series/arrivals",
            hint="at least half of the steps need a figure",
        )
    if np.ptp(measured) == 0:
        raise InvalidRequest(
            f"every step has {measured[0]:g} arrivals: a constant is a setting or a stopped meter, not traffic",
            pointer="/series/arrivals",
            hint="send counts per step as they were measured",
        )


def _coarser(load: Array, step: int) -> Array:
    """Sums over `FINEST` seconds; a sum with a missing part is scaled up from its measured parts."""
    parts = FINEST // step
    rows = load[len(load) % parts :].reshape(-1, parts)
    known = (~np.isnan(rows)).sum(axis=1)
    return np.where(known > 0, np.nansum(rows, axis=1) * parts / np.maximum(known, 1), np.nan)


def _without_stopped_meter(load: Array, notes: list[str]) -> Array:
    """Zeros amid busy neighbours become missing metrics."""
    zeros = np.flatnonzero(load == 0)
    if 0 < zeros.size < 0.2 * load.size:
        index = np.clip(zeros[:, None] + np.arange(-12, 13), 0, len(load) - 1)
        around = load[index]
        around = np.where(around > 0, around, np.nan)
        counts = (~np.isnan(around)).sum(axis=1)
        busy = (counts >= 6) & (np.nanmin(np.where(np.isnan(around), np.inf, around), axis=1) > BUSY)
        if busy.any():
            load = load.copy()
            load[zeros[busy]] = np.nan
            notes.append(f"{int(busy.sum())} zeros amid busy steps were taken as missing metrics")
    return load


def _widening(measured: Mask, step: int, notes: list[str]) -> float:
    """How much wider the risk is than the figures alone say, and why."""
    widen, days, missing = 1.0, len(measured) * step / DAY, 1 - measured.mean()
    if missing:
        notes.append(f"{int((~measured).sum())} of {len(measured)} steps have no figure: filled, never scored")
    if missing > 0.1:
        widen *= 1 + missing
        notes.append(f"risk widened by {1 + missing:.2f}: {missing:.0%} of the steps are missing")
    if days < FULL_DAYS:
        factor = min(2.0, (FULL_DAYS / days) ** 0.5)
        widen *= factor
        notes.append(f"risk widened by {factor:.2f}: {days:.1f} days of history do not show two whole weeks")
    return widen


def _filled(load: Array, day: int) -> Array:
    """Gaps up to an hour by a straight line; longer ones by the same time of other days."""
    known = np.flatnonzero(~np.isnan(load))
    line = np.interp(np.arange(len(load)), known, load[known])
    whole = line.copy()
    for first, last in _runs(np.isnan(load)):
        if last - first > max(1, day // 24):
            for at in range(first, last):
                same = load[at % day :: day]
                whole[at] = np.nanmedian(same) if np.isfinite(same).any() else line[at]
    return whole


def _runs(flags: Mask) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], flags, [False])).astype(np.int8)))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
