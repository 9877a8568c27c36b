"""Scores of trees: exact interventional Shapley values with input columns as players.

Source: Lundberg et al. 2020, "From local explanations to global understanding with explainable AI for trees", the
interventional ("independent") TreeSHAP, for one reference row at a time; here the players are columns, which may be
several features each (a number and its flag, the categories of a text), so that no sum over features is needed.

For a row x, a reference row z and a leaf: a column on the leaf's path is passed by x, by z, by both or by neither. If
by neither, no coalition reaches the leaf. Otherwise with a columns passed by x alone and c by z alone the leaf's value
counts (a-1)! c! / (a+c)! for each of the a, and -a! (c-1)! / (a+c)! for each of the c.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import factorial

import numpy as np

from lepton.explanation.columns import Array
from lepton.explanation.explainer import TreeParameters


@dataclass(frozen=True, slots=True)
class TreeScores:
    """Every leaf's path, as pairs of a leaf and a column on it. E questions, P pairs, L leaves that have a path.

    feature, threshold, left (E,): the questions; pair_starts (P,): the first question of each pair; column (P,);
    leaf_starts (L,): the first pair of each leaf; of_leaf (P,): the leaf of each pair; value, target (L,).
    passed (R, P): which pairs the reference rows pass. alone (K,): what trees without a question add.
    """

    feature: Array
    threshold: Array
    left: Array
    pair_starts: Array
    column: Array
    leaf_starts: Array
    of_leaf: Array
    value: Array
    target: Array
    alone: Array
    players: int
    passed: Array

    @classmethod
    def of(cls, told: TreeParameters, groups: Array, players: int, reference: Array) -> TreeScores:
        """`groups` (F,): the player of each feature; `reference` (R, F): the features of the reference rows."""
        leaf, node, left = _paths(told)
        target, value = _targets(told), np.array(told.value, dtype=np.float64)
        feature = np.array(told.feature)[node]
        order = np.lexsort((groups[feature], leaf))
        leaf, node, left, feature = leaf[order], node[order], left[order], feature[order]
        column = groups[feature]
        pair_starts = np.flatnonzero(np.r_[True, (np.diff(leaf) != 0) | (np.diff(column) != 0)][: len(leaf)])
        leaf_of_pair = leaf[pair_starts]
        leaf_starts = np.flatnonzero(np.r_[True, np.diff(leaf_of_pair) != 0][: len(leaf_of_pair)])
        leaves = leaf_of_pair[leaf_starts]
        counts = np.diff(np.r_[leaf_starts, len(leaf_of_pair)])
        bare = [root for root in told.roots if told.feature[root] < 0]
        without = cls(
            feature=feature,
            threshold=np.array(told.threshold, dtype=np.float32)[node],
            left=left,
            pair_starts=pair_starts,
            column=column[pair_starts],
            leaf_starts=leaf_starts,
            of_leaf=np.repeat(np.arange(len(leaves)), counts),
            value=value[leaves],
            target=target[leaves],
            alone=np.bincount(target[bare], value[bare], minlength=told.outputs),
            players=players,
            passed=np.empty((0, len(pair_starts)), dtype=bool),
        )
        return replace(without, passed=np.stack([without.passes(row) for row in reference]))

    def passes(self, row: Array) -> Array:
        """Features (F,) to (P,): whether the row passes every question of the pair."""
        if not len(self.feature):
            return np.empty(0, dtype=bool)
        passed: Array = np.logical_and.reduceat((row[self.feature] <= self.threshold) == self.left, self.pair_starts)
        return passed

    def base(self) -> Array:
        """(K,) mean scores of the reference."""
        return np.mean([self._scores(passed) for passed in self.passed], axis=0)  # type: ignore[no-any-return]

    def contributions(self, row: Array) -> Array:
        """Features (F,) to (K, players)."""
        made = np.zeros(len(self.alone) * self.players)
        mine = self.passes(row)
        where = self.target[self.of_leaf] * self.players + self.column
        for theirs in self.passed:
            made += np.bincount(where, self._shares(mine, theirs), minlength=len(made)) if len(mine) else 0.0
        return made.reshape(len(self.alone), self.players) / len(self.passed)

    def _shares(self, mine: Array, theirs: Array) -> Array:
        """(P,): what each pair's column gets of its leaf's value, against one reference row."""
        gains, loses = mine & ~theirs, theirs & ~mine
        more = np.add.reduceat(gains.astype(np.int64), self.leaf_starts)
        less = np.add.reduceat(loses.astype(np.int64), self.leaf_starts)
        worth = self.value * np.logical_and.reduceat(mine | theirs, self.leaf_starts)
        win, lose = _weights(int(max(more.max(), less.max())))
        shares: Array = gains * (worth * win[more, less])[self.of_leaf]
        shares -= loses * (worth * lose[more, less])[self.of_leaf]
        return shares

    def _scores(self, passed: Array) -> Array:
        if not len(passed):
            return self.alone
        reached = np.logical_and.reduceat(passed, self.leaf_starts)
        scores: Array = self.alone + np.bincount(self.target, self.value * reached, minlength=len(self.alone))
        return scores


@cache
def _weights(most: int) -> tuple[Array, Array]:
    """win[a, c] = (a-1)! c! / (a+c)!, lose[a, c] = a! (c-1)! / (a+c)!; 0 where nobody wins or loses."""
    win = np.zeros((most + 1, most + 1))
    for a in range(1, most + 1):
        for c in range(most + 1):
            win[a, c] = factorial(a - 1) * factorial(c) / factorial(a + c)
    return win, win.T


def _paths(told: TreeParameters) -> tuple[Array, Array, Array]:
    """leaf, node and left of every question on every leaf's path."""
    feature = np.array(told.feature)
    inner = np.flatnonzero(feature >= 0)
    parent, is_left = np.full(len(feature), -1), np.zeros(len(feature), dtype=bool)
    left, right = np.array(told.left)[inner], np.array(told.right)[inner]
    parent[left], parent[right], is_left[left] = inner, inner, True
    leaf = at = np.flatnonzero((feature < 0) & (parent >= 0))
    found = [np.empty((3, 0), dtype=np.int64)]
    while len(at):
        found.append(np.stack([leaf, parent[at], is_left[at]]))
        keep = parent[parent[at]] >= 0
        leaf, at = leaf[keep], parent[at][keep]
    made = np.concatenate(found, axis=1)
    return made[0], made[1], made[2] > 0


def _targets(told: TreeParameters) -> Array:
    """The score that each node's tree adds to."""
    feature, left, right = np.array(told.feature), np.array(told.left), np.array(told.right)
    target = np.full(len(feature), -1)
    level = np.array(told.roots)
    target[level] = told.targets
    while len(level := level[feature[level] >= 0]):
        target[left[level]] = target[right[level]] = target[level]
        level = np.concatenate([left[level], right[level]])
    return target
