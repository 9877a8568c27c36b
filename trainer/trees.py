"""LightGBM's trees as one ONNX TreeEnsembleRegressor: raw scores out, so that all models have the same head.

LightGBM compares with float64 thresholds, ONNX Runtime with float32 ones. For a float32 input x, `x <= t` is the same
question as `x <= t32` when t32 is the largest float32 that is not above t; the nearest one would change it for some x.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import onnx
from onnx import helper

from lepton.errors import Misconfigured


def tree_node(dump: dict[str, Any], features: str, scores: str, targets: int) -> onnx.NodeProto:
    """The node for `Booster.dump_model()`: float32 (N, F) to float32 (N, targets), one target for each class.

    A booster for two classes has one score, that of the second: the first one's stays 0.
    """
    lists: dict[str, list[Any]] = defaultdict(list)
    per_round = int(dump["num_tree_per_iteration"])
    first_target = targets - per_round
    for tree in dump["tree_info"]:
        index = int(tree["tree_index"])
        _add_tree(lists, index, tree["tree_structure"], first_target + index % per_round)
    return helper.make_node(
        "TreeEnsembleRegressor",
        [features],
        [scores],
        domain="ai.onnx.ml",
        n_targets=targets,
        post_transform="NONE",
        **lists,
    )


def _add_tree(lists: dict[str, list[Any]], tree: int, root: dict[str, Any], target: int) -> None:
    """Add the nodes of one tree, numbered from 0 at the root in the order in which they are met."""
    waiting, numbered = [(0, root)], 1
    while waiting:
        number, node = waiting.pop()
        lists["nodes_treeids"].append(tree)
        lists["nodes_nodeids"].append(number)
        if "leaf_value" in node:
            _fill(lists, "LEAF", 0, 0.0, (0, 0))
            lists["target_treeids"].append(tree)
            lists["target_nodeids"].append(number)
            lists["target_ids"].append(target)
            lists["target_weights"].append(float(node["leaf_value"]))
            continue
        if node["decision_type"] != "<=":
            raise Misconfigured(f"a tree splits by {node['decision_type']!r}: only numeric splits are exported")
        _fill(lists, "BRANCH_LEQ", int(node["split_feature"]), node["threshold"], (numbered, numbered + 1))
        waiting += [(numbered, node["left_child"]), (numbered + 1, node["right_child"])]
        numbered += 2


def _fill(lists: dict[str, list[Any]], mode: str, feature: int, threshold: float, children: tuple[int, int]) -> None:
    lists["nodes_modes"].append(mode)
    lists["nodes_featureids"].append(feature)
    lists["nodes_values"].append(not_above(float(threshold)))
    lists["nodes_truenodeids"].append(children[0])
    lists["nodes_falsenodeids"].append(children[1])


def not_above(threshold: float) -> float:
    """The largest float32 that is not above a float64."""
    nearest = np.float32(threshold)
    return float(nearest if float(nearest) <= threshold else np.nextafter(nearest, np.float32(-np.inf)))
