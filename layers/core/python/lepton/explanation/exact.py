"""Exact contributions from the parameters in explain.json, with input columns as players."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lepton.errors import CorruptArtifact
from lepton.explanation.attribution import Aim, Attribution
from lepton.explanation.columns import Array, column_of_feature, feature_names, features, reference_columns
from lepton.explanation.explainer import Encoding, Explainer, TreeParameters
from lepton.explanation.linear import LinearScores
from lepton.explanation.paths import path
from lepton.explanation.trees import TreeScores
from lepton.model_package.manifest import Signature

OUTPUTS = ("probabilities", "prediction")
_TOLERANCE = 1e-3  # between the graph's answer and the one that these parameters give


@dataclass(frozen=True, slots=True)
class ExactScores:
    """Prepared once for a version: `base` (K,) is what the scores add up from."""

    columns: tuple[str, ...]
    encoding: Encoding
    scores: LinearScores | TreeScores
    base: Array
    trees: TreeParameters | None

    @classmethod
    def of(cls, explainer: Explainer, signature: Signature) -> ExactScores | None:
        """None when the explainer holds no parameters."""
        encoding = explainer.encoding
        if encoding is None:
            return None
        columns = tuple(spec.name for spec in signature.inputs)
        groups = np.array([columns.index(name) for name in column_of_feature(encoding)])
        reference = features(encoding, reference_columns(explainer, signature))
        scores: LinearScores | TreeScores
        if explainer.linear is not None:
            scores = LinearScores.of(explainer.linear, groups, len(columns), reference)
        elif explainer.trees is not None:
            scores = TreeScores.of(explainer.trees, groups, len(columns), reference)
        else:
            return None
        return cls(columns, encoding, scores, scores.base(), explainer.trees)

    def features(self, inputs: Mapping[str, Array]) -> Array:
        """The rows as features (N, F)."""
        return features(self.encoding, inputs)

    def attribution(self, row: Array, answer: Array, aim: Aim) -> Attribution:
        """Features (F,) of the row and the graph's answer (width,).

        Two classes: the log-odds of the one asked for; more: its score before the softmax; else the prediction. Raises
        CorruptArtifact when the graph's answer is another one than these parameters give.
        """
        contributions = self.scores.contributions(row)  # (K, players)
        totals = self.base + contributions.sum(axis=1)  # (K,)
        index = aim.index(answer)
        if not aim.classes:
            given, scale, base = totals[0], "prediction", self.base[0]
        else:
            powers = np.exp(totals - totals.max())
            given, scale, base = (powers / powers.sum())[index], "score", self.base[index]
        chosen, value = contributions[index], totals[index]
        if len(aim.classes) == 2:
            other = 1 - index
            chosen, value, scale = chosen - contributions[other], value - totals[other], "log-odds"
            base = base - self.base[other]
        residual = float(answer[index] - given)
        if not abs(residual) <= _TOLERANCE * (1 + abs(float(given))):
            raise CorruptArtifact(f"explain.json gives {given:.6g} where the graph gives {answer[index]:.6g}")
        return Attribution(float(base), float(value), chosen, residual, scale, aim.name(index))

    def path(self, row: Array, tree: int) -> dict[str, Any] | None:
        """The decision path of a tree; None when there is no such tree."""
        if self.trees is None or tree >= len(self.trees.roots):
            return None
        return path(self.trees, tree, row, feature_names(self.encoding))
