"""Open Inference Protocol v2, REST: a request's JSON into an InferRequest, strictly against the signature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lepton.endpoint import document
from lepton.endpoint.document import at
from lepton.endpoint.request import NUMPY, Array, InferRequest, Limits
from lepton.endpoint.tensors import WireTensor, checked_shape, decoded
from lepton.errors import InvalidRequest, TooLarge
from lepton.model_package.manifest import Signature, TensorSpec

_REQUEST = frozenset({"id", "parameters", "inputs", "outputs", "model_name", "model_version"})
_INPUT = frozenset({"name", "shape", "datatype", "parameters", "data"})
_OUTPUT = frozenset({"name", "parameters"})


def decode(body: Any, signature: Signature, limits: Limits) -> InferRequest:
    """The parsed body as a request. Raises InvalidRequest or TooLarge, with a pointer to what is wrong."""
    given = document.members(body, _REQUEST, "", "an inference request")
    _check_parameters(given, "")
    outputs = _wanted(given.get("outputs"), signature)
    request_id = document.text(given["id"], "/id", "id") if given.get("id") is not None else None
    if "inputs" not in given:
        raise InvalidRequest("there is no 'inputs'", pointer="/inputs", hint=_takes(signature))
    listed = document.array(given["inputs"], "/inputs", "inputs")
    tensors = [_tensor(one, "/inputs" + at(position)) for position, one in enumerate(listed)]
    inputs = tensors_of(tensors, signature, limits)
    return InferRequest(inputs, len(next(iter(inputs.values()))), request_id, outputs)


def names(body: Any) -> tuple[Any, Any]:
    """The model and version that the body itself names, None where it names none."""
    return (body.get("model_name"), body.get("model_version")) if isinstance(body, dict) else (None, None)


def tensors_of(tensors: Sequence[WireTensor], signature: Signature, limits: Limits) -> Mapping[str, Array]:
    """Every input of the signature, decoded, all of one batch size. Raises InvalidRequest or TooLarge."""
    specs = {spec.name: spec for spec in signature.inputs}
    seen: dict[str, WireTensor] = {}
    for tensor in tensors:
        if tensor.name not in specs:
            raise InvalidRequest(
                f"the model has no input {tensor.name[:80]!r}", pointer=tensor.place("name"), hint=_takes(signature)
            )
        if tensor.name in seen:
            raise InvalidRequest(f"input {tensor.name!r} is given twice", pointer=tensor.place("name"))
        seen[tensor.name] = tensor
    missing = [name for name in specs if name not in seen]
    if missing:
        raise InvalidRequest(f"missing input: {', '.join(missing[:10])}", pointer="/inputs", hint=_takes(signature))
    _check_batch(list(tensors), limits)
    return {name: decoded(seen[name], spec) for name, spec in specs.items()}


def _check_batch(tensors: list[WireTensor], limits: Limits) -> None:
    first = tensors[0]
    rows = first.shape[0] if first.shape else 0
    for tensor in tensors:
        if tensor.shape[:1] != first.shape[:1]:
            raise InvalidRequest(
                f"{tensor.name!r} has {list(tensor.shape[:1])} rows, {first.name!r} has {list(first.shape[:1])}",
                pointer=tensor.place("shape"),
                hint="the first dimension is the batch: the same for every input",
            )
    check_rows(rows, limits, first.place("shape"))


def check_rows(rows: int, limits: Limits, pointer: str) -> None:
    """Raises TooLarge over the limit."""
    if rows > limits.rows:
        raise TooLarge(
            f"{rows} rows in one request, the limit is {limits.rows}",
            pointer=pointer,
            hint="split it, or upload it as a file under predict-in/",
        )


def _tensor(value: Any, pointer: str) -> WireTensor:
    given = document.members(value, _INPUT, pointer, "an input")
    _check_parameters(given, pointer)
    for needed in ("name", "shape", "datatype"):
        if needed not in given:
            raise InvalidRequest(f"the input has no {needed!r}", pointer=pointer + at(needed))
    if "data" not in given:
        raise InvalidRequest(
            "the input has no 'data'", pointer=pointer + "/data", hint="send JSON; binary tensors are not taken"
        )
    datatype = document.text(given["datatype"], pointer + "/datatype", "datatype")
    if datatype not in NUMPY:
        raise InvalidRequest(
            f"there is no datatype {datatype[:20]!r}", pointer=pointer + "/datatype", hint="one of " + ", ".join(NUMPY)
        )
    name = document.text(given["name"], pointer + "/name", "name")
    shape = checked_shape(given["shape"], pointer + "/shape")
    return WireTensor(name, datatype, shape, document.array(given["data"], pointer + "/data", "data"), pointer)


def _wanted(value: Any, signature: Signature) -> tuple[str, ...]:
    if value is None:
        return ()
    known = [spec.name for spec in signature.outputs]
    wanted: list[str] = []
    for position, one in enumerate(document.array(value, "/outputs", "outputs")):
        pointer = "/outputs" + at(position)
        given = document.members(one, _OUTPUT, pointer, "an output")
        _check_parameters(given, pointer)
        name = document.text(given.get("name"), pointer + "/name", "name")
        if name not in known:
            raise InvalidRequest(
                f"the model has no output {name[:80]!r}", pointer=pointer + "/name", hint="one of " + ", ".join(known)
            )
        if name in wanted:
            raise InvalidRequest(f"output {name!r} is asked for twice", pointer=pointer + "/name")
        wanted.append(name)
    return tuple(wanted)


def _check_parameters(given: Mapping[str, Any], pointer: str) -> None:
    """Parameters are an object; ones that mean nothing here are passed over, as the protocol has it."""
    if given.get("parameters") is not None and not isinstance(given["parameters"], dict):
        kind = document.kind(given["parameters"])
        raise InvalidRequest(f"parameters is {kind}, not an object", pointer=pointer + "/parameters")


def _takes(signature: Signature) -> str:
    return "the model takes " + ", ".join(_said(spec) for spec in signature.inputs[:20])


def _said(spec: TensorSpec) -> str:
    return f"{spec.name} {spec.datatype}{list(spec.shape)}"
