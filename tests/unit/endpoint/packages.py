"""Small real packages, made with onnx.helper after the conventions that the trainer follows.

churn   age FP32 (nullable), plan BYTES (nullable, closed), calls FP32 -> label, probabilities over No and Yes
price   rooms FP32, area FP32 -> prediction
tone    image UINT8 [-1, 8, 8, 1] -> label, probabilities over dark and light
"""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import numpy as np
from onnx import ModelProto, TensorProto, helper, numpy_helper

from lepton import lake
from lepton.model_package.manifest import ImageInput, ModelManifest, Signature, TensorSpec
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict

AT = datetime(2026, 1, 1, tzinfo=UTC)
_LABEL = TensorSpec(name="label", datatype="BYTES", shape=(-1,))


def _column(name: str, datatype: str = "FP32", **more: object) -> TensorSpec:
    return TensorSpec(name=name, datatype=datatype, shape=(-1, 1), **more)


CHURN = Signature(
    inputs=(
        _column("age", nullable=True),
        _column("plan", "BYTES", nullable=True, closed=True, categories=("basic", "pro")),
        _column("calls"),
    ),
    outputs=(_LABEL, TensorSpec(name="probabilities", datatype="FP32", shape=(-1, 2))),
    classes=("No", "Yes"),
)
PRICE = Signature(
    inputs=(_column("rooms"), _column("area")),
    outputs=(TensorSpec(name="prediction", datatype="FP32", shape=(-1,)),),
)
TONE = Signature(
    inputs=(TensorSpec(name="image", datatype="UINT8", shape=(-1, 8, 8, 1)),),
    outputs=(_LABEL, TensorSpec(name="probabilities", datatype="FP32", shape=(-1, 2))),
    image=ImageInput(input="image", height=8, width=8, channels=1),
    classes=("dark", "light"),
)
SIGNATURES = {"churn": CHURN, "price": PRICE, "tone": TONE}
_TYPES = {"FP32": TensorProto.FLOAT, "BYTES": TensorProto.STRING, "UINT8": TensorProto.UINT8}


def graph(name: str, bias: float = 0.0) -> bytes:
    """The model of that name; `bias` makes another version of it."""
    nodes = {"churn": _churn, "price": _price, "tone": _tone}[name](bias)
    signature = SIGNATURES[name]
    made: ModelProto = helper.make_model(
        helper.make_graph(
            nodes, name, [_value(one) for one in signature.inputs], [_value(o) for o in signature.outputs]
        ),
        opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=9,
    )
    return made.SerializeToString()


def publish(store: ObjectStore, name: str, bias: float = 0.0, *, promote: bool = True, passed: bool = True) -> str:
    """Write the package and the gate's verdict, move `live` when asked to; return the version."""
    onnx_bytes = graph(name, bias)
    version = lake.short_digest(onnx_bytes, SIGNATURES[name].model_dump_json().encode())
    store.put(lake.package_prefix(name, version) + "model.onnx", onnx_bytes)
    body = manifest(name, version, onnx_bytes).model_dump_json().encode()
    store.put(lake.package_manifest(name, version), body)
    registry = Registry(store)
    registry.record(Verdict(model=name, version=version, run="r", passed=passed, checks=(), at=AT))
    if promote:
        registry.promote(name, "live", version, by="test", at=AT)
    return version


def manifest(name: str, version: str, onnx_bytes: bytes) -> ModelManifest:
    task = {"churn": "classification", "price": "regression", "tone": "image_classification"}[name]
    measured = {
        "metrics": {"accuracy": 0.9},
        "primary_metric": "accuracy",
        "parity": {"rows": 10, "flips": 0, "p999_difference": 0.0},
        "latency_ms": 0.1,
        "load_ms": 1.0,
        "size_bytes": len(onnx_bytes),
    }
    artifact = {"file": "model.onnx", "bytes": len(onnx_bytes), "sha256": hashlib.sha256(onnx_bytes).hexdigest()}
    document = {
        **{"model": name, "version": version, "run": "r", "dataset": "d", "dataset_version": "0" * 12, "task": task},
        **{"algorithm": "linear", "target": "y", "signature": SIGNATURES[name].model_dump(), "artifact": artifact},
        **{"opset": 18, "measurements": measured, "learning_curve": [], "hyperparameters": {}},
        **{"trained_seconds": 1.0, "libraries": {}, "created_at": AT.isoformat()},
    }
    return ModelManifest.model_validate_json(json.dumps(document))


def _value(spec: TensorSpec) -> object:
    shape = ["N" if size == -1 else size for size in spec.shape]
    return helper.make_tensor_value_info(spec.name, _TYPES[spec.datatype], shape)


def _constant(name: str, value: object) -> object:
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(np.asarray(value), name))


def _churn(bias: float) -> list[object]:
    ml = "ai.onnx.ml"
    return [
        helper.make_node("Concat", ["age", "calls"], ["raw"], axis=1),
        helper.make_node(
            "Imputer",
            ["raw"],
            ["numbers"],
            domain=ml,
            imputed_value_floats=[40.0, 0.0],
            replaced_value_float=float("nan"),
        ),
        helper.make_node("OneHotEncoder", ["plan"], ["hot"], domain=ml, cats_strings=["basic", "pro"], zeros=1),
        _constant("flat", np.array([-1, 2], np.int64)),
        helper.make_node("Reshape", ["hot", "flat"], ["plans"]),
        helper.make_node("Concat", ["numbers", "plans"], ["features"], axis=1),
        _constant("weights", np.array([[0.02, -0.02], [-0.5, 0.5], [0, 0], [1, -1]], np.float32)),
        _constant("bias", np.array([0, bias], np.float32)),
        helper.make_node("Gemm", ["features", "weights", "bias"], ["scores"]),
        *_head(["No", "Yes"]),
    ]


def _price(bias: float) -> list[object]:
    return [
        helper.make_node("Concat", ["rooms", "area"], ["features"], axis=1),
        _constant("weights", np.array([[10.0], [2.0]], np.float32)),
        _constant("bias", np.array([bias], np.float32)),
        helper.make_node("Gemm", ["features", "weights", "bias"], ["scores"]),
        _constant("flat", np.array([-1], np.int64)),
        helper.make_node("Reshape", ["scores", "flat"], ["prediction"]),
    ]


def _tone(bias: float) -> list[object]:
    return [
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        _constant("flat", np.array([-1, 64], np.int64)),
        helper.make_node("Reshape", ["pixels", "flat"], ["features"]),
        _constant("weights", np.stack([np.full(64, -0.001), np.full(64, 0.001)], axis=1).astype(np.float32)),
        _constant("bias", np.array([8.0, -8.0 + bias], np.float32)),
        helper.make_node("Gemm", ["features", "weights", "bias"], ["scores"]),
        *_head(["dark", "light"]),
    ]


def _head(classes: list[str]) -> list[object]:
    names = helper.make_tensor("names", TensorProto.STRING, [2], [name.encode() for name in classes])
    return [
        helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1),
        helper.make_node("ArgMax", ["probabilities"], ["best"], axis=1, keepdims=0),
        helper.make_node("Constant", [], ["classes"], value=names),
        helper.make_node("Gather", ["classes", "best"], ["label"]),
    ]
