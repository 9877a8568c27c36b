"""Named columns into an InferRequest: what records, splits and CSV files have in common.

A table's model takes one input of shape [-1, 1] for each column. Every input must be there; columns that the model
does not use (ids, the target) are named in the request's `ignored`, so that none disappears untold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lepton.endpoint import usual
from lepton.endpoint.buffers import INTEGERS, Tensor, Tensors
from lepton.endpoint.request import InferRequest
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.model_package.manifest import Signature, TensorSpec

_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}")

Column = Sequence[Any]
Reader = Callable[[Column, "TensorSpec"], list[Any]]


@dataclass(frozen=True, slots=True)
class Misfit:
    """A cell that does not fit its column."""

    row: int
    column: str
    reason: str


def is_table(signature: Signature) -> bool:
    return all(spec.shape == (-1, 1) for spec in signature.inputs)


def check_columns(names: Sequence[str], signature: Signature, pointer: str) -> tuple[str, ...]:
    """The columns that the model does not use. Raises InvalidRequest for a missing, double or impossible one."""
    if not is_table(signature):
        raise InvalidRequest("the model does not take a table", pointer=pointer, hint=_tensor_hint(signature))
    given = set(names)
    missing = [spec.name for spec in signature.inputs if spec.name not in given]
    if missing:
        raise InvalidRequest(
            f"missing column: {', '.join(missing[:20])}",
            pointer=pointer,
            hint="there are " + ", ".join(ascii(name[:40]) for name in names[:40]),
        )
    wanted = {spec.name for spec in signature.inputs}
    if len(given) != len(names) and (twice := [name for name in names if names.count(name) > 1 and name in wanted]):
        raise InvalidRequest(f"column {twice[0]!r} is given twice", pointer=pointer)
    return tuple(dict.fromkeys(name for name in names if name not in wanted))


def request(
    columns: Mapping[str, Column],
    signature: Signature,
    read: Reader,
    place: Callable[[Misfit], str],
    ignored: Iterable[str] = (),
) -> InferRequest:
    """All rows or none: raises InvalidRequest for the first cell that does not fit, `place` points to it."""
    from lepton.endpoint import bounds

    cells = {spec.name: read(columns[spec.name], spec) for spec in signature.inputs}
    rows = len(next(iter(cells.values())))
    plain = usual.of(signature).columns(cells, rows)
    if plain is not None:
        return InferRequest(Tensors(plain), rows, ignored=tuple(ignored))
    inputs, misfits = fitted(cells, signature, as_given)
    if misfits:
        first = min(misfits, key=lambda misfit: misfit.row)
        raise InvalidRequest(first.reason, pointer=place(first))
    warnings = [said for spec in signature.inputs for said in bounds.warnings(inputs[spec.name], spec)]
    tensors = {spec.name: Tensor.of(spec.datatype, inputs[spec.name]) for spec in signature.inputs}
    return InferRequest(Tensors(tensors), rows, ignored=tuple(ignored), warnings=tuple(warnings))


def fitted(columns: Mapping[str, Column], signature: Signature, read: Reader) -> tuple[dict[str, Array], list[Misfit]]:
    """The inputs [rows, 1] and every cell that does not fit (its place holds a filler: leave its row out)."""
    from lepton.endpoint import values

    inputs: dict[str, Array] = {}
    misfits: list[Misfit] = []
    for spec in signature.inputs:
        cells = read(columns[spec.name], spec)
        array, wrong = values.column(cells, declared(cells, spec), spec)
        inputs[spec.name] = array.reshape(-1, 1)
        misfits += [Misfit(row, spec.name, reason) for row, reason in wrong.items()]
    return inputs, misfits


def without(inputs: Mapping[str, Array], rows: Iterable[int], count: int) -> dict[str, Array]:
    """The inputs with the named rows left out."""
    import numpy as np

    keep = np.ones(count, dtype=bool)
    keep[list(rows)] = False
    return {name: array[keep] for name, array in inputs.items()}


def declared(cells: list[Any], spec: TensorSpec) -> str:
    """What untyped cells are taken for: the column's own datatype, but BOOL when all of them are true or false."""
    kinds = set(map(type, cells)) - {type(None)}
    return "BOOL" if kinds == {bool} and spec.datatype != "BYTES" else spec.datatype


def as_given(cells: Column, _spec: TensorSpec) -> list[Any]:
    """Cells that have types already (JSON, Parquet)."""
    return list(cells)


def from_text(cells: Column, spec: TensorSpec) -> list[Any]:
    """Cells of a text file, read as ingest reads them: an empty one, or a word for missing, is missing.

    What is no number stays text, and is refused as such later.
    """
    from lepton.dataset.column_types import MISSING_NUMBERS, MISSING_TEXTS

    if spec.datatype == "BYTES":
        return [None if not cell or cell in MISSING_TEXTS else cell for cell in cells]
    number = _INTEGER if spec.datatype in INTEGERS else _FLOAT
    kind = int if spec.datatype in INTEGERS else bool if spec.datatype == "BOOL" else float
    return [_number(cell.strip(), number, kind, MISSING_NUMBERS) for cell in cells]


def _number(cell: str, pattern: re.Pattern[str], kind: type, missing: Collection[str]) -> Any:
    if kind is not bool and pattern.fullmatch(cell):
        return kind(cell)
    word = cell.lower()
    if not cell or word in missing:
        return None
    return kind(word == "true") if word in ("true", "false") else cell


def _tensor_hint(signature: Signature) -> str:
    takes = ", ".join(f"{spec.name} {spec.datatype}{list(spec.shape)}" for spec in signature.inputs[:5])
    return f"it takes {takes}" + (", or an image file as the body" if signature.image else "")
