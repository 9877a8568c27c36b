"""Rolling-origin backtest: what each forecaster would have said, from what was known then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton.forecast.forecasters import FITS, Fit
from lepton.forecast.history import Array, History, Mask, Steps
from lepton.forecast.regression import NAME, Regression, regressed

MOST_ORIGINS = 24
FEWEST_ORIGINS = 14
STEPS_TO_SCORE = 4_000


@dataclass(frozen=True, slots=True)
class Trial:
    """All forecasts of the backtest.

    `origins` are indices into the history; `said` (members, origins, horizon, quantiles); `seen` (origins, horizon)
    is what came, `scored` where it was measured; `losses` like `said`, 0 where not scored; `names` of the members as
    of the last origin. `regression` is the last member where the history is long enough for it: one pass made its
    forecasts, past and to come.
    """

    names: tuple[str, ...]
    fits: tuple[Fit, ...]
    origins: Steps
    said: Array
    seen: Array
    scored: Mask
    quantiles: tuple[float, ...]
    losses: Array
    regression: Regression | None = None


def backtest(history: History, horizon: int, quantiles: Sequence[float]) -> Trial:
    """Forecast from up to `MOST_ORIGINS` points of the past, with every forecaster that each of them had history for.

    The horizon is shortened where the history is too short to hold three of them beyond its first day.
    """
    wanted_horizon = horizon
    first, horizon = _first_origin(history, horizon)
    wanted = min(MOST_ORIGINS, max(FEWEST_ORIGINS, STEPS_TO_SCORE // horizon))
    count = min(wanted, len(history.load) - horizon - first + 1)
    origins = np.unique(np.linspace(first, len(history.load) - horizon, count).astype(np.intp))
    fits = [fit for fit in FITS if fit(history.before(first)) is not None]
    said = np.empty((len(fits), len(origins), horizon, len(quantiles)))
    names: list[str] = []
    for member, fit in enumerate(fits):
        for at, origin in enumerate(origins):
            fitted = fit(history.before(int(origin)))
            assert fitted is not None  # noqa: S101  # what fits the shortest past fits the longer ones
            said[member, at] = fitted.forecast(horizon, quantiles)
            names[member:] = [fitted.name]
    regression = regressed(history, wanted_horizon)
    if regression is not None and regression.knows(first):
        said = np.concatenate((said, regression.at(origins, horizon, quantiles)[None]))
        names.append(NAME)
    else:
        regression = None
    index = origins[:, None] + np.arange(horizon)
    seen, scored = history.load[index], history.measured[index]
    losses = pinball(quantiles, said, seen) * scored[..., None]
    return Trial(tuple(names), tuple(fits), origins, said, seen, scored, tuple(quantiles), losses, regression)


def apart(trial: Trial, at: int) -> Mask:
    """The origins whose steps overlap none of origin `at`; all the others where every one overlaps."""
    distance = np.abs(trial.origins - trial.origins[at])
    clear = distance >= trial.seen.shape[1]
    return np.asarray(clear if trial.scored[clear].any() else distance > 0)


def _first_origin(history: History, horizon: int) -> tuple[int, int]:
    """The first origin and the horizon to test: at least half of the history lies before it, and a day and a half.

    A weekly rule needs 8 days before the origin: they are given where there are 11, and 15 where there are 22.
    """
    size, day = len(history.load), history.day
    first = max(size // 2, min(size * 8 // 11, 15 * day if size >= 22 * day else 8 * day), day + day // 2)
    return first, max(1, min(horizon, (size - first) // 2))


def pinball(quantiles: Sequence[float], said: Array, seen: Array) -> Array:
    """Koenker's check loss, element by element: (..., quantiles) against (...)."""
    gap = seen[..., None] - said
    levels = np.asarray(quantiles)
    return np.asarray(np.maximum(levels * gap, (levels - 1) * gap))
