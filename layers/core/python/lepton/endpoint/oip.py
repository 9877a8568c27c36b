"""Open Inference Protocol v2, REST: a request's JSON into an InferRequest, strictly against the signature.

With the binary tensor extension: an input whose parameters have a `binary_data_size` has its elements behind the JSON,
in the order in which the inputs are named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lepton.endpoint import document, outputs, usual
from lepton.endpoint.buffers import DATATYPES, Tensor, Tensors
from lepton.endpoint.document import at
from lepton.endpoint.frame import Tail
from lepton.endpoint.request import InferRequest, Limits
from lepton.endpoint.tensors import WireTensor, checked_shape, decoded
from lepton.errors import InvalidRequest, TooLarge

if TYPE_CHECKING:
    from lepton.model_package.manifest import Signature, TensorSpec

_REQUEST = frozenset({"id", "parameters", "inputs", "outputs", "model_name", "model_version"})
_INPUT = frozenset({"name", "shape", "datatype", "parameters", "data"})


def decode(body: Any, signature: Signature, limits: Limits, tail: Tail | None = None) -> InferRequest:
    """The parsed body as a request, `tail` being the bytes behind it. Raises InvalidRequest or TooLarge."""
    given = document.members(body, _REQUEST, "", "an inference request")
    asked = outputs.parameters(given, "")
    wishes = outputs.wished(given.get("outputs"), signature)
    request_id = document.text(given["id"], "/id", "id") if given.get("id") is not None else None
    if "inputs" not in given:
        raise InvalidRequest("there is no 'inputs'", pointer="/inputs", hint=_takes(signature))
    listed = document.array(given["inputs"], "/inputs", "inputs")
    warnings: list[str] = []
    inputs = None if tail else usual.of(signature).inputs(listed, limits.rows)
    if inputs is None:
        tensors = [_tensor(one, "/inputs" + at(position), tail) for position, one in enumerate(listed)]
        inputs = tensors_of(tensors, signature, limits, warnings)
    if tail:
        tail.end()
    return InferRequest(
        Tensors(inputs),
        next(iter(inputs.values())).shape[0],
        request_id,
        tuple(wishes),
        warnings=tuple(warnings),
        parameters=asked,
        wishes=wishes,
        binary=outputs.flag(asked, "binary_data_output", "/parameters"),
    )


def names(body: Any) -> tuple[Any, Any]:
    """The model and version that the body itself names, None where it names none."""
    return (body.get("model_name"), body.get("model_version")) if isinstance(body, dict) else (None, None)


def of_tensors(tensors: Sequence[WireTensor], signature: Signature, limits: Limits) -> InferRequest:
    """A request of nothing but these inputs. Raises InvalidRequest or TooLarge."""
    warnings: list[str] = []
    inputs = tensors_of(tensors, signature, limits, warnings)
    rows = next(iter(inputs.values())).shape[0]
    return InferRequest(Tensors(inputs), rows, warnings=tuple(warnings))


def tensors_of(
    tensors: Sequence[WireTensor], signature: Signature, limits: Limits, warnings: list[str]
) -> dict[str, Tensor]:
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
    return {name: decoded(seen[name], spec, warnings) for name, spec in specs.items()}


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


def _tensor(value: Any, pointer: str, tail: Tail | None) -> WireTensor:
    given = document.members(value, _INPUT, pointer, "an input")
    for needed in ("name", "shape", "datatype"):
        if needed not in given:
            raise InvalidRequest(f"the input has no {needed!r}", pointer=pointer + at(needed))
    datatype = document.text(given["datatype"], pointer + "/datatype", "datatype")
    if datatype not in DATATYPES:
        raise InvalidRequest(
            f"there is no datatype {datatype[:20]!r}",
            pointer=pointer + "/datatype",
            hint="one of " + ", ".join(DATATYPES),
        )
    name = document.text(given["name"], pointer + "/name", "name")
    shape = checked_shape(given["shape"], pointer + "/shape")
    return WireTensor(name, datatype, shape, _data(given, datatype, pointer, tail), pointer)


def _data(given: Mapping[str, Any], datatype: str, pointer: str, tail: Tail | None) -> list[Any] | memoryview:
    size = outputs.number(outputs.parameters(given, pointer), "binary_data_size", pointer + "/parameters", 0)
    if size is None:
        if "data" not in given:
            raise InvalidRequest(
                "the input has no 'data'", pointer=pointer + "/data", hint="or bytes behind the JSON: binary_data_size"
            )
        return document.array(given["data"], pointer + "/data", "data")
    place = pointer + "/parameters/binary_data_size"
    if "data" in given:
        raise InvalidRequest("the input has data and binary_data_size", pointer=place, hint="one of the two")
    if tail is None:
        raise InvalidRequest(
            "the input has bytes behind the JSON, but nothing says where the JSON ends",
            pointer=place,
            hint="header Inference-Header-Content-Length: the length of the JSON",
        )
    return tail.take(size, datatype, place)


def _takes(signature: Signature) -> str:
    return "the model takes " + ", ".join(_said(spec) for spec in signature.inputs[:20])


def _said(spec: TensorSpec) -> str:
    return f"{spec.name} {spec.datatype}{list(spec.shape)}"
