"""Parquet as batches of rows, whole columns at a time.

DuckDB reads a window of rows, the row groups of the file if they are not too large; others are not touched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from lepton.dataset.staging import literal
from lepton.endpoint import tables
from lepton.endpoint.buffers import Codes
from lepton.endpoint.jobs.batch import Array, Batch, without
from lepton.endpoint.jobs.parquet_columns import Column, column
from lepton.endpoint.jobs.records import Format, Mark
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature

# Of one window: what lies in memory at once. Most files have row groups of 122,880 rows.
CELLS = 3_000_000
ROWS = 131_072


@dataclass(frozen=True, slots=True)
class _Window:
    """Some rows of all inputs, and why single cells of them do not fit."""

    rows: int
    inputs: Mapping[str, Array | Codes]
    misfits: Mapping[str, Mapping[int, str]]


def parquet_rows(connection: Any, path: Path, signature: Signature) -> ParquetRows:
    """Raises InvalidRequest when it cannot be read, or a column is missing or of another kind."""
    import duckdb

    name = [str(path)]
    groups = "SELECT max(row_group_num_rows) FROM parquet_metadata(?) GROUP BY row_group_id ORDER BY row_group_id"
    try:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", name).fetchall()
        sizes = [int(row[0]) for row in connection.execute(groups, name).fetchall()]
    except duckdb.Error as error:
        raise _unreadable(error) from error
    types = {str(row[0]): str(row[1]) for row in described}
    ignored = tables.check_columns(list(types), signature, "columns")
    columns = [column(spec, types[spec.name]) for spec in signature.inputs]
    return ParquetRows(connection, path, columns, ignored, sizes)


class ParquetRows:
    """A row's line is its number in the file, from 1 on. `groups`: rows of each row group."""

    format: Format = "parquet"

    def __init__(
        self, connection: Any, path: Path, columns: list[Column], ignored: tuple[str, ...], groups: list[int]
    ) -> None:
        self.ignored = ignored
        self._connection = connection
        self._columns = columns
        self._ends = list(accumulate(groups))
        self._file = f"read_parquet({literal(str(path))}, file_row_number = true)"

    def batches(self, start: Mark, rows: int) -> Iterator[Batch]:
        first, total = start.row, self._ends[-1] if self._ends else 0
        while first < total:
            end = min(self._end(first, rows), total)
            window = self._window(first, end)
            for begin in range(0, window.rows, rows):
                yield self._batch(window, begin, min(begin + rows, window.rows), first)
            first = end

    def _end(self, first: int, rows: int) -> int:
        """Where the window ends: with a row group, but no more than memory allows, and with a whole batch."""
        most = max(1, min(ROWS, CELLS // len(self._columns)) // rows) * rows
        within = [end - first for end in self._ends if end > first and (end - first) <= most]
        wanted = max(within, default=most)
        return first + max(rows, wanted // rows * rows)

    def _window(self, first: int, end: int) -> _Window:
        read = self._read(first, end, {at: False for at in range(len(self._columns))})
        inputs: dict[str, Array | Codes] = {}
        misfits: dict[str, Mapping[int, str]] = {}
        for at, one in enumerate(self._columns):
            array = one.quickly(read[f"c{at}"]) if one.is_quick() else None
            if array is None:
                again = read if f"o{at}" in read or one.quick is None else self._read(first, end, {at: True})
                array, misfits[one.spec.name] = one.exactly(again[f"c{at}"], again.get(f"o{at}"))
            inputs[one.spec.name] = array if isinstance(array, Codes) else array.reshape(-1, 1)
        return _Window(end - first, inputs, {name: wrong for name, wrong in misfits.items() if wrong})

    def _read(self, first: int, end: int, columns: Mapping[int, bool]) -> dict[str, Any]:
        """The columns at these places, exactly where that is asked for."""
        import duckdb

        cells = [sql for at, exactly in columns.items() for sql in self._columns[at].cells(at, exactly)]
        rows = f"file_row_number >= {first} AND file_row_number < {end}"
        try:
            query = f"SELECT {', '.join(cells)} FROM {self._file} WHERE {rows}"  # noqa: S608
            read: dict[str, Any] = self._connection.execute(query).fetchnumpy()
        except duckdb.Error as error:
            raise _unreadable(error) from error
        return read

    def _batch(self, window: _Window, begin: int, end: int, first: int) -> Batch:
        inputs = {name: array[begin:end] for name, array in window.inputs.items()}
        lines = np.arange(first + begin + 1, first + end + 1)
        wrong = [
            (name, {row - begin: why for row, why in misfits.items() if begin <= row < end})
            for name, misfits in window.misfits.items()
        ]
        kept, left, rejected = without(lines, inputs, wrong)
        return Batch(kept, left, rejected, end - begin, Mark(row=first + end))


def _unreadable(error: Exception) -> InvalidRequest:
    what = f"the Parquet file cannot be read: {str(error).splitlines()[0]}"
    return InvalidRequest(what, hint="write it again and upload it again")
