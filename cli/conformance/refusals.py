"""Inputs that do not fit the model: each is one edit of a right request, and each is a client's fault (4xx)."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Callable
from typing import Any

from cli.conformance.answer import no_fault_of_the_server, refused
from cli.conformance.case import Case, Spared
from cli.conformance.request import Edit, Request, being, setting, without
from cli.conformance.subject import Model, Subject
from cli.conformance.tensors import LETTERS, Tensor, nested

TOPIC = "input"
HUGE = 10**400
Kind = Callable[[Tensor], bool]


def _refuse(edit: Edit, rows: int = 1) -> Callable[[Subject], None]:
    """The edited request is answered with a 4xx."""
    return lambda subject: refused(subject.model.infer(edit(_right(subject.model, rows))))


def _right(model: Model, rows: int) -> Request:
    """A request that is answered: what comes of its edit is the edit's doing."""
    return copy.deepcopy(model.request(rows))


def _of(kind: Kind, what: str, edit: Callable[[Request, int, Tensor], Any]) -> Callable[[Subject], None]:
    """The edit made to the model's first input of a kind; a model without one is spared."""

    def ask(subject: Subject) -> None:
        tensor = next((one for one in subject.model.inputs if kind(one)), None)
        if tensor is None:
            raise Spared(f"no input {what}")
        request = _right(subject.model, 1)
        at = next(at for at, one in enumerate(request["inputs"]) if one["name"] == tensor.name)
        refused(subject.model.infer(edit(request, at, tensor)))

    return ask


def _element(value: Any) -> Callable[[Request, int, Tensor], Any]:
    """The first element of the input replaced."""
    return lambda request, at, _: setting(f"/inputs/{at}/data/0", value)(request)


def _literal(text: str) -> Callable[[Request, int, Tensor], bytes]:
    """The first element replaced by a text that no JSON writer would write."""

    def edit(request: Request, at: int, _: Tensor) -> bytes:
        marked = setting(f"/inputs/{at}/data/0", "@here@")(request)
        return json.dumps(marked).replace('"@here@"', text).encode()

    return edit


def _foreign(request: Request, at: int, tensor: Tensor) -> Request:
    """The same shape, in a datatype that no server could make the model's out of."""
    one = request["inputs"][at]
    count = len(one["data"])
    other = ("FP32", [0.5] * count) if tensor.datatype == "BYTES" else ("BYTES", ["word"] * count)
    one["datatype"], one["data"] = other
    return request


def _fixed(request: Request, at: int, tensor: Tensor) -> Request:
    """One more in a dimension that may not vary, with as much data."""
    one = request["inputs"][at]
    dimension = next(at for at, size in enumerate(tensor.shape) if size > 0)
    one["shape"][dimension] += 1
    one["data"] = (one["data"] * 2)[: math.prod(one["shape"])]
    one["data"] += [one["data"][0]] * (math.prod(one["shape"]) - len(one["data"]))
    return request


def _out_of_range(request: Request, at: int, tensor: Tensor) -> Request:
    bits = 8 * {"B": 1, "H": 2, "I": 4, "Q": 8}[LETTERS[tensor.datatype].upper()]
    one = request["inputs"][at]
    one["data"][0] = 2**bits
    return request


def _other_case(request: Request) -> Request:
    one = request["inputs"][0]
    if one["name"].swapcase() == one["name"]:
        raise Spared("the first input's name has no letters")
    one["name"] = one["name"].swapcase()
    return request


def _ragged(request: Request) -> Request:
    one = request["inputs"][0]
    one["data"] = nested(one["data"], one["shape"])
    if len(one["shape"]) < 2:
        raise Spared("the model's first input has one dimension")
    one["data"][-1] = one["data"][-1][:-1]
    return request


def _fewer_rows(request: Request) -> Request:
    if len(request["inputs"]) < 2:
        raise Spared("the model has one input")
    one = request["inputs"][1]
    step = math.prod(one["shape"][1:])
    one["shape"][0] -= 1
    one["data"] = one["data"][:-step]
    return request


def _twice(request: Request) -> Request:
    return request | {"inputs": [*request["inputs"], request["inputs"][0]]}


def _stranger(request: Request) -> Request:
    extra = {"name": "no-such-input", "shape": [1], "datatype": "FP32", "data": [1.0]}
    return request | {"inputs": [*request["inputs"], extra]}


def _shape(change: Callable[[list[int]], Any]) -> Edit:
    return setting("/inputs/0/shape", change)


def _data(change: Any) -> Edit:
    return setting("/inputs/0/data", change)


def _numeric(tensor: Tensor) -> bool:
    return tensor.is_float or tensor.is_integer


def _any(_: Tensor) -> bool:
    return True


def _empty_batch(subject: Subject) -> None:
    request = _right(subject.model, 1)
    if not subject.model.batches:
        raise Spared("the model's batch is of one size")
    for one in request["inputs"]:
        one["shape"][0], one["data"] = 0, []
    no_fault_of_the_server(subject.model.infer(request))


