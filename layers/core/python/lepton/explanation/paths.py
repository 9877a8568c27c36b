"""The decision path of one tree: the questions that it asks of a row, in order, and the leaf where that ends."""

from __future__ import annotations

from typing import Any

from lepton.explanation.columns import Array
from lepton.explanation.explainer import TreeParameters


def path(told: TreeParameters, tree: int, row: Array, names: tuple[str, ...]) -> dict[str, Any]:
    """Features (F,) of the row; `names` of the features. One step for each question."""
    node, steps = told.roots[tree], []
    while (feature := told.feature[node]) >= 0:
        value, threshold = float(row[feature]), told.threshold[node]
        holds = value <= threshold
        steps.append({"feature": names[feature], "value": value, "threshold": threshold, "at_most": holds})
        node = told.left[node] if holds else told.right[node]
    return {"tree": tree, "trees": len(told.roots), "steps": steps, "leaf": told.value[node]}
