"""Packages made by hand, in a lake or a folder of their own: small graphs whose answers are known beforehand.

every    one input and one output of each datatype that JSON carries, [-1, 2], each output its input
linear   x FP32 [-1, 4] -> y FP32 [-1, 1], a weighted sum: what peers can make too
mlp      x FP32 [-1, 20] -> probabilities FP32 [-1, 2], two hidden layers: a small table's model
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from lepton import lake
from lepton.endpoint.endpoint import LIVE
from lepton.model_package.manifest import ModelManifest, Signature, TensorSpec
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict

AT = datetime(2026, 1, 1, tzinfo=UTC)
_TYPES = {
    **{"BOOL": TensorProto.BOOL, "BYTES": TensorProto.STRING, "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE},
    **{name: getattr(TensorProto, name) for name in ("UINT8", "UINT16", "UINT32", "UINT64")},
    **{name: getattr(TensorProto, name) for name in ("INT8", "INT16", "INT32", "INT64")},
}
WEIGHTS = np.array([[1.0], [2.0], [-1.0], [0.5]], np.float32)
HIDDEN = 64


def spec(name: str, datatype: str, *shape: int) -> TensorSpec:
    return TensorSpec.model_validate({"name": name, "datatype": datatype, "shape": (-1, *shape)})


SIGNATURES = {
    "every": Signature(
        inputs=tuple(spec(f"in-{name.lower()}", name, 2) for name in _TYPES),
        outputs=tuple(spec(f"out-{name.lower()}", name, 2) for name in _TYPES),
    ),
    "linear": Signature(inputs=(spec("x", "FP32", 4),), outputs=(spec("y", "FP32", 1),)),
    "mlp": Signature(inputs=(spec("x", "FP32", 20),), outputs=(spec("probabilities", "FP32", 2),)),
}


def graph(name: str, bias: float = 0.0) -> bytes:
    """The model's ONNX file; `bias` makes another version of `linear`."""
    signature = SIGNATURES[name]
    nodes = {"every": _every, "linear": lambda: _linear(bias), "mlp": _mlp}[name]()
    made = helper.make_graph(nodes, name, _values(signature.inputs), _values(signature.outputs))
    opsets = [helper.make_opsetid("", 18)]
    content: bytes = helper.make_model(made, opset_imports=opsets, ir_version=9).SerializeToString()
    return content


def publish(store: ObjectStore, name: str) -> str:
    """Into a lake, live; the version."""
    content = graph(name)
    version = lake.short_digest(content, SIGNATURES[name].model_dump_json().encode())
    store.put(lake.package_prefix(name, version) + "model.onnx", content)
    store.put(lake.package_manifest(name, version), manifest(name, version, content).model_dump_json().encode())
    registry = Registry(store)
    registry.record(Verdict(model=name, version=version, run="made", passed=True, checks=(), at=AT))
    registry.promote(name, LIVE, version, by="made", at=AT)
    return version


def write(folder: Path, name: str) -> Path:
    """As a package of its own: manifest.json and model.onnx in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    content = graph(name)
    version = lake.short_digest(content, SIGNATURES[name].model_dump_json().encode())
    (folder / "model.onnx").write_bytes(content)
    (folder / "manifest.json").write_text(manifest(name, version, content).model_dump_json(indent=1))
    return folder


def manifest(name: str, version: str, content: bytes) -> ModelManifest:
    nothing: dict[str, Any] = {"rows": 0, "flips": 0, "p999_difference": 0.0}
    size = len(content)
    measured = {"metrics": {}, "primary_metric": "none", "parity": nothing, "latency_ms": 0.0, "load_ms": 0.0}
    artifact = {"file": "model.onnx", "bytes": size, "sha256": hashlib.sha256(content).hexdigest()}
    document = {
        **{"model": name, "version": version, "run": "made", "dataset": "none", "dataset_version": "0" * 12},
        **{"task": "regression", "algorithm": "made", "target": "y", "signature": SIGNATURES[name].model_dump()},
        **{"artifact": artifact, "opset": 18, "measurements": measured | {"size_bytes": size}, "learning_curve": []},
        **{"hyperparameters": {}, "trained_seconds": 0.0, "libraries": {}, "created_at": AT.isoformat()},
    }
    return ModelManifest.model_validate_json(json.dumps(document))


def _values(specs: tuple[TensorSpec, ...]) -> list[Any]:
    return [helper.make_tensor_value_info(one.name, _TYPES[one.datatype], ["N", *one.shape[1:]]) for one in specs]


def _constant(name: str, value: Any) -> Any:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value), name))


def _every() -> list[Any]:
    return [helper.make_node("Identity", [f"in-{name.lower()}"], [f"out-{name.lower()}"]) for name in _TYPES]


def _linear(bias: float) -> list[Any]:
    constants = [_constant("weights", WEIGHTS), _constant("bias", np.array([bias], np.float32))]
    return [*constants, helper.make_node("Gemm", ["x", "weights", "bias"], ["y"])]


def _mlp() -> list[Any]:
    random, widths = np.random.default_rng(7), (20, HIDDEN, HIDDEN, 2)
    nodes, name = [], "x"
    for at, (wide, high) in enumerate(pairwise(widths)):
        nodes.append(_constant(f"w{at}", (random.normal(size=(wide, high)) / wide**0.5).astype(np.float32)))
        nodes.append(_constant(f"b{at}", np.zeros(high, np.float32)))
        nodes.append(helper.make_node("Gemm", [name, f"w{at}", f"b{at}"], [f"h{at}"]))
        nodes.append(helper.make_node("Relu", [f"h{at}"], [f"r{at}"]))
        name = f"r{at}"
    return [*nodes[:-1], helper.make_node("Softmax", ["h2"], ["probabilities"], axis=1)]
