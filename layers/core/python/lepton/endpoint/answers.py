"""What a model gave, as those who ask read it. A figure that JSON cannot carry (NaN, infinity) is null."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lepton.endpoint.buffers import Tensor, Tensors
from lepton.endpoint.request import InferAnswer, InferRequest, Wish

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.model_package.manifest import ModelManifest, TensorSpec

PLATFORM = "onnx_onnxv1"
NOTHING: Mapping[str, Any] = {}
_AS_IT_IS = Wish()


def protocol(
    manifest: ModelManifest, request: InferRequest, answer: InferAnswer, extra: Mapping[str, Any] = NOTHING
) -> tuple[dict[str, Any], list[bytes]]:
    """Open Inference Protocol v2: outputs flat, in row-major order, and the bytes of those that go out as bytes.

    `extra` are parameters of the answer besides the warnings.
    """
    tail: list[bytes] = []
    outputs = []
    for name, tensor in tensors(manifest, answer).items():
        top = request.wishes.get(name, _AS_IT_IS).top
        given = tensor if top is None else _best(tensor, top, manifest.signature.classes)
        said: dict[str, Any] = {"name": name, "datatype": given.datatype, "shape": list(given.shape)}
        if wants_bytes(request, name):
            tail.append(_encoded(given))
            said["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            said["data"] = _finite(given.flat())
        outputs.append(said)
    told: dict[str, Any] = {"model_name": manifest.model, "model_version": manifest.version}
    parameters = ({"warnings": list(request.warnings)} if request.warnings else {}) | dict(extra)
    return (
        told
        | ({"id": request.id} if request.id is not None else {})
        | ({"parameters": parameters} if parameters else {})
        | {"outputs": outputs}
    ), tail


def wants_bytes(request: InferRequest, name: str) -> bool:
    """Whether this output goes out as bytes."""
    said = request.wishes.get(name, _AS_IT_IS).binary
    return bool(request.binary if said is None else said)


def invocation(
    manifest: ModelManifest, request: InferRequest, answer: InferAnswer, extra: Mapping[str, Any] = NOTHING
) -> dict[str, Any]:
    """One object for each row (see `rows`), and who gave it; `extra` are members of the answer."""
    told: dict[str, Any] = {"predictions": rows(manifest, request, answer)}
    told |= {"model_name": manifest.model, "model_version": manifest.version}
    told |= {"id": request.id} if request.id is not None else {}
    told |= {"ignored_columns": list(request.ignored)} if request.ignored else {}
    told |= {"warnings": list(request.warnings)} if request.warnings else {}
    return told | dict(extra)


def rows(manifest: ModelManifest, request: InferRequest, answer: InferAnswer) -> list[dict[str, Any]]:
    """One object for each row: a label with its probabilities, a prediction, or whatever the outputs are called.

    With `top_k` among the request's parameters the k best classes take the place of the probabilities.
    """
    classes = manifest.signature.classes
    columns = nested(manifest, answer)
    made = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    if classes and "probabilities" in columns:
        top = request.parameters.get("top_k")
        for row in made:
            scores = row["probabilities"]
            if top is None:
                row["probabilities"] = dict(zip(classes, scores, strict=True))
            else:
                del row["probabilities"]
                row["top_k"] = _named(classes, scores, top)
    return made


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


def tensors(manifest: ModelManifest, answer: InferAnswer) -> dict[str, Tensor]:
    """The outputs as they lie in memory."""
    if isinstance(answer.outputs, Tensors):
        return answer.outputs.tensors
    datatypes = {spec.name: spec.datatype for spec in manifest.signature.outputs}
    return {name: Tensor.of(datatypes[name], array) for name, array in answer.outputs.items()}


def nested(manifest: ModelManifest, answer: InferAnswer) -> dict[str, list[Any]]:
    """The outputs nested as their shapes say, as JSON knows them."""
    return {name: _nested(_finite(it.flat()), it.shape) for name, it in tensors(manifest, answer).items()}


def plain(array: Array) -> list[Any]:
    """Nested lists of what JSON knows."""
    return _nested(_finite(array.reshape(-1).tolist()), array.shape)


def _nested(values: list[Any], shape: tuple[int, ...]) -> list[Any]:
    for size in reversed(shape[1:]):
        values = [values[at : at + size] for at in range(0, len(values), size)] if size else values
    return values


def _finite(values: list[Any]) -> list[Any]:
    if not values or not isinstance(values[0], float) or math.isfinite(sum(values)):
        return values
    return [value if math.isfinite(value) else None for value in values]


def _named(classes: tuple[str, ...], scores: list[Any], top: int) -> list[dict[str, Any]]:
    from lepton.endpoint.classification import best

    return [{"class": classes[at], "probability": scores[at]} for at in best(scores, top)]


def _best(scores: Tensor, top: int, classes: tuple[str, ...]) -> Tensor:
    from lepton.endpoint.classification import strings

    width = math.prod(scores.shape[1:])
    chosen = strings(_nested(scores.flat(), (scores.shape[0], width)), top, classes)
    return Tensor("BYTES", (len(chosen), min(top, width)), [text for row in chosen for text in row])


def _encoded(tensor: Tensor) -> bytes:
    from lepton.endpoint import binary

    return binary.texts_encoded(tensor.data) if isinstance(tensor.data, list) else bytes(memoryview(tensor.data))


def _tensor(spec: TensorSpec) -> dict[str, Any]:
    known = {"categories": list(spec.categories)} if spec.categories else {}
    told: dict[str, Any] = {"nullable": spec.nullable} | known | ({"closed": True} if spec.closed else {})
    bounds = {"minimum": spec.minimum, "maximum": spec.maximum}
    told |= {name: bound for name, bound in bounds.items() if bound is not None}
    told |= {"on_violation": "warn"} if spec.on_violation == "warn" else {}
    told |= {"infinity": True} if spec.infinity else {}
    return {"name": spec.name, "datatype": spec.datatype, "shape": list(spec.shape), "parameters": told}
