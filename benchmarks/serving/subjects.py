"""What start and warm path are measured with: a table's model as the trainer makes it, and a picture's of usual size.

churn   telco churn, LightGBM with 200 trees over 3 columns of numbers and 7 of text
mobile  a network of MobileNet's first kind: 27 convolutions, 3.2 million weights, 224 x 224 RGB, random weights
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from benchmarks.serving.explain import TREES, telco, trained
from benchmarks.serving.packages import AT, spec
from lepton import lake
from lepton.endpoint.endpoint import LIVE
from lepton.model_package.manifest import ModelManifest, Signature
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict

SIDE, CLASSES = 224, 1000
# Output channels and stride of each pair of a depthwise and a pointwise convolution.
_PAIRS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))
MOBILE = Signature(inputs=(spec("image", "FP32", 3, SIDE, SIDE),), outputs=(spec("scores", "FP32", CLASSES),))


@cache
def churn() -> tuple[bytes, Signature, dict[str, Any]]:
    """Graph, signature, and a row by column that it can be asked."""
    splits = telco()
    model = trained("lightgbm", TREES, splits)
    row = {name: column[0, 0] for name, column in splits.test.inputs.items()}
    return bytes(model.onnx), model.signature, row


def churn_request() -> bytes:
    """One row as protocol JSON."""
    _, signature, row = churn()
    inputs = []
    for one in signature.inputs:
        value = row[one.name] if one.datatype == "BYTES" else float(row[one.name])
        inputs.append({"name": one.name, "shape": [1, 1], "datatype": one.datatype, "data": [value]})
    return json.dumps({"inputs": inputs}).encode()


@cache
def mobile() -> bytes:
    """The graph."""
    random, nodes, weights = np.random.default_rng(7), [], []

    def convolution(into: str, out: str, channels: tuple[int, int], size: int, stride: int, groups: int) -> None:
        shape = (channels[1], channels[0] // groups, size, size)
        scale = (2 / (shape[1] * size * size)) ** 0.5
        kernel = (random.normal(size=shape) * scale).astype(np.float32)
        weights.append(numpy_helper.from_array(kernel, out + "-kernel"))
        weights.append(numpy_helper.from_array(np.zeros(channels[1], np.float32), out + "-bias"))
        form = {"strides": [stride] * 2, "pads": [size // 2] * 4, "group": groups}
        nodes.append(helper.make_node("Conv", [into, out + "-kernel", out + "-bias"], [out + "-sum"], **form))
        nodes.append(helper.make_node("Relu", [out + "-sum"], [out]))

    convolution("image", "stem", (3, 32), 3, 2, 1)
    last, wide = "stem", 32
    for at, (channels, stride) in enumerate(_PAIRS):
        convolution(last, f"deep-{at}", (wide, wide), 3, stride, wide)
        convolution(f"deep-{at}", f"point-{at}", (wide, channels), 1, 1, 1)
        last, wide = f"point-{at}", channels
    head = (random.normal(size=(wide, CLASSES)) / wide**0.5).astype(np.float32)
    weights.append(numpy_helper.from_array(head, "head"))
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["pooled"]))
    nodes.append(helper.make_node("Flatten", ["pooled"], ["features"]))
    nodes.append(helper.make_node("MatMul", ["features", "head"], ["scores"]))
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 3, SIDE, SIDE])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", CLASSES])
    graph = helper.make_graph(nodes, "mobile", [image], [scores], weights)
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    ).SerializeToString()
    return made


def publish(store: ObjectStore, name: str, graph: bytes, signature: Signature) -> str:
    """Into a lake, live; the version."""
    version = lake.short_digest(graph, signature.model_dump_json().encode())
    store.put(lake.package_prefix(name, version) + "model.onnx", graph)
    store.put(lake.package_manifest(name, version), _manifest(name, version, graph, signature))
    registry = Registry(store)
    registry.record(Verdict(model=name, version=version, run="made", passed=True, checks=(), at=AT))
    registry.promote(name, LIVE, version, by="made", at=AT)
    return version


def _manifest(name: str, version: str, graph: bytes, signature: Signature) -> bytes:
    nothing = {"rows": 0, "flips": 0, "p999_difference": 0.0}
    measured = {"metrics": {}, "primary_metric": "none", "parity": nothing, "latency_ms": 0.0, "load_ms": 0.0}
    artifact = {"file": "model.onnx", "bytes": len(graph), "sha256": hashlib.sha256(graph).hexdigest()}
    document = {
        **{"model": name, "version": version, "run": "made", "dataset": "none", "dataset_version": "0" * 12},
        **{"task": "classification", "algorithm": "made", "target": "y", "signature": signature.model_dump()},
        **{"artifact": artifact, "opset": 18, "measurements": measured | {"size_bytes": len(graph)}},
        **{"learning_curve": [], "hyperparameters": {}, "trained_seconds": 0.0, "libraries": {}},
        "created_at": AT.isoformat(),
    }
    return ModelManifest.model_validate_json(json.dumps(document)).model_dump_json().encode()
