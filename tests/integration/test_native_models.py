"""Every kind of model there is, through our own binding and through the official one: the same bits."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from benchmarks.serving import packages, subjects
from benchmarks.serving.explain import telco, trained
from lepton.endpoint.buffers import Tensor
from lepton.endpoint.session import Session

pytestmark = pytest.mark.slow
RANDOM = np.random.default_rng(7)


def lstm() -> bytes:
    """A sequence of any length of 3 figures, to 4."""
    weights = {"w": (1, 16, 3), "r": (1, 16, 4), "b": (1, 32)}
    held = [
        numpy_helper.from_array(RANDOM.normal(size=shape).astype(np.float32), name) for name, shape in weights.items()
    ]
    node = helper.make_node("LSTM", ["x", *weights], ["", "last"], hidden_size=4)
    values = [
        helper.make_tensor_value_info("x", TensorProto.FLOAT, ["time", "n", 3]),
        helper.make_tensor_value_info("last", TensorProto.FLOAT, [1, "n", 4]),
    ]
    graph = helper.make_graph([node], "lstm", values[:1], values[1:], held)
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    ).SerializeToString()
    return made


def int8(folder: Path) -> bytes:
    """The small network with 8-bit weights."""
    held = onnx.load_from_string(packages.graph("mlp"))
    onnx.save(held, folder / "float.onnx")
    quantize_dynamic(folder / "float.onnx", folder / "int8.onnx", weight_type=QuantType.QInt8)
    return (folder / "int8.onnx").read_bytes()


def assert_same(graph: bytes, feeds: dict[str, Any]) -> None:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # as ours: several add up in another order
    official = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    names = [one.name for one in official.get_outputs()]
    right = official.run(names, feeds)
    kinds = {one.name: "BYTES" if one.type == "tensor(string)" else "FP32" for one in official.get_inputs()}
    tensors = {name: Tensor.of(kinds[name], array) for name, array in feeds.items()}
    for theirs, ours in zip(right, Session(graph, 1).run(names, tensors), strict=True):
        assert ours.shape == theirs.shape
        if ours.datatype == "BYTES":
            assert ours.data == theirs.reshape(-1).tolist()
        else:
            assert ours.data == theirs.tobytes()


@pytest.mark.parametrize(
    ("algorithm", "parameters"), [("lightgbm", {"n_estimators": 30, "early_stopping_rounds": 0}), ("logistic", {})]
)
def test_tables(algorithm: str, parameters: dict[str, Any]) -> None:
    splits = telco()
    model = trained(algorithm, parameters, splits)
    for rows in (1, 7, 500):
        assert_same(bytes(model.onnx), splits.test.take(np.arange(rows)).inputs)


def test_pictures() -> None:
    assert_same(subjects.mobile(), {"image": RANDOM.normal(size=(2, 3, 224, 224)).astype(np.float32)})


def test_sequences() -> None:
    for length in (1, 9):
        assert_same(lstm(), {"x": RANDOM.normal(size=(length, 2, 3)).astype(np.float32)})


def test_eight_bits(tmp_path: Path) -> None:
    assert_same(int8(tmp_path), {"x": RANDOM.normal(size=(5, 20)).astype(np.float32)})
