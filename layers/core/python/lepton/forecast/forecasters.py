"""The forecasters, behind one small contract: `fit(history) -> Forecaster`, `forecast(horizon, quantiles)`.

Each is a path of points and the errors that its like made in the past, by lead; quantiles come from those errors.
Errors are taken on the square root of the load, where their size depends least on the level (Anscombe 1948), but for
the naive rules, whose usual definition is on the load itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lepton.forecast.history import Array, History

ERROR_DAYS = 14
HALF_LIFE_SEASONS = 4.0
LEAD_HOURS = (1.0, 4.0, 24.0)
# Level and season gains that the exponential smoother chooses from, for each series, by its own past errors.
GAINS = ((0.05, 0.1), (0.2, 0.1), (0.5, 0.1), (0.2, 0.3))


class Forecaster(Protocol):
    """Fitted to one history; `name` is what a plan calls it."""

    @property
    def name(self) -> str: ...

    def forecast(self, horizon: int, quantiles: Sequence[float]) -> Array:
        """Counts per step, (horizon, quantiles), rising along the quantiles, never negative."""


Fit = Callable[[History], Forecaster | None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """Points for any horizon, and past errors on the scale load ** power at some leads (in steps, rising)."""

    name: str
    points: Callable[[int], Array]
    errors: tuple[tuple[int, Array], ...]
    power: float = 0.5

    def forecast(self, horizon: int, quantiles: Sequence[float]) -> Array:
        middle = np.maximum(self.points(horizon), 0.0) ** self.power
        leads = np.log([lead for lead, _ in self.errors])
        known = np.array([np.quantile(errors, quantiles) for _, errors in self.errors])  # (leads, quantiles)
        at = np.log(np.arange(1, horizon + 1))
        spread = np.stack([np.interp(at, leads, column) for column in known.T], axis=1)  # (horizon, quantiles)
        return np.asarray(np.maximum(middle[:, None] + spread, 0.0) ** (1 / self.power))


def naive(name: str, days: int) -> Fit:
    """The same time `days` days ago, with the empirical quantiles of that rule's own past errors.

    None when the history is not a season and half a day long.
    """

    def fit(history: History) -> Forecaster | None:
        season = days * history.day
        if len(history.load) < season + history.day // 2:
            return None
        known = history.measured[season:] & history.measured[:-season]
        errors = (history.load[season:] - history.load[:-season])[known]
        last = history.load[-season:]
        return Fitted(name, lambda horizon: np.resize(last, horizon), _seen([(1, errors)]), power=1.0)

    return fit


def profile(name: str, days: int, *, memory: float, fade: float, smooth: float) -> Fit:
    """The usual day (or week), times how the last hours compare with it.

    `memory`: half-life in hours of the comparison; `fade`: hours after which 1/e of it is left; `smooth`: hours over
    which the usual day is averaged. None when the history is not a season and half a day long.
    """

    def fit(history: History) -> Forecaster | None:
        season, hour = days * history.day, history.day / 24
        if len(history.load) < season + history.day // 2:
            return None
        load = history.load
        smooth_load = _averaged(load, round(smooth * hour))
        usual = _usual(smooth_load, season)
        recent = min(len(load), season)
        level = _ratios(load[-recent:], usual[-recent:], memory * hour)[-1]

        def points(horizon: int) -> Array:
            fading = np.exp(-np.arange(1, horizon + 1) / (fade * hour))
            return np.asarray(np.resize(usual, horizon) * (1 + (level - 1) * fading))

        past = min(len(history.load) - season, ERROR_DAYS * history.day)
        before = smooth_load[-past - season :][:past]  # what a season of one had made of the last steps
        ratios = _ratios(load[-past:], before, memory * hour)
        return Fitted(name, points, _errors(history, before, ratios, fade * hour))

    return fit


def smoothed(name: str) -> Fit:
    """Additive exponential smoothing of level and day on the square root of the load (Holt-Winters without trend).

    Its two gains are chosen from `GAINS` by the one-step errors on this history. None below two days.
    """

    def fit(history: History) -> Forecaster | None:
        day = history.day
        root = np.sqrt(history.load[-ERROR_DAYS * day :])
        if len(root) < 1.5 * day:
            return None
        root = root[len(root) % day :] if len(root) >= 2 * day else root  # whole days where there are two
        runs = [_smooth(root.tolist(), day, level, season) for level, season in GAINS]
        gains, (level, season, levels, bases) = min(
            zip(GAINS, runs, strict=True), key=lambda run: float(np.abs(root[day:] - run[1][2] - run[1][3]).mean())
        )

        ahead = np.roll(season, -(len(root) % day))  # slot 0 is the step after the last

        def points(horizon: int) -> Array:
            return np.asarray(np.maximum(level + np.resize(ahead, horizon), 0.0) ** 2)

        known = history.measured[-len(root) :][day:]
        errors = []
        for lead in _leads(history, len(levels)):
            gap = root[day:][lead - 1 :] - levels[: len(levels) - lead + 1] - bases[lead - 1 :]
            errors.append((lead, gap[known[lead - 1 :]]))
        return Fitted(f"{name} ({gains[0]:g}, {gains[1]:g})", points, _seen(errors))

    return fit


def _smooth(root: list[float], day: int, gain: float, season_gain: float) -> tuple[float, Array, Array, Array]:
    """Last level, last day's season (day,), and for each step after the first day the level and season before it."""
    first = root[:day]
    level = sum(first) / day
    season = [value - level for value in first]
    levels, bases = [], []
    for at, value in enumerate(root[day:]):
        slot = at % day
        levels.append(level)
        bases.append(season[slot])
        error = value - level - season[slot]
        level += gain * error
        season[slot] += season_gain * (1 - gain) * error
    return level, np.array(season), np.array(levels), np.array(bases)


