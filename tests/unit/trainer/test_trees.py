"""LightGBM's trees as an ONNX node: thresholds that are rounded so that no row changes its side."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.errors import Misconfigured
from lepton.model_package.manifest import Signature, TensorSpec
from trainer.dataset import Array
from trainer.graph import FEATURES, SCORES, graph_bytes
from trainer.trees import not_above, tree_node

SETTINGS: dict[str, Any] = {"verbosity": -1, "num_threads": 1, "use_missing": False, "min_data_in_leaf": 1}


def graph_scores(booster: lightgbm.Booster, features: Array, targets: int) -> Array:
    inputs = (TensorSpec(name=FEATURES, datatype="FP32", shape=(-1, features.shape[1])),)
    outputs = (TensorSpec(name=SCORES, datatype="FP32", shape=(-1, targets)),)
    node = tree_node(booster.dump_model(), FEATURES, SCORES, targets)
    session = onnxruntime.InferenceSession(graph_bytes([node], Signature(inputs=inputs, outputs=outputs)))
    scores: Array = session.run(None, {FEATURES: features})[0]
    return scores


@given(st.floats(allow_nan=False, min_value=-1e30, max_value=1e30))
def test_a_threshold_becomes_the_largest_float32_not_above_it(threshold: float) -> None:
    rounded = not_above(threshold)
    assert rounded <= threshold < float(np.nextafter(np.float32(rounded), np.float32(np.inf)))


def test_neighbouring_float32_values_stay_on_their_sides() -> None:
    low = np.float32(16777215)  # the next float32 is one more: LightGBM's threshold lies between
    features = np.array([[low], [np.nextafter(low, np.float32(np.inf))]] * 20, dtype=np.float32)
    data = lightgbm.Dataset(features, np.tile([0.0, 1.0], 20), params={**SETTINGS, "min_data_in_bin": 1})
    booster = lightgbm.train({**SETTINGS, "objective": "l2", "min_data_in_bin": 1}, data, 5)
    np.testing.assert_allclose(graph_scores(booster, features, 1)[:, 0], booster.predict(features), rtol=1e-6)


@pytest.mark.parametrize(("objective", "classes"), [("binary", 2), ("multiclass", 4)])
def test_the_scores_of_each_class_agree(objective: str, classes: int) -> None:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(500, 6)).astype(np.float32)
    target = (features[:, 0] * 2 + features[:, 1] > 0) + (2 * (features[:, 2] > 0) if classes == 4 else 0)
    settings = {**SETTINGS, "objective": objective, "num_class": classes if classes > 2 else 1}
    booster = lightgbm.train(settings, lightgbm.Dataset(features, target, params=settings), 20)
    expected = booster.predict(features, raw_score=True).reshape(500, -1)
    scores = graph_scores(booster, features, classes)
    np.testing.assert_allclose(scores[:, -expected.shape[1] :], expected, atol=1e-4)
    assert classes == 4 or not scores[:, 0].any()


def test_a_tree_that_is_one_leaf_gives_its_value() -> None:
    dump = {"num_tree_per_iteration": 1, "tree_info": [{"tree_index": 0, "tree_structure": {"leaf_value": 2.5}}]}
    inputs = (TensorSpec(name=FEATURES, datatype="FP32", shape=(-1, 1)),)
    outputs = (TensorSpec(name=SCORES, datatype="FP32", shape=(-1, 1)),)
    graph = graph_bytes([tree_node(dump, FEATURES, SCORES, 1)], Signature(inputs=inputs, outputs=outputs))
    scores = onnxruntime.InferenceSession(graph).run(None, {FEATURES: np.zeros((2, 1), dtype=np.float32)})[0]
    np.testing.assert_array_equal(scores, [[2.5], [2.5]])


def test_a_split_by_category_is_refused() -> None:
    leaf = {"leaf_value": 0.0}
    root = {"decision_type": "==", "split_feature": 0, "threshold": "1||2", "left_child": leaf, "right_child": leaf}
    dump = {"num_tree_per_iteration": 1, "tree_info": [{"tree_index": 0, "tree_structure": root}]}
    with pytest.raises(Misconfigured, match="only numeric splits"):
        tree_node(dump, FEATURES, SCORES, 1)
