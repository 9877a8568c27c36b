"""Averages of the past, each from what lay before it: trailing, by season, and over neighbours."""

from __future__ import annotations

import numpy as np

from lepton.forecast.history import Array

# Beyond this many half-lives a weight is below 1e-6.
REACH = 20


def averaged(load: Array, half: int) -> Array:
    """A centred moving average over 2 half + 1 steps; the ends average what there is."""
    if half == 0:
        return load
    kernel = np.ones(2 * half + 1)
    return np.convolve(load, kernel, mode="same") / np.convolve(np.ones(len(load)), kernel, mode="same")


def trailing(load: Array, half_life: float) -> Array:
    """The exponential average of the steps up to and with each: (n,)."""
    keep = 0.5 ** (1 / half_life)
    block = max(1, int(REACH * half_life))
    powers = keep ** np.arange(1, block + 1)
    total, weight = np.empty(len(load)), np.empty(len(load))
    carried, borne = 0.0, 0.0
    for first in range(0, len(load), block):
        part = load[first : first + block]
        decay = powers[: len(part)]
        total[first : first + block] = decay * (carried + np.cumsum(part / decay))
        weight[first : first + block] = decay * (borne + np.cumsum(1 / decay))
        carried, borne = float(total[first + len(part) - 1]), float(weight[first + len(part) - 1])
    return np.asarray(total / weight)


def seasonal(load: Array, season: int, half_life: float) -> Array:
    """The average of the same slot in the seasons before each, of half-life in seasons: NaN in the first season.

    (n' + season,), n' being n rounded up to whole seasons: it runs on for a season after the last step.
    """
    count = -(-len(load) // season)
    padded = np.full(count * season, np.nan)
    padded[: len(load)] = load
    keep = 0.5 ** (1 / half_life)
    means = np.full((count + 1, season), np.nan)
    total, weight = np.zeros(season), np.zeros(season)
    for at, row in enumerate(padded.reshape(count, season)):
        known = ~np.isnan(row)
        total, weight = keep * total + np.where(known, row, 0.0), keep * weight + known
        means[at + 1] = np.where(weight > 0, total / np.maximum(weight, 1e-12), np.nan)
    return means.ravel()
