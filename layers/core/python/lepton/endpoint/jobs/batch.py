"""Some rows of a file, those that fit the signature as inputs and the others with their reason."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lepton.endpoint import bounds, tables, values
from lepton.endpoint.buffers import Codes
from lepton.endpoint.jobs.records import Format, Mark, RejectedRow
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature, TensorSpec

Array = NDArray[Any]
Checked = tuple[Array, dict[int, str]]
_PLAIN = re.compile(r"[0-9.+\-eE]*")


@dataclass(frozen=True, slots=True)
class Batch:
    """`records` of the file up to `end`: `lines[i]` and `files[i]` are those of row i of `inputs`."""

    lines: Array
    inputs: Mapping[str, Array | Codes]
    rejected: tuple[RejectedRow, ...]
    records: int
    end: Mark
    files: list[str] | None = None


class RowSource(Protocol):
    """A file of rows. `format` is what its predictions are written as when nobody asks for another."""

    @property
    def format(self) -> Format: ...
    @property
    def ignored(self) -> tuple[str, ...]: ...

    def batches(self, start: Mark, rows: int) -> Iterator[Batch]:
        """From the mark on, `rows` records in each but the last."""


def of_columns(
    columns: Mapping[str, Sequence[Any]],
    lines: Sequence[int],
    faults: Sequence[RejectedRow],
    signature: Signature,
    read: tables.Reader,
) -> tuple[Array, dict[str, Array | Codes], tuple[RejectedRow, ...]]:
    """Cells as they were read, by column: the lines and inputs of the rows that fit, and the rows that do not."""
    inputs: dict[str, Array | Codes] = {}
    wrong: list[tuple[str, Mapping[int, str]]] = []
    if lines:
        for spec in signature.inputs:
            array, misfits = _column(columns[spec.name], spec, read)
            inputs[spec.name] = array.reshape(-1, 1)
            wrong.append((spec.name, misfits))
    return without(np.asarray(lines, np.int64), inputs, wrong, faults)


def without(
    lines: Array,
    inputs: dict[str, Array | Codes],
    wrong: Sequence[tuple[str, Mapping[int, str]]],
    faults: Sequence[RejectedRow] = (),
) -> tuple[Array, dict[str, Array | Codes], tuple[RejectedRow, ...]]:
    """The rows left when those are out of which a cell is wrong; each of these is told with its first reason."""
    first: dict[int, tuple[str, str]] = {}
    for column, misfits in wrong:
        for row, reason in misfits.items():
            first.setdefault(row, (column, reason))
    if not first:
        return lines, inputs, tuple(faults)
    told = [RejectedRow(line=int(lines[row]), column=column, reason=why) for row, (column, why) in first.items()]
    keep = np.ones(len(lines), dtype=bool)
    keep[list(first)] = False
    left = {name: array[keep] for name, array in inputs.items()}
    return lines[keep], left, tuple(sorted([*faults, *told], key=lambda row: row.line))


def all_misfits(check: Callable[[slice], Checked], count: int) -> Checked:
    """What a check says of all of `count` cells: of more than it tells at once, it is asked piece by piece."""
    array, misfits = check(slice(0, count))
    if len(misfits) < bounds.TOLD:
        return array, misfits
    told: dict[int, str] = {}
    for first in range(0, count, bounds.TOLD // 2):
        told |= {first + at: why for at, why in check(slice(first, first + bounds.TOLD // 2))[1].items()}
    return array, told


def given(cells: Sequence[Any], spec: TensorSpec) -> Checked:
    """Cells that have types already, and why single ones do not fit."""
    listed = list(cells)
    declared = tables.declared(listed, spec)
    return all_misfits(lambda part: values.column(listed[part], declared, spec), len(listed))


def reasons(rows: Sequence[int], cell: Callable[[int], Any], spec: TensorSpec) -> dict[int, str]:
    """Why each of the cells does not fit, as a request would be told."""
    told = {}
    for row in rows:
        try:
            values.cell(cell(row), spec.datatype, spec)
        except InvalidRequest as error:
            told[row] = error.message
    return told


def _column(cells: Sequence[Any], spec: TensorSpec, read: tables.Reader) -> Checked:
    decimals = _decimals(cells) if read is tables.from_text and spec.datatype in values.FLOATS else None
    if decimals is None:
        return given(read(cells, spec), spec)
    return all_misfits(lambda part: values.converted(decimals[part], "FP64", spec), len(cells))


def _decimals(cells: Sequence[str]) -> Array | None:
    """A column of plain decimals at once, an empty cell as NaN; None when one of them wants a closer look."""
    if not _PLAIN.fullmatch("".join(cells)):
        return None
    try:
        return np.array([float(cell) if cell else math.nan for cell in cells])
    except ValueError:
        return None
