"""A CSV or Parquet file as chunks of columns, with the line of every row, in constant memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from lepton.dataset import text
from lepton.dataset.limits import Limits
from lepton.dataset.staging import quoted
from lepton.endpoint import csv_text, tables, values
from lepton.endpoint.transform_report import RejectedRow
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature, TensorSpec

CHUNK = 2_000
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FRACTIONS = ("FLOAT", "DOUBLE")


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows: `columns[name][i]` stands on `lines[i]`; `faults` are rows that are none."""

    lines: list[int]
    columns: dict[str, Any]
    faults: list[RejectedRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TableFile:
    """`reader` says how cells become values; `ignored` are columns that the model does not use."""

    chunks: Iterator[Chunk]
    reader: tables.Reader
    ignored: tuple[str, ...]
    format: str


@contextmanager
def opened(path: Path, signature: Signature) -> Iterator[TableFile]:
    """Raises InvalidRequest, RejectedUpload when the file is no table that the model can read."""
    with path.open("rb") as stream:
        head = stream.read(1 << 16)
    if not head.strip():
        raise InvalidRequest("the file is empty", pointer="line 1", hint=csv_text.HINT)
    if head.startswith(b"PAR1"):
        with _parquet(path, signature) as table:
            yield table
    elif text.is_text(head):
        with _csv(path, signature) as table:
            yield table
    else:
        raise InvalidRequest("the file is neither CSV nor Parquet", hint="upload a CSV with a header, or Parquet")


@contextmanager
def _csv(path: Path, signature: Signature) -> Iterator[TableFile]:
    with text.opened_as_text(path).lines(Limits()) as lines:
        table = csv_text.read(lines, [spec.name for spec in signature.inputs])
        ignored = tables.check_columns(table.header, signature, "line 1")
        yield TableFile(_csv_chunks(table), tables.from_text, ignored, "csv")


def _csv_chunks(table: csv_text.CsvTable) -> Iterator[Chunk]:
    while records := list(islice(table.rows, CHUNK)):
        told = [(record, table.fault(record)) for record in records]
        faults = [RejectedRow(line=record.line, column=None, reason=fault) for record, fault in told if fault]
        rows = [record for record, fault in told if not fault]
        cells = zip(*(record.cells for record in rows), strict=True)
        columns = dict(zip(table.header, cells, strict=True)) if rows else {}
        yield Chunk([record.line for record in rows], columns, faults)


@contextmanager
def _parquet(path: Path, signature: Signature) -> Iterator[TableFile]:
    import duckdb

    with duckdb.connect(config={"threads": 1}) as connection:
        try:
            described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
            types = {str(row[0]): str(row[1]) for row in described}
            ignored = tables.check_columns(list(types), signature, "columns")
            cells = ", ".join(_cell(spec, types[spec.name]) for spec in signature.inputs)
            query = f"SELECT file_row_number + 1, {cells} FROM read_parquet(?, file_row_number = true)"  # noqa: S608
            connection.execute(query, [str(path)])
        except duckdb.Error as error:
            raise _unreadable(error) from error
        names = [spec.name for spec in signature.inputs]
        yield TableFile(_parquet_chunks(connection, names), _mixed, ignored, "parquet")


def _parquet_chunks(connection: Any, names: list[str]) -> Iterator[Chunk]:
    while rows := _fetched(connection):
        lines, *columns = map(list, zip(*rows, strict=True))
        yield Chunk(lines, dict(zip(names, columns, strict=True)))


def _fetched(connection: Any) -> list[Any]:
    import duckdb

    try:
        rows: list[Any] = connection.fetchmany(CHUNK)
    except duckdb.Error as error:
        raise _unreadable(error) from error
    return rows


def _unreadable(error: Exception) -> InvalidRequest:
    what = f"the Parquet file cannot be read: {str(error).splitlines()[0]}"
    return InvalidRequest(what, hint="write it again and upload it again")


def _cell(spec: TensorSpec, declared: str) -> str:
    """The SQL that reads a column for an input. Raises InvalidRequest when its type cannot mean what is wanted."""
    name = quoted(spec.name)
    if declared == "VARCHAR":
        return f"trim({name})"
    if spec.datatype in values.FLOATS and (declared in (*_NUMBERS, *_FRACTIONS) or declared.startswith("DECIMAL")):
        return f"CASE WHEN NOT isnan({name}::DOUBLE) THEN {name}::DOUBLE END"
    if spec.datatype != "BYTES" and (declared == "BOOLEAN" or declared in _NUMBERS):
        return name
    raise InvalidRequest(
        f"column {spec.name!r} is {declared}, the model takes {spec.datatype}",
        pointer=f"columns/{spec.name}",
        hint="write it as text or as a number",
    )


def _mixed(cells: tables.Column, spec: TensorSpec) -> list[Any]:
    """Text is read as in a CSV, everything else as it is."""
    if any(isinstance(cell, str) for cell in cells):
        return tables.from_text(["" if cell is None else cell for cell in cells], spec)
    return tables.as_given(cells, spec)
