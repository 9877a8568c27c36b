"""Shapley values of a model that can only be run: all coalitions when they are few, permutations otherwise.

The worth of a coalition S is the mean answer for rows that have the row's values in S and a reference row's elsewhere.
Sampled: Castro et al. 2009, by permutations, each with its reverse (antithetic, Mitchell et al. 2022) and with one of
the reference rows in turn. The contributions of one permutation add up to answer minus reference answer by
construction; the standard error is that of the mean over the pairs of permutations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import comb

import numpy as np

from lepton.explanation.columns import Array

# Coalitions (N, players) bool and the reference row of each (N,) to answers (N,).
Worth = Callable[[Array, Array], Array]
MOST_ENUMERATED = 16  # players


@dataclass(frozen=True, slots=True)
class Estimate:
    """contributions and error (players,); base: mean answer of the reference rows that were used."""

    contributions: Array
    error: Array
    base: float
    evaluations: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Design:
    """Which coalitions are asked for one row: (N, players) with the reference row of each (N,).

    `orders` (pairs, players): the permutations, each walked forwards and backwards; None: all coalitions.
    """

    coalitions: Array
    against: Array
    orders: Array | None
    references: int


def evaluations_of_all(players: int, references: int) -> int:
    """How often the model is asked when every coalition is (the empty and the whole one are known)."""
    return ((1 << players) - 2) * references if players <= MOST_ENUMERATED else 1 << 62


def least(players: int) -> int:
    """Evaluations of two pairs of permutations: the fewest that an error can be told of."""
    return max(1, 4 * (players - 1))


def designed(players: int, references: int, samples: int, rng: np.random.Generator) -> Design:
    """The coalitions that `samples` evaluations allow, two pairs of permutations at the least."""
    if evaluations_of_all(players, references) <= samples:
        masks = _all(players)[1:-1]
        against = np.repeat(np.arange(references), len(masks))
        return Design(np.tile(masks, (references, 1)), against, None, references)
    pairs = max(2, samples // (2 * (players - 1)))
    if pairs > references:
        pairs -= pairs % references
    orders = rng.permuted(np.tile(np.arange(players), (pairs, 1)), axis=1)
    chosen = np.arange(pairs) % references if pairs >= references else rng.choice(references, pairs, replace=False)
    ranks = np.argsort(orders, axis=1)  # (pairs, players): when each player joins
    sizes = np.arange(1, players)
    forwards = ranks[:, None, :] < sizes[None, :, None]  # (pairs, players - 1, players)
    backwards = ranks[:, None, :] >= players - sizes[None, :, None]
    coalitions = np.concatenate([forwards, backwards], axis=1).reshape(-1, players)
    return Design(coalitions, np.repeat(chosen, 2 * (players - 1)), orders, references)


def estimated(design: Design, worths: Array, empty: Array, whole: float) -> Estimate:
    """`worths` (N,) of the design's coalitions, `empty` (R,) answers of the reference rows, `whole` of the row."""
    players = design.coalitions.shape[1]
    if design.orders is None:
        worth = worths.reshape(design.references, -1).mean(axis=0)
        contributions = _enumerated(players, np.r_[empty.mean(), worth, whole])
        return Estimate(contributions, np.zeros(players), float(empty.mean()), len(worths), True)
    pairs = len(design.orders)
    against = design.against.reshape(pairs, -1)[:, 0]
    walked = worths.reshape(pairs, 2, players - 1)
    start = np.broadcast_to(empty[against][:, None, None], (pairs, 2, 1))
    steps = np.diff(np.concatenate([start, walked, np.full((pairs, 2, 1), whole)], axis=2), axis=2)
    each = np.zeros((pairs, players))
    rows = np.arange(pairs)[:, None]
    each[rows, design.orders] += steps[:, 0] / 2
    each[rows, design.orders[:, ::-1]] += steps[:, 1] / 2
    error = each.std(axis=0, ddof=1) / np.sqrt(pairs)
    return Estimate(each.mean(axis=0), error, float(empty[against].mean()), len(worths), False)


def shapley(worth: Worth, players: int, ends: tuple[Array, float], samples: int, rng: np.random.Generator) -> Estimate:
    """One row: `ends` are the answers of the reference rows (R,) and of the row itself."""
    design = designed(players, len(ends[0]), samples, rng)
    return estimated(design, worth(design.coalitions, design.against), *ends)


def _all(players: int) -> Array:
    """(2^players, players): every coalition, in binary order."""
    made: Array = (np.arange(1 << players)[:, None] >> np.arange(players)) & 1 > 0
    return made


def _enumerated(players: int, worth: Array) -> Array:
    """Shapley 1953: the mean of what a player adds, over all sizes of the coalition that it joins."""
    masks = _all(players)
    sizes = masks.sum(axis=1)
    weight = np.array([1 / (players * comb(players - 1, size)) for size in range(players)])
    made = np.zeros(players)
    for player in range(players):
        without = np.flatnonzero(~masks[:, player])
        made[player] = weight[sizes[without]] @ (worth[without | (1 << player)] - worth[without])
    return made


def spread(names: Sequence[str], values: Array) -> dict[str, float]:
    """The values by player's name."""
    return {name: float(value) for name, value in zip(names, values, strict=True)}
