"""A model's signature as JSON schemas: exactly the bodies that it takes and gives, with an example of each.

Only built-in types: nothing here needs NumPy, and a signature is read by its attributes.
"""

from __future__ import annotations

from math import prod
from typing import Any

Schema = dict[str, Any]
_FLOATS = frozenset({"FP16", "FP32", "FP64"})
SHOWN_ELEMENTS = 64  # an example with more is left out: nobody reads it


def schemas(manifest: Any) -> dict[str, Schema]:
    """The components of the whole API that a model narrows, by name."""
    signature = manifest.signature
    made = {
        "InferenceRequest": _request(signature),
        "InferenceResponse": _response(manifest),
        "Prediction": _prediction(signature),
    }
    return made | ({"Row": _row(signature)} if is_table(signature) else {})


def is_table(signature: Any) -> bool:
    return all(tuple(spec.shape) == (-1, 1) for spec in signature.inputs)


def request_example(signature: Any) -> Schema | None:
    """A request that the model takes, of one row; None when it would be too long to read."""
    inputs = [_tensor_example(spec) for spec in signature.inputs]
    return {"inputs": inputs} if all("data" in one for one in inputs) else None


def invocation_example(signature: Any) -> Schema | None:
    """The same row in the form of records; None for a model that takes no table."""
    if not is_table(signature):
        return None
    return {"dataframe_records": [{spec.name: value_example(spec) for spec in signature.inputs}]}


def value_schema(spec: Any) -> Schema:
    """One value of a tensor."""
    kind = _kind(spec.datatype)
    if spec.categories:
        known = [*spec.categories, *([""] if spec.nullable and spec.closed else [])]
        kind |= {"enum": known} if spec.closed else {"examples": list(spec.categories)}
    for bound in ("minimum", "maximum"):  # ranges, where the signature declares them
        if (value := getattr(spec, bound, None)) is not None:
            kind[bound] = value
    if spec.nullable and (spec.datatype in _FLOATS or spec.datatype == "BYTES"):
        kind["type"] = [kind["type"], "null"]
        if "enum" in kind:
            kind["enum"] = [*kind["enum"], None]
    return kind | ({"description": spec.description} if spec.description else {})


def value_example(spec: Any) -> Any:
    """A value that the model takes."""
    if spec.datatype == "BYTES":
        return spec.categories[0] if spec.categories else "text"
    if spec.datatype == "BOOL":
        return True
    low, high = getattr(spec, "minimum", None), getattr(spec, "maximum", None)
    fitting = 1 if low is None or low <= 1 else low
    return fitting if high is None or fitting <= high else high


def _kind(datatype: str) -> Schema:
    if datatype == "BYTES":
        return {"type": "string"}
    if datatype == "BOOL":
        return {"type": "boolean"}
    if datatype in _FLOATS:
        return {"type": "number"}
    bits, signed = int(datatype.lstrip("UINT")), datatype.startswith("I")
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    return {"type": "integer", "minimum": low, "maximum": high}


def _request(signature: Any) -> Schema:
    inputs = [_input(spec) for spec in signature.inputs]
    outputs = {"type": "string", "enum": [spec.name for spec in signature.outputs]}
    made: Schema = {
        "type": "object",
        "description": "Every input once, all with the same number of rows.",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string", "description": "Given back with the answer."},
            "parameters": {"type": "object", "additionalProperties": True},
            "inputs": {
                "type": "array",
                "minItems": len(inputs),
                "maxItems": len(inputs),
                "items": inputs[0] if len(inputs) == 1 else {"oneOf": inputs},
            },
            "outputs": {
                "type": "array",
                "description": "Without it, all of them.",
                "items": {"type": "object", "required": ["name"], "properties": {"name": outputs}},
            },
        },
    }
    example = request_example(signature)
    return made | ({"examples": [example]} if example else {})


def _input(spec: Any) -> Schema:
    """One tensor. Its data may be flat, or nested as its shape is."""
    return {
        "title": spec.name,
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": {"const": spec.name},
            "datatype": {"type": "string", "default": spec.datatype},
            "shape": _shape(spec.shape),
            "parameters": {"type": "object", "additionalProperties": True},
            "data": {"type": "array", "items": {"anyOf": [value_schema(spec), {"type": "array"}]}},
        },
    }


def _shape(shape: tuple[int, ...]) -> Schema:
    sizes = [{"type": "integer", "minimum": 0} if size == -1 else {"const": size} for size in shape]
    return {"type": "array", "prefixItems": sizes, "minItems": len(sizes), "maxItems": len(sizes)}


def _tensor_example(spec: Any) -> Schema:
    shape = [1 if size == -1 else size for size in spec.shape]
    named = {"name": spec.name, "datatype": spec.datatype, "shape": shape}
    return named | ({"data": [value_example(spec)] * prod(shape)} if prod(shape) <= SHOWN_ELEMENTS else {})


def _response(manifest: Any) -> Schema:
    outputs = [_output(spec, manifest.signature) for spec in manifest.signature.outputs]
    return {
        "type": "object",
        "required": ["model_name", "model_version", "outputs"],
        "properties": {
            "model_name": {"const": manifest.model},
            "model_version": {"type": "string"},
            "id": {"type": "string"},
            "parameters": {"type": "object", "additionalProperties": True},
            "outputs": {"type": "array", "items": {"oneOf": outputs}},
        },
    }


def _output(spec: Any, signature: Any) -> Schema:
    order = f"In each row: {', '.join(signature.classes)}." if _is_per_class(spec, signature) else spec.description
    value = _class(signature) if spec.name == "label" and signature.classes else _kind(spec.datatype)
    data = {"type": "array", "items": {"anyOf": [value, {"type": "null"}]}}
    return {
        "title": spec.name,
        "type": "object",
        "required": ["name", "shape", "datatype"],
        "properties": {
            "name": {"const": spec.name},
            "datatype": {"const": spec.datatype},
            "shape": _shape(spec.shape),
            "parameters": {"type": "object", "additionalProperties": True},
            "data": data | ({"description": order} if order else {}),
        },
    }


def _row(signature: Any) -> Schema:
    return {
        "type": "object",
        "description": "A row of the table. Other columns are passed over, and named in the answer.",
        "required": [spec.name for spec in signature.inputs],
        "properties": {spec.name: value_schema(spec) for spec in signature.inputs},
        "examples": [{spec.name: value_example(spec) for spec in signature.inputs}],
    }


def _prediction(signature: Any) -> Schema:
    """What an invocation says of one row."""
    properties: dict[str, Schema] = {}
    for spec in signature.outputs:
        if _is_per_class(spec, signature):
            share = {"type": ["number", "null"], "minimum": 0, "maximum": 1}
            properties[spec.name] = {"type": "object", "properties": dict.fromkeys(signature.classes, share)}
        elif len(spec.shape) == 1:
            properties[spec.name] = (
                _class(signature) if spec.name == "label" and signature.classes else _kind(spec.datatype)
            )
        else:
            properties[spec.name] = {"type": "array"}
    return {"type": "object", "properties": properties}


def _class(signature: Any) -> Schema:
    return {"type": "string", "enum": list(signature.classes)}


def _is_per_class(spec: Any, signature: Any) -> bool:
    return bool(signature.classes) and spec.name == "probabilities"
