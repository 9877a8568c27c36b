"""The cheapest schedule: levels over blocks, with a price on every environment that is switched."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import numpy as np

from lepton.capacity.plan import Level
from lepton.forecast.history import Array

SHORTEST_BLOCK = 900
# A switched environment wastes about half of a 5-minute billing step and is not ready for a minute or two.
SWITCH_SECONDS = 150


def block_steps(step: int) -> int:
    """Steps of a block: the fewest that last a quarter of an hour."""
    return math.ceil(SHORTEST_BLOCK / step)


def best_levels(gains: Array, steps: int, switch_price: float, most: int) -> Array:
    """Level index for each step (n,), constant over blocks of `steps`, at most `most`.

    Maximises the sum of gains less `switch_price` per level index switched between blocks: dynamic programming over
    (block, level), exact. More gain at high levels never lowers a level (the objective is supermodular).
    """
    starts = np.arange(0, len(gains), steps)
    blocks = np.add.reduceat(gains, starts, axis=0)[:, : most + 1]  # (blocks, levels)
    level = np.arange(blocks.shape[1])
    best, came = blocks[0], []
    for gain in blocks[1:]:
        up, up_from = _running_best(best + switch_price * level)
        down, down_from = _running_best((best - switch_price * level)[::-1])
        up, down = up - switch_price * level, down[::-1] + switch_price * level
        came.append(np.where(up >= down, up_from, level[-1] - down_from[::-1]))
        best = gain + np.maximum(up, down)
    chosen = [int(np.argmax(best))]
    for back in reversed(came):
        chosen.append(int(back[chosen[-1]]))
    return np.repeat(chosen[::-1], steps)[: len(gains)]


def _running_best(values: Array) -> tuple[Array, Array]:
    """The highest value up to each place, and where it stands."""
    best = np.maximum.accumulate(values)
    places = np.where(values >= best, np.arange(len(values)), 0)
    return best, np.maximum.accumulate(places)


def levels_as_schedule(levels: Array, start: datetime, step: int) -> tuple[Level, ...]:
    """Runs of the same level as [start, end) spans."""
    edges = [0, *(np.flatnonzero(np.diff(levels)) + 1).tolist(), len(levels)]
    times = [start + timedelta(seconds=step * edge) for edge in edges]
    return tuple(
        Level(start=begin, end=end, level=int(levels[edge]))
        for begin, end, edge in zip(times, times[1:], edges, strict=False)
    )
