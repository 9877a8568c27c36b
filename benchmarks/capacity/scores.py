"""Rolling-origin scores of the forecast beside weekly seasonal naive with empirical quantiles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.capacity.series import HOUR, Traffic
from lepton.errors import InvalidRequest
from lepton.forecast.backtest import pinball
from lepton.forecast.forecasting import forecast
from lepton.forecast.history import Array, checked
from lepton.forecast.record import QUANTILES

DAY = 86_400
ORIGINS = {300: 20, 600: 50, HOUR: 10}
ORIGINS_M4 = 2
WANTED = (0.9, 0.99)

# A forecast that is scored: (what was known, horizon in steps) -> (horizon, QUANTILES).
Forecasting = Callable[[Traffic, int, int], Array]


@dataclass(frozen=True, slots=True)
class Scores:
    """One group: mean over series of the loss ratio at 0.9 and 0.99; shares over all steps."""

    group: str
    series: int
    steps: int
    ratios: tuple[float, float]
    above_q99: float
    within_90: float


def ours(traffic: Traffic, origin: int, horizon: int) -> Array:
    return np.asarray(forecast("bench", checked(traffic.before(origin)), horizon).values)


def naive(traffic: Traffic, origin: int, horizon: int) -> Array:
    """Last week's load, plus the empirical quantiles of what that rule missed by before the origin."""
    week = 7 * DAY // traffic.step
    known = traffic.load[:origin]
    errors = known[week:] - known[:-week]
    last = known[-week:][np.arange(horizon) % week]
    fallback = np.nanmedian(known)
    middle = np.where(np.isnan(last), fallback, last)
    return np.asarray(np.maximum(middle[:, None] + np.nanquantile(errors, QUANTILES), 0.0))


def origins_of(traffic: Traffic) -> list[int]:
    """Evenly over the second half, after 8 days at the least, at changing times of the day."""
    horizon = horizon_of(traffic)
    last = len(traffic.load) - horizon
    if traffic.first:
        return np.linspace(traffic.first, last, ORIGINS_M4).astype(int).tolist()
    first = max(len(traffic.load) // 2, 8 * DAY // traffic.step)
    return np.unique(np.linspace(first, last, ORIGINS[traffic.step]).astype(int)).tolist() if last > first else []


def horizon_of(traffic: Traffic) -> int:
    """An hour on fine grids, a day on the hourly one."""
    return 24 if traffic.step == HOUR else HOUR // traffic.step


def scored(group: str, series: Sequence[Traffic], forecasting: Forecasting = ours) -> Scores:
    ratios, above, within, steps = [], 0.0, 0.0, 0
    for one in series:
        losses = [loss for origin in origins_of(one) if (loss := _origin(one, origin, forecasting)) is not None]
        if not losses:
            continue
        told, base, over, inside = (np.concatenate(part) for part in zip(*losses, strict=True))
        ratios.append(told.mean(axis=0) / base.mean(axis=0))
        above, within, steps = above + over.sum(), within + inside.sum(), steps + len(over)
    mean = np.mean(ratios, axis=0)
    return Scores(
        group, len(ratios), steps, (float(mean[0]), float(mean[1])), float(above / steps), float(within / steps)
    )


def _origin(one: Traffic, origin: int, forecasting: Forecasting) -> tuple[Array, Array, Array, Array] | None:
    """Losses (steps, 2) of the forecast and of the baseline, and what lay above q99 and within the 90 % band."""
    horizon = horizon_of(one)
    seen = one.load[origin : origin + horizon]
    known = ~np.isnan(seen)
    try:
        said = forecasting(one, origin, horizon)[known]
    except InvalidRequest:
        return None
    base, seen = naive(one, origin, horizon)[known], seen[known]
    at = [QUANTILES.index(q) for q in WANTED]
    low, high = QUANTILES.index(0.05), QUANTILES.index(0.95)
    return (
        pinball(WANTED, said[:, at], seen),
        pinball(WANTED, base[:, at], seen),
        seen > said[:, QUANTILES.index(0.99)],
        (seen >= said[:, low]) & (seen <= said[:, high]),
    )