def _errors(history: History, before: Array, ratios: Array, fade: float) -> tuple[tuple[int, Array], ...]:
    """Errors at each lead of `before` times the level known then (`ratios`), over the last len(before) steps."""
    seen, known = history.load[-len(before) :], history.measured[-len(before) :]
    errors = []
    for lead in _leads(history, len(before)):
        said = before[lead:] * (1 + (ratios[:-lead] - 1) * np.exp(-lead / fade))
        errors.append((lead, (np.sqrt(seen[lead:]) - np.sqrt(np.maximum(said, 0.0)))[known[lead:]]))
    return _seen(errors)


def _averaged(load: Array, width: int) -> Array:
    """A centred moving average over about `width` steps; the ends average what there is."""
    half = width // 2
    if half == 0:
        return load
    kernel = np.ones(2 * half + 1)
    return np.convolve(load, kernel, mode="same") / np.convolve(np.ones(len(load)), kernel, mode="same")


def _usual(load: Array, season: int) -> Array:
    """The usual season (season,), slot 0 being the step after the last; younger seasons weigh more."""
    rows = load[len(load) % season :].reshape(-1, season)
    age = np.arange(len(rows))[::-1]
    weights = 0.5 ** (age / HALF_LIFE_SEASONS)
    return np.asarray((weights[:, None] * rows).sum(axis=0) / weights.sum())


def _ratios(load: Array, base: Array, half_life: float) -> Array:
    """How the load compares with the usual one at each step, the last `half_life` steps weighing half."""
    kernel = 0.5 ** (np.arange(min(len(load), int(6 * half_life) + 1)) / half_life)
    seen = np.convolve(load, kernel)[: len(load)]
    usual = np.convolve(base, kernel)[: len(load)]
    return np.asarray((seen + 1e-9) / (usual + 1e-9))


def _leads(history: History, size: int) -> tuple[int, ...]:
    """Leads in steps at which errors are looked at: one step, then `LEAD_HOURS`, as far as `size` steps allow."""
    leads = {1} | {max(1, round(hours * history.day / 24)) for hours in LEAD_HOURS}
    return tuple(sorted(lead for lead in leads if lead < size))


def _seen(errors: list[tuple[int, Array]]) -> tuple[tuple[int, Array], ...]:
    """Leads with an error that was measured; a single error of 0 where there is none at all."""
    return tuple(one for one in errors if one[1].size) or ((1, np.zeros(1)),)


FITS: tuple[Fit, ...] = (
    naive("seasonal naive by day", 1),
    naive("seasonal naive by week", 7),
    profile("usual day, fast level", 1, memory=0.5, fade=6, smooth=0.5),
    profile("usual day, slow level", 1, memory=12, fade=72, smooth=0.5),
    profile("usual week, fast level", 7, memory=0.5, fade=6, smooth=1.0),
    profile("usual week, slow level", 7, memory=12, fade=72, smooth=1.0),
    smoothed("exponential smoothing"),
)
