"""What a model gave, as the two kinds of caller read it. A figure that JSON cannot carry (NaN, infinity) is null."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lepton.endpoint.request import Array, InferAnswer, InferRequest
from lepton.model_package.manifest import ModelManifest, TensorSpec

PLATFORM = "onnx_onnxv1"


def protocol(manifest: ModelManifest, request: InferRequest, answer: InferAnswer) -> dict[str, Any]:
    """Open Inference Protocol v2: outputs flat, in row-major order."""
    datatypes = {spec.name: spec.datatype for spec in manifest.signature.outputs}
    outputs = [
        {"name": name, "datatype": datatypes[name], "shape": list(array.shape), "data": plain(array.reshape(-1))}
        for name, array in answer.outputs.items()
    ]
    named: dict[str, Any] = {"model_name": manifest.model, "model_version": manifest.version}
    return named | ({"id": request.id} if request.id is not None else {}) | {"outputs": outputs}


def invocation(manifest: ModelManifest, request: InferRequest, answer: InferAnswer) -> dict[str, Any]:
    """One object for each row: a label with its probabilities, a prediction, or whatever the outputs are called."""
    classes = manifest.signature.classes
    columns = {name: plain(array) for name, array in answer.outputs.items()}
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if classes and "probabilities" in columns:
        for row in rows:
            row["probabilities"] = dict(zip(classes, row["probabilities"], strict=True))
    named: dict[str, Any] = {"model_name": manifest.model, "model_version": manifest.version}
    told = {"id": request.id} if request.id is not None else {}
    return (
        {"predictions": rows} | named | told | ({"ignored_columns": list(request.ignored)} if request.ignored else {})
    )


def metadata(manifest: ModelManifest, versions: list[str]) -> dict[str, Any]:
    """Open Inference Protocol v2 model metadata; `parameters` holds what the protocol has no member for."""
    signature = manifest.signature
    extra = {"task": manifest.task, "classes": list(signature.classes), "version": manifest.version}
    image = {"image": signature.image.model_dump()} if signature.image else {}
    return {
        "name": manifest.model,
        "versions": versions,
        "platform": PLATFORM,
        "inputs": [_tensor(spec) for spec in signature.inputs],
        "outputs": [_tensor(spec) for spec in signature.outputs],
        "parameters": extra | image,
    }


def plain(array: Array) -> list[Any]:
    """Nested lists of what JSON knows."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        return [_nulled(one) for one in array.astype(np.float64).tolist()]
    listed: list[Any] = array.tolist()
    return listed


def _nulled(value: Any) -> Any:
    if isinstance(value, list):
        return [_nulled(one) for one in value]
    return value if math.isfinite(value) else None


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    known = {"categories": list(spec.categories)} if spec.categories else {}
    told = {"nullable": spec.nullable} | known | ({"closed": True} if spec.closed else {})
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape), "parameters": told}
