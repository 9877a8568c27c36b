"""A valid request made from a model's own metadata, and the edits that make it wrong in exactly one way."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from typing import Any

from cli.conformance.tensors import Tensor, values

Request = dict[str, Any]
Edit = Callable[[Request], Any]  # gives the changed request, or anything else that is to be the body


def valid(inputs: Sequence[Tensor], rows: int, style: str = "varied", free: int = 1) -> Request:
    """Every input, flat, of that many rows where the first dimension may vary. The values of a row do not depend on
    how many rows there are."""
    return {"inputs": [_input(tensor, rows, style, free) for tensor in inputs]}


def _input(tensor: Tensor, rows: int, style: str, free: int) -> dict[str, Any]:
    shape = tensor.sized(rows, free)
    data = values(tensor, math.prod(shape), style)
    return {"name": tensor.name, "shape": shape, "datatype": tensor.datatype, "data": data}


def setting(pointer: str, value: Any) -> Edit:
    """The request with what the JSON pointer leads to replaced; `value` may be a function of what stood there."""

    def edit(request: Request) -> Request:
        changed = copy.deepcopy(request)
        parent, last = _reach(changed, pointer)
        found = parent[last] if isinstance(parent, list) or last in parent else None
        parent[last] = value(found) if callable(value) else value
        return changed

    return edit


def without(pointer: str) -> Edit:
    """The request with what the JSON pointer leads to taken out."""

    def edit(request: Request) -> Request:
        changed = copy.deepcopy(request)
        parent, last = _reach(changed, pointer)
        del parent[last]
        return changed

    return edit


def being(body: Any) -> Edit:
    """Something else altogether."""
    return lambda _: body


def of_row(request: Request, row: int) -> Request:
    """One row of a request whose inputs all have the batch as their first dimension."""
    cut = copy.deepcopy(request)
    for one in cut["inputs"]:
        step = math.prod(one["shape"][1:])
        one["data"] = one["data"][row * step : (row + 1) * step]
        one["shape"][0] = 1
    return cut


def _reach(document: Any, pointer: str) -> tuple[Any, Any]:
    """What holds the pointer's end, and its key there."""
    *path, last = pointer.lstrip("/").split("/")
    for step in path:
        document = document[int(step) if isinstance(document, list) else step]
    return document, int(last) if isinstance(document, list) else last
