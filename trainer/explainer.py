"""explain.json of a table's model: the parameters as the graph has them, and reference rows that are nobody's.

The reference of a column are its quantiles, or its frequent values, in proportion; they are dealt out to the rows in an
order of each column's own, so that a row holds values that have nothing to do with one another. A value that fewer than
about one row in REFERENCE_ROWS has does not appear.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

from lepton.explanation.explainer import (
    Encoding,
    Explainer,
    LinearParameters,
    NumberEncoding,
    TextEncoding,
    TreeParameters,
)
from trainer.dataset import Array, Rows
from trainer.features import FeaturePlan
from trainer.graph import INSIDE, Nodes

REFERENCE_ROWS = 16


def explainer_of(plan: FeaturePlan, nodes: Nodes, train: Rows) -> Explainer:
    """`nodes`: the model's own, between features and scores."""
    return Explainer(
        reference={name: _reference(name, train.inputs[name][:, 0]) for name in plan.columns},
        encoding=_encoding(plan),
        linear=_linear(nodes),
        trees=_trees(nodes),
    )


def _encoding(plan: FeaturePlan) -> Encoding:
    numbers = tuple(
        NumberEncoding(name=one.name, fill=one.fill, flagged=one.flagged, offset=one.offset, scale=one.scale)
        for one in plan.numbers
    )
    return Encoding(
        numbers=numbers, texts=tuple(TextEncoding(name=one.name, categories=one.categories) for one in plan.texts)
    )


def _reference(name: str, values: Array) -> tuple[Any, ...]:
    """REFERENCE_ROWS values of a column; a missing number is None, a missing text is empty."""
    chosen = _frequent(values.tolist()) if values.dtype == object else _quantiles(values)
    order = sorted(range(REFERENCE_ROWS), key=lambda row: hashlib.sha256(f"{name}/{row}".encode()).digest())
    return tuple(chosen[row] for row in order)


def _quantiles(values: Array) -> list[float | None]:
    """Evenly spaced quantiles that occur as values, and as many missing ones as there are in proportion."""
    known = values[~np.isnan(values)]
    missing = round(REFERENCE_ROWS * (1 - len(known) / len(values)))
    kept = REFERENCE_ROWS - missing
    if not kept:
        return [None] * REFERENCE_ROWS
    found = np.quantile(known, (np.arange(kept) + 0.5) / kept, method="inverted_cdf")
    return [*(float(np.float32(value)) for value in found), *([None] * missing)]


def _frequent(values: list[str]) -> list[str]:
    """Values in proportion to how often they occur, by largest remainder."""
    counts = sorted(Counter(values).items())
    shares = {value: REFERENCE_ROWS * count / len(values) for value, count in counts}
    whole = {value: int(share) for value, share in shares.items()}
    by_remainder = sorted(shares, key=lambda value: (whole[value] - shares[value], value))
    for value in by_remainder[: REFERENCE_ROWS - sum(whole.values())]:
        whole[value] += 1
    return [value for value, times in whole.items() for _ in range(times)]


def _linear(nodes: Nodes) -> LinearParameters | None:
    held = {node.output[0]: node for node in nodes if node.op_type == "Constant"}
    if INSIDE + "weights" not in held:
        return None
    weights, bias = (
        numpy_helper.to_array(held[INSIDE + name].attribute[0].t).astype(np.float64).tolist()
        for name in ("weights", "bias")
    )
    return LinearParameters(weights=weights, bias=bias)


def _trees(nodes: Nodes) -> TreeParameters | None:
    ensemble = next((node for node in nodes if node.op_type == "TreeEnsembleRegressor"), None)
    if ensemble is None:
        return None
    told = {attribute.name: helper.get_attribute_value(attribute) for attribute in ensemble.attribute}
    keys = list(zip(told["nodes_treeids"], told["nodes_nodeids"], strict=True))
    place = {key: index for index, key in enumerate(keys)}
    leaf = [mode == b"LEAF" for mode in told["nodes_modes"]]
    value, target = [0.0] * len(keys), {}
    leaves = zip(
        told["target_treeids"], told["target_nodeids"], told["target_ids"], told["target_weights"], strict=True
    )
    for tree, node, score, weight in leaves:
        value[place[tree, node]] = weight
        target[tree] = score
    roots = [index for index, (_, node) in enumerate(keys) if node == 0]

    def child(name: str) -> tuple[int, ...]:
        below = zip(keys, told[name], leaf, strict=True)
        return tuple(-1 if ends else place[tree, node] for (tree, _), node, ends in below)

    features = zip(told["nodes_featureids"], leaf, strict=True)
    return TreeParameters(
        outputs=told["n_targets"],
        roots=tuple(roots),
        targets=tuple(target[keys[root][0]] for root in roots),
        feature=tuple(-1 if ends else feature for feature, ends in features),
        threshold=tuple(told["nodes_values"]),
        left=child("nodes_truenodeids"),
        right=child("nodes_falsenodeids"),
        value=tuple(value),
    )