_EDITS: tuple[tuple[str, str, Edit], ...] = (
    ("name-unknown", "an input that the model has not", setting("/inputs/0/name", "no-such-input")),
    ("name-case", "an input's name in other letters' case", _other_case),
    ("missing", "an input left out", without("/inputs/0")),
    ("extra", "one input more than the model has", _stranger),
    ("twice", "the same input twice", _twice),
    ("none", "no input at all", setting("/inputs", [])),
    ("rank-higher", "a dimension too many", _shape(lambda shape: [*shape, 1])),
    ("rank-lower", "a dimension too few", _shape(lambda shape: shape[:-1])),
    ("too-many-elements", "an element more than the shape asks for", _data(lambda data: [*data, data[0]])),
    ("too-few-elements", "an element fewer than the shape asks for", _data(lambda data: data[:-1])),
    ("no-elements", "no data for a shape that asks for some", _data([])),
    ("dimension-negative", "a dimension of -1", _shape(lambda shape: [-1, *shape[1:]])),
    ("dimension-huge", "a dimension of 2^31 - 1 with the data of one", _shape(lambda s: [2**31 - 1, *s[1:]])),
    ("dimension-beyond-64-bits", "a dimension of 2^70", _shape(lambda shape: [2**70, *shape[1:]])),
    ("dimension-fraction", "a dimension of 1.5", _shape(lambda shape: [1.5, *shape[1:]])),
    ("dimension-true", "a dimension of true", _shape(lambda shape: [True, *shape[1:]])),
    ("dimension-text", 'a dimension of "1"', _shape(lambda shape: ["1", *shape[1:]])),
    ("dimension-null", "a dimension of null", _shape(lambda shape: [None, *shape[1:]])),
    ("shape-text", "a shape that is a string", _shape(lambda _: "1")),
    ("shape-null", "a shape that is null", _shape(lambda _: None)),
    ("shape-missing", "no shape", without("/inputs/0/shape")),
    ("datatype-unknown", "a datatype that the protocol has not", setting("/inputs/0/datatype", "FLOAT32")),
    ("datatype-case", "a datatype in small letters", setting("/inputs/0/datatype", lambda name: name.lower())),
    ("datatype-number", "a datatype that is a number", setting("/inputs/0/datatype", 1)),
    ("datatype-missing", "no datatype", without("/inputs/0/datatype")),
    ("data-missing", "no data", without("/inputs/0/data")),
    ("data-null", "data that is null", _data(None)),
    ("data-text", "data that is a string", _data("word")),
    ("data-object", "data that is an object", _data({"0": 1})),
    ("data-number", "data that is a number", _data(1)),
    ("element-object", "an element that is an object", setting("/inputs/0/data/0", {})),
    ("name-missing", "an input without a name", without("/inputs/0/name")),
    ("name-number", "a name that is a number", setting("/inputs/0/name", 1)),
    ("name-null", "a name that is null", setting("/inputs/0/name", None)),
    ("input-null", "an input that is null", setting("/inputs/0", None)),
    ("input-text", "an input that is a string", setting("/inputs/0", "word")),
    ("inputs-missing", "no inputs", without("/inputs")),
    ("inputs-null", "inputs that are null", setting("/inputs", None)),
    ("inputs-object", "inputs that are an object", setting("/inputs", lambda inputs: {"0": inputs[0]})),
    ("parameters-list", "an input's parameters that are a list", setting("/inputs/0/parameters", [1])),
    ("data-ragged", "nested data with a row too short", _ragged),
    ("everything-wrong", "none of the members that are needed", being({"instances": [[1]]})),
)
_KINDS = (
    ("datatype-foreign", "a datatype that the model's cannot be made of", _any, "", _foreign),
    (
        "dimension-wrong",
        "a wrong size in a fixed dimension",
        lambda tensor: any(size > 0 for size in tensor.shape),
        "with a fixed dimension",
        _fixed,
    ),
    ("null", "a null where none may be", lambda tensor: not tensor.nullable, "that refuses null", _element(None)),
    ("text-for-number", "a word for a number", _numeric, "of numbers", _element("word")),
    ("number-for-text", "a number for a text", lambda one: one.datatype == "BYTES", "of BYTES", _element(1)),
    ("nan", "NaN, which is not JSON", _numeric, "of numbers", _literal("NaN")),
    ("infinity", "Infinity, which is not JSON", _numeric, "of numbers", _literal("-Infinity")),
    ("number-huge", "an integer of 400 digits", _numeric, "of numbers", _element(HUGE)),
    ("number-overflows", "1e999, which no datatype holds", _numeric, "of numbers", _literal("1e999")),
    ("integer-overflows", "an integer beyond the datatype", lambda t: t.is_integer, "of integers", _out_of_range),
    ("integer-fraction", "0.5 for an integer", lambda t: t.is_integer, "of integers", _element(0.5)),
    (
        "integer-negative",
        "-1 for an unsigned integer",
        lambda tensor: tensor.datatype.startswith("UINT"),
        "of unsigned integers",
        _element(-1),
    ),
    ("number-for-bool", "2 for a truth value", lambda tensor: tensor.datatype == "BOOL", "of BOOL", _element(2)),
)
CASES = (
    *(Case(TOPIC, name, f"{says}: 4xx", _refuse(edit)) for name, says, edit in _EDITS),
    *(Case(TOPIC, name, f"{says}: 4xx", _of(kind, what, edit)) for name, says, kind, what, edit in _KINDS),
    Case(TOPIC, "rows-differ", "inputs of different batch sizes: 4xx", _refuse(_fewer_rows, rows=2)),
    Case(TOPIC, "rows-none", "an empty batch is answered or refused, no fault of the server", _empty_batch),
)
