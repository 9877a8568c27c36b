"""Direct regression on lags: for each lead, what the recent past and the usual day and week say of that step.

One pass over the history gives every forecast of the past too, each from what was known then: coefficients are refitted
once a day from the days before (ridge, discounted), and errors, in units of a spread that is itself regressed on how
large errors have been lately, give the quantiles. All of it on the square root of the load (see `forecasters`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lepton.forecast.history import Array, History, Mask, Steps
from lepton.forecast.recency import averaged, seasonal, trailing

NAME = "regression on lags"
# Half-lives, in hours, of the averages that the regression sees, and in days of what it remembers.
LEVEL_HOURS = (1.0, 4.0, 12.0, 36.0)
SPREAD_HOURS = (1.0, 6.0, 48.0)
MEMORY_DAYS = 28.0
ERROR_DAYS = 28
RIDGE, SPREAD_RIDGE, EARLY_RIDGE = 0.02, 0.01, 3.0
KNOT_HOURS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0, 8.0, 16.0, 24.0, 48.0, 168.0)
FEWEST_DAYS = 4


@dataclass(frozen=True, slots=True)
class Regression:
    """Past forecasts and the one to come, at some leads (`knots`, steps, rising); between them straight lines.

    `coefficients` (knots, days, p), those of each day from the third on; `spread` (knots, n + 1) for each origin, on
    the root of the load; `errors` (knots, n + 1): those of the forecast made at the origin, in units of its spread,
    NaN where not known.
    """

    panel: _Panel
    knots: Steps
    coefficients: Array
    spread: Array
    errors: Array

    def at(self, origins: Steps, horizon: int, quantiles: Sequence[float]) -> Array:
        """Counts (origins, horizon, quantiles) as each origin would have said them."""
        leads = np.arange(1, horizon + 1)
        high = np.minimum(np.searchsorted(self.knots, leads), len(self.knots) - 1)
        low = np.maximum(high - 1, 0)
        width = np.maximum(self.knots[high] - self.knots[low], 1)
        part = np.clip((leads - self.knots[low]) / width, 0.0, 1.0)[:, None]
        asked, base = _asked(self.panel, leads, origins)
        days = (origins - 2 * self.panel.day) // self.panel.day
        weights = self.coefficients[:, np.minimum(days, self.coefficients.shape[1] - 1)].swapaxes(0, 1)
        rise = np.einsum("olp,olp->ol", asked, weights[:, low] * (1 - part) + weights[:, high] * part)
        about = np.stack([self._about(int(origin), quantiles) for origin in origins])  # (origins, knots, q)
        said = (base + rise)[..., None] + about[:, low] * (1 - part) + about[:, high] * part
        return np.asarray(np.maximum(said, 0.0) ** 2)

    def knows(self, origin: int) -> bool:
        """Whether each lead had half a day of errors to go by at this origin."""
        counts = [
            int(np.count_nonzero(~np.isnan(row[: max(0, origin - lead + 1)])))
            for row, lead in zip(self.errors, self.knots.tolist(), strict=True)
        ]
        return bool(min(counts) >= self.panel.day // 2)

    def _about(self, origin: int, quantiles: Sequence[float]) -> Array:
        """(knots, quantiles) about the middle, from the errors that were known at the origin."""
        rows, window = [], ERROR_DAYS * self.panel.day
        for knot, lead in enumerate(self.knots.tolist()):
            past = self.errors[knot, max(0, origin - lead + 1 - window) : max(0, origin - lead + 1)]
            past = past[~np.isnan(past)]
            spread = np.quantile(past, quantiles) if past.size else np.zeros(len(quantiles))
            rows.append(spread * self.spread[knot, origin])
        return np.array(rows)


def averaged_width(day: int) -> int:
    """Steps on either side over which the usual day is averaged: half an hour."""
    return max(0, round(0.5 * day / 24))


def regressed(history: History, horizon: int) -> Regression | None:
    """None when the history is shorter than `FEWEST_DAYS`."""
    if len(history.load) < FEWEST_DAYS * history.day:
        return None
    panel = _Panel.of(history)
    hours = [round(hour * history.day / 24) for hour in KNOT_HOURS]
    knots = sorted({1, 2, *(lead for lead in hours if 1 <= lead < horizon), horizon} - {0})
    knots = [lead for lead in knots if lead <= horizon]
    coefficients, spread, errors = (np.stack(part) for part in zip(*(_lead(panel, k) for k in knots), strict=True))
    return Regression(panel, np.array(knots, dtype=np.intp), coefficients, spread, errors)


@dataclass(frozen=True, slots=True)
class _Panel:
    """What is known of every step: root of the load, the usual day and week, averages; `usual` runs a day on."""

    root: Array
    measured: Mask
    day: int
    usual: Array
    yesterday: Array
    week: Array | None
    recent: Array
    sizes: Array

    @classmethod
    def of(cls, history: History) -> _Panel:
        day, root = history.day, np.sqrt(history.load)
        smooth = averaged(root, averaged_width(day))
        usual = seasonal(smooth, day, 3.0)
        away = root - usual[: len(root)]
        away[:day] = 0.0
        hours = [hour * day / 24 for hour in LEVEL_HOURS if hour * day / 24 >= 1]
        levels = [trailing(root, hour * day / 24) for hour in (1.0, 24.0, 96.0)]
        recent = [away, *(trailing(away, width) for width in hours), levels[0] - levels[1], levels[1] - levels[2]]
        sizes = [trailing(np.abs(away), max(1.0, hour * day / 24)) for hour in SPREAD_HOURS]
        week = seasonal(smooth, 7 * day, 2.0) if len(root) >= 9 * day else None
        recent.append(levels[1])
        return cls(
            root,
            history.measured,
            day,
            usual,
            seasonal(smooth, day, 1.0),
            week,
            np.stack(recent, axis=1),
            np.stack(sizes, axis=1),
        )


def _lead(panel: _Panel, lead: int) -> tuple[Array, Array, Array]:
    """Coefficients, spread and errors of the forecasts `lead` steps ahead, as `Regression` keeps them."""
    size, day = len(panel.root), panel.day
    origins = np.arange(2 * day, size + 1)
    target = origins - 1 + lead
    known = target < size
    seen = np.where(known, panel.root[np.minimum(target, size - 1)], 0.0)
    known &= panel.measured[np.minimum(target, size - 1)]
    asked, base = (part[:, 0] for part in _asked(panel, np.array([lead]), origins))
    away = np.where(known, seen - base, 0.0)
    middle, coefficients = _expanding(asked, away, known, lead, day, RIDGE, np.zeros(asked.shape[1]))
    errors = np.where(known, away - middle, np.nan)
    sizes = _sizes(panel, errors, origins, target, base + middle, lead)
    even = np.full(sizes.shape[1], 1 / sizes.shape[1])
    spread, _ = _expanding(sizes, np.abs(np.nan_to_num(errors)), known, lead, day, SPREAD_RIDGE, even)
    spread = np.maximum(spread, 0.25 * sizes.mean(axis=1) + 1e-9)
    spreads, standard = np.zeros(size + 1), np.full(size + 1, np.nan)
    spreads[2 * day :] = spread
    warm = min(4 * day, (size - 2 * day) // 3)  # the first refits know too little to be judged by
    standard[2 * day + warm :] = (errors / spread)[warm:]
    return coefficients, spreads, standard


def _asked(panel: _Panel, leads: Steps, origins: Steps) -> tuple[Array, Array]:
    """The regressors (origins, leads, p), all known at the origin, and the usual day (origins, leads)."""
    day, target, reach = panel.day, origins[:, None] - 1 + leads, leads + averaged_width(panel.day)
    same = target - reach // day * day
    base = panel.usual[same]
    columns = [np.ones(base.shape), panel.yesterday[same] - base]
    if panel.week is not None:
        week = panel.week[target - reach // (7 * day) * 7 * day]
        columns.append(np.where(np.isnan(week), base, week) - base)
    recent = panel.recent[origins - 1]
    columns += [np.broadcast_to(column[:, None], base.shape) for column in recent[:, :-1].T]
    columns.append(base - recent[:, -1:])
    return np.stack(columns, axis=-1), base


def _sizes(panel: _Panel, errors: Array, origins: Steps, target: Steps, middle: Array, lead: int) -> Array:
    """What the size of an error is regressed on: lately, at this time of day, and the level itself."""
    day, width, size = panel.day, 2 * averaged_width(panel.day) + 1, len(panel.root)
    absolute = np.abs(errors)
    heard = np.concatenate((np.zeros(lead), ~np.isnan(absolute)))[: len(origins)]
    told = np.concatenate((np.zeros(lead), np.nan_to_num(absolute)))[: len(origins)]
    typical = np.cumsum(told) / np.maximum(np.cumsum(heard), 1.0)
    whole = np.full(size, np.nan)
    inside = target < size
    whole[target[inside]] = absolute[inside]
    slots = seasonal(averaged(np.nan_to_num(whole), width), day, 7.0)
    slot = slots[target - (lead + width) // day * day]
    columns = [typical, *panel.sizes[origins - 1].T]
    columns += [np.where(np.isnan(slot), typical, slot), 0.3 * np.abs(middle)]
    return np.stack(columns, axis=1)


def _expanding(
    asked: Array, answer: Array, known: Mask, lead: int, day: int, ridge: float, prior: Array
) -> tuple[Array, Array]:
    """Predictions (origins,), each day's by the coefficients (days, p) fitted to what was known when it began."""
    count, size = asked.shape[1], len(asked)
    seen, target = np.where(known[:, None], asked, 0.0), np.where(known, answer, 0.0)
    gram, moment, keep = np.zeros((count, count)), np.zeros(count), 0.5 ** (1 / MEMORY_DAYS)
    said, fitted = np.empty(size), []
    for first in range(0, size, day):
        part = slice(max(0, first - day - lead + 1), max(0, first - lead + 1))
        gram = gram * keep + seen[part].T @ seen[part]
        moment = moment * keep + seen[part].T @ target[part]
        pull = (ridge + EARLY_RIDGE / (1.0 + first / day)) * np.diag(gram) + 1e-9 * (1.0 + np.trace(gram))
        weights = np.linalg.solve(gram + np.diag(pull), moment + pull * prior)
        said[first : first + day] = asked[first : first + day] @ weights
        fitted.append(weights)
    return said, np.array(fitted)
