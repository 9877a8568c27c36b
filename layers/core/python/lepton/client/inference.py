"""Predictions as calls: metadata, and the Open Inference Protocol in JSON or with binary tensors."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any
from urllib.parse import quote

from lepton.client.call import JSON, Answer, Call, whole
from lepton.client.columns import Tensor, listed, tensors
from lepton.client.prediction import Prediction
from lepton.client.records.serving import ModelMetadata, ServedModel, ServerMetadata

LENGTH = "Inference-Header-Content-Length"
BINARY = "binary_tensor_data"
BINARY_FROM = 16_384  # bytes of tensors from which on JSON costs more than the extension's second header
_NUMPY = {f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)}
_NUMPY |= {f"INT{bits}": f"<i{bits // 8}" for bits in (8, 16, 32, 64)}
_NUMPY |= {f"UINT{bits}": f"<u{bits // 8}" for bits in (8, 16, 32, 64)}

_PICTURES = {b"\x89PNG": "image/png", b"\xff\xd8\xff": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Ask:
    """What is asked besides the inputs. `binary`: raw tensors both ways; `numpy`: outputs as arrays."""

    outputs: Sequence[str] = ()
    id: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    binary: bool = False
    numpy: bool = False


def server() -> Call[ServerMetadata]:
    return Call("GET", "/v2", whole)


def models() -> Call[list[ServedModel]]:
    return Call("GET", "/v2/models", lambda answer: list(answer.body["models"]))


def metadata(model: str, version: str | None) -> Call[ModelMetadata]:
    return Call("GET", _path(model, version), whole)


def ready(model: str, version: str | None) -> Call[bool]:
    return Call("GET", f"{_path(model, version)}/ready", lambda answer: bool(answer.body.get("ready", True)))


def version_of(known: ModelMetadata) -> str | None:
    """The version that the metadata is of, where the server tells."""
    found = known.get("parameters", {}).get("version")
    return None if found is None else str(found)


def wants_binary(inputs: Any) -> bool:
    """Whether the arrays in the inputs are large enough for the extension to pay."""
    given = inputs.values() if isinstance(inputs, Mapping) else [inputs]
    return sum(int(getattr(one, "nbytes", 0)) for one in given) >= BINARY_FROM


def infer(inputs: Any, known: ModelMetadata, version: str | None, ask: Ask) -> Call[Prediction]:
    """Raises InvalidRequest for inputs that cannot be the model's."""
    made, ignored = tensors(inputs, known)
    head: dict[str, Any] = {} if ask.id is None else {"id": ask.id}
    parameters = dict(ask.parameters) | ({"binary_data_output": True} if ask.binary else {})
    head |= {"parameters": parameters} if parameters else {}
    head["inputs"] = [_input(one, binary=ask.binary) for one in made]
    if ask.outputs:
        head["outputs"] = [{"name": name} for name in ask.outputs]

    def read(answer: Answer) -> Prediction:
        return _prediction(answer, known, ignored, numpy=ask.numpy)

    path = f"{_path(known['name'], version)}/infer"
    if not ask.binary:
        return Call("POST", path, read, head, repeatable=True)
    text = json.dumps(head, allow_nan=False, separators=(",", ":")).encode()
    body = b"".join([text, *(raw for one in made if (raw := one.raw()) is not None)])
    headers = {LENGTH: str(len(text)), "Accept": f"application/octet-stream, {JSON};q=0.9"}
    return Call("POST", path, read, body, "application/octet-stream", headers=headers, repeatable=True)


def image(model: str, body: bytes, version: str | None, known: ModelMetadata, *, numpy: bool) -> Call[Prediction]:
    """A picture as the body; its first bytes say which kind it is."""

    def read(answer: Answer) -> Prediction:
        return _prediction(answer, known, (), numpy=numpy)

    media = next((kind for begin, kind in _PICTURES.items() if body.startswith(begin)), "image/webp")
    return Call("POST", f"{_path(model, version)}/infer", read, body, media, repeatable=True)


def _path(model: str, version: str | None) -> str:
    of_version = f"/versions/{quote(version, safe='')}" if version else ""
    return f"/v2/models/{quote(model, safe='')}{of_version}"


def _input(tensor: Tensor, *, binary: bool) -> dict[str, Any]:
    named = {"name": tensor.name, "datatype": tensor.datatype, "shape": list(tensor.shape)}
    raw = tensor.raw() if binary else None
    return named | ({"data": listed(tensor)} if raw is None else {"parameters": {"binary_data_size": len(raw)}})


def _prediction(answer: Answer, known: ModelMetadata, ignored: Sequence[str], *, numpy: bool) -> Prediction:
    head, raw = _parts(answer)
    outputs: dict[str, Any] = {}
    for told in head["outputs"]:
        size = (told.get("parameters") or {}).get("binary_data_size")
        data = told.get("data") if size is None else raw[:size]
        raw = raw if size is None else raw[size:]
        outputs[told["name"]] = _output(data, told["datatype"], tuple(told["shape"]), numpy=numpy)
    return Prediction(
        model=head["model_name"],
        version=str(head["model_version"]),
        outputs=outputs,
        id=head.get("id"),
        classes=tuple(known.get("parameters", {}).get("classes", ())),
        ignored=tuple(ignored),
        parameters=head.get("parameters") or {},
    )


def _parts(answer: Answer) -> tuple[dict[str, Any], bytes]:
    """The answer's JSON, and the bytes behind it."""
    length = answer.headers.get(LENGTH)
    if length is None:
        return answer.body, b""
    return json.loads(answer.body[: int(length)]), answer.body[int(length) :]


def _output(data: Any, datatype: str, shape: tuple[int, ...], *, numpy: bool) -> Any:
    if isinstance(data, bytes):
        data = _unpacked(data, datatype)
    if numpy:
        import numpy as np

        kind = np.dtype(object if datatype == "BYTES" else np.bool_ if datatype == "BOOL" else _NUMPY[datatype])
        if kind.kind == "f" and isinstance(data, list):
            data = [np.nan if one is None else one for one in data]
        return np.array(data, dtype=kind).reshape(shape)
    return _nested(list(data), shape)


def _unpacked(raw: bytes, datatype: str) -> list[Any]:
    """Raw little-endian elements; text is a length of four bytes and then UTF-8, one after the other."""
    import struct

    if datatype != "BYTES":
        letters = {"f": {2: "e", 4: "f", 8: "d"}, "i": dict(zip((1, 2, 4, 8), "bhiq", strict=True))}
        letters["u"] = {size: letter.upper() for size, letter in letters["i"].items()}
        code = "?" if datatype == "BOOL" else letters[_NUMPY[datatype][1]][int(_NUMPY[datatype][2:])]
        return [one for (one,) in struct.iter_unpack(f"<{code}", raw)]
    found: list[Any] = []
    at = 0
    while at < len(raw):
        (size,) = struct.unpack_from("<I", raw, at)
        found.append(raw[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return found


def _nested(flat: list[Any], shape: tuple[int, ...]) -> list[Any]:
    """Nested lists of a shape from values in row-major order."""
    if len(shape) <= 1:
        return flat
    width = prod(shape[1:])
    return [_nested(flat[row * width : (row + 1) * width], shape[1:]) for row in range(shape[0])]


def numpy_is_there() -> bool:
    return importlib.util.find_spec("numpy") is not None
