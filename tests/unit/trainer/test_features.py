"""The feature plan, carried out on arrays and as a graph."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from onnx import helper

from lepton.dataset.manifest import Column
from lepton.errors import DataError
from lepton.model_package.manifest import Signature, TensorSpec
from trainer.dataset import Array, Rows
from trainer.features import FeaturePlan, plan_features
from trainer.graph import FEATURES, feature_nodes, graph_bytes

NAN = float("nan")
AGE = Column(name="age", type="float64", nullable=True)
SIZE = Column(name="size", type="int64", nullable=False)
TOWN = Column(name="town", type="string", nullable=True, categories=("Aa", "Ö"))


def rows(**columns: list[float] | list[str]) -> Rows:
    kinds = {name: object if isinstance(values[0], str) else np.float32 for name, values in columns.items()}
    inputs = {name: np.array(values, dtype=kinds[name]).reshape(-1, 1) for name, values in columns.items()}
    return Rows(inputs, np.zeros(len(next(iter(columns.values())))))


TRAIN = rows(age=[10, NAN, 30, 20], size=[1, 2, 3, 6], town=["Ö", "", "Aa", "Ö"])


def in_graph(plan: FeaturePlan, given: Rows) -> Array:
    inputs = tuple(
        TensorSpec(name=name, datatype="FP32" if name != "town" else "BYTES", shape=(-1, 1)) for name in plan.columns
    )
    out = TensorSpec(name="out", datatype="FP32", shape=(-1, len(plan.names)))
    nodes = [*feature_nodes(plan), helper.make_node("Identity", [FEATURES], ["out"])]
    session = onnxruntime.InferenceSession(graph_bytes(nodes, Signature(inputs=inputs, outputs=(out,))))
    features: Array = session.run(["out"], dict(given.inputs))[0]
    return features


def test_missing_numbers_get_the_median_and_a_flag() -> None:
    plan, _ = plan_features([AGE], TRAIN, scaled=False)
    assert plan.names == ("age", "age is missing")
    np.testing.assert_array_equal(plan.apply(TRAIN.inputs), [[10, 0], [20, 1], [30, 0], [20, 0]])


def test_text_gets_one_feature_for_each_value_and_none_for_others() -> None:
    plan, _ = plan_features([TOWN], TRAIN, scaled=False)
    assert plan.names == ("town = ", "town = Aa", "town = Ö")
    given = rows(town=["Ö", "Rome", ""])
    np.testing.assert_array_equal(plan.apply(given.inputs), [[0, 0, 1], [0, 0, 0], [1, 0, 0]])


def test_scaled_numbers_have_mean_zero_and_deviation_one() -> None:
    plan, _ = plan_features([SIZE], TRAIN, scaled=True)
    features = plan.apply(TRAIN.inputs)
    assert features.mean() == pytest.approx(0, abs=1e-6)
    assert features.std() == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize("scaled", [True, False])
def test_the_graph_gives_the_same_features(scaled: bool) -> None:
    plan, _ = plan_features([AGE, SIZE, TOWN], TRAIN, scaled=scaled)
    given = rows(age=[NAN, -5, 1e9], size=[0, 7, NAN], town=["", "Rome", "Ö"])
    np.testing.assert_array_equal(in_graph(plan, given), plan.apply(given.inputs))


def test_a_column_that_says_nothing_is_left_out_and_told() -> None:
    given = rows(age=[NAN, NAN, NAN], size=[4, 4, 4], town=["Aa", "Ö", "Aa"])
    plan, told = plan_features([AGE, SIZE, TOWN], given, scaled=False)
    assert plan.columns == ("town",)
    assert told == (
        "column 'age' is left out: it has no value in the train split",
        "column 'size' is left out: it is always 4",
    )


def test_a_table_without_a_useful_column_is_bad_data() -> None:
    with pytest.raises(DataError, match="no column to learn from: column 'size' is left out") as error:
        plan_features([SIZE], rows(size=[4, 4]), scaled=False)
    assert error.value.exit_code == 65
