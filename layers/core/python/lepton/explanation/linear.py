"""Linear scores: the contribution of a column is its part of the sum, minus that part's mean over the reference.

These are the interventional Shapley values (Lundberg & Lee 2017, corollary 1; Štrumbelj & Kononenko 2014): exact, for
columns as players, as a column's features enter the sum by themselves.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lepton.explanation.columns import Array
from lepton.explanation.explainer import LinearParameters


@dataclass(frozen=True, slots=True)
class LinearScores:
    """`groups` (F,): the player that each feature belongs to."""

    weights: Array
    bias: Array
    groups: Array
    players: int
    reference: Array

    @classmethod
    def of(cls, told: LinearParameters, groups: Array, players: int, reference: Array) -> LinearScores:
        """`reference` (R, F): the features of the reference rows."""
        weights = np.array(told.weights, dtype=np.float64).reshape(len(groups), -1)
        return cls(weights, np.array(told.bias, dtype=np.float64), groups, players, reference.mean(0, dtype=np.float64))

    def base(self) -> Array:
        """(K,) mean scores of the reference."""
        scores: Array = self.reference @ self.weights + self.bias
        return scores

    def contributions(self, row: Array) -> Array:
        """Features (F,) to (K, players)."""
        parts = (row.astype(np.float64) - self.reference)[:, None] * self.weights  # (F, K)
        made = np.zeros((self.players, self.weights.shape[1]))
        np.add.at(made, self.groups, parts)
        return made.T
