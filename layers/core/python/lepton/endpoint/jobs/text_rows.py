"""CSV and JSON lines as batches of rows, in constant memory, from the beginning or from a mark on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from lepton.dataset import text
from lepton.dataset.delimited import Record
from lepton.dataset.limits import Limits
from lepton.dataset.text import Lines
from lepton.endpoint import csv_text, document, tables
from lepton.endpoint.csv_text import CsvTable
from lepton.endpoint.jobs.batch import Batch, of_columns
from lepton.endpoint.jobs.records import Format, Mark, RejectedRow
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature

_Row = TypeVar("_Row")
_Object = tuple[int, dict[str, Any] | None, str]


@contextmanager
def csv_rows(path: Path, signature: Signature) -> Iterator[CsvRows]:
    """Raises InvalidRequest when there is no header, or a column is missing."""
    with text.opened_as_text(path).lines(Limits()) as lines:
        yield CsvRows(lines, signature)


@contextmanager
def json_rows(path: Path, signature: Signature) -> Iterator[JsonRows]:
    """Raises InvalidRequest when the first object has none of the model's columns."""
    with text.opened_as_text(path).lines(Limits()) as lines:
        yield JsonRows(lines, signature)


class CsvRows:
    """A row is a record; one that is damaged is told and passed over."""

    format: Format = "csv"

    def __init__(self, lines: Lines, signature: Signature) -> None:
        self._lines = lines
        self._signature = signature
        self._table = self._headed()
        self._first = Mark(line=lines.number, offset=lines.position() or 0)
        self.ignored = tables.check_columns(self._table.header, signature, "line 1")

    def batches(self, start: Mark, rows: int) -> Iterator[Batch]:
        # Its rows end once: whoever reads again needs a table of its own.
        self._table = self._headed()
        return _batches(self._lines, _placed(start, self._first), rows, self._table.rows, self._fitted)

    def _headed(self) -> CsvTable:
        self._lines.go_to(0, 0)
        return csv_text.read(self._lines, [spec.name for spec in self._signature.inputs])

    def _fitted(self, records: Sequence[Record]) -> tuple[Any, Any, tuple[RejectedRow, ...]]:
        told = [(record, self._table.fault(record)) for record in records]
        faults = [RejectedRow(line=record.line, column=None, reason=fault) for record, fault in told if fault]
        good = [record for record, fault in told if not fault]
        cells = zip(*(record.cells for record in good), strict=True)
        columns = dict(zip(self._table.header, cells, strict=True)) if good else {}
        return of_columns(columns, [record.line for record in good], faults, self._signature, tables.from_text)


class JsonRows:
    """A row is an object on a line of its own; a key that it lacks is a missing value."""

    format: Format = "jsonl"

    def __init__(self, lines: Lines, signature: Signature) -> None:
        self._lines = lines
        self._signature = signature
        self._wanted = [spec.name for spec in signature.inputs]
        self._first = Mark(offset=lines.position() or 0)
        self.ignored = self._checked()

    def batches(self, start: Mark, rows: int) -> Iterator[Batch]:
        return _batches(self._lines, _placed(start, self._first), rows, _objects(self._lines), self._fitted)

    def _fitted(self, objects: Sequence[_Object]) -> tuple[Any, Any, tuple[RejectedRow, ...]]:
        faults = [RejectedRow(line=line, column=None, reason=why) for line, row, why in objects if row is None]
        good = [(line, row) for line, row, _ in objects if row is not None]
        columns = {name: [row.get(name) for _, row in good] for name in self._wanted}
        return of_columns(columns, [line for line, _ in good], faults, self._signature, tables.as_given)

    def _checked(self) -> tuple[str, ...]:
        """The keys of the first object that the model does not use."""
        first = next((row for _, row, _ in _objects(self._lines) if row is not None), {})
        if not tables.is_table(self._signature) or not set(first) & set(self._wanted):
            tables.check_columns(list(first), self._signature, "line 1")
        return tuple(name for name in first if name not in self._wanted)


def _objects(lines: Lines) -> Iterator[_Object]:
    for line in lines:
        lines.taken()
        if not line.strip():
            continue
        try:
            value = json.loads(line, parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            yield lines.number, None, f"not JSON: {error}"
            continue
        if isinstance(value, dict):
            yield lines.number, value, ""
        else:
            yield lines.number, None, f"not an object, but {document.kind(value)}"


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _batches(
    lines: Lines,
    start: Mark,
    rows: int,
    found: Iterator[_Row],
    fitted: Callable[[Sequence[_Row]], tuple[Any, Any, tuple[RejectedRow, ...]]],
) -> Iterator[Batch]:
    assert start.offset is not None  # noqa: S101  # a mark that was placed has one
    lines.go_to(start.offset, start.line)
    for _ in islice(found, start.skip):
        pass
    mark = start
    while taken := list(islice(found, rows)):
        mark = _moved(mark, lines, len(taken))
        kept, inputs, rejected = fitted(taken)
        yield Batch(kept, inputs, rejected, len(taken), mark)


def _moved(mark: Mark, lines: Lines, records: int) -> Mark:
    """The mark after so many records more: the stream's own place, unless lines were put back into it."""
    row = mark.row + records
    offset = lines.position()
    if offset is not None:
        return Mark(row=row, line=lines.number, offset=offset)
    return Mark(row=row, line=mark.line, offset=mark.offset, skip=mark.skip + records)


def _placed(mark: Mark, first: Mark) -> Mark:
    """The mark itself, or the place of the first row where it is at the beginning."""
    return mark if mark.offset is not None else first


def not_an_array(head: str) -> None:
    """Raises InvalidRequest for one JSON array that holds all rows."""
    if head.startswith("["):
        raise InvalidRequest(
            "the file is one JSON array", pointer="line 1", hint="write one object a line, as `jq -c '.[]'` does"
        )
