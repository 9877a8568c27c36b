"""A table upload into a prepared version: stage, type, set odd rows aside, split, write Parquet, profile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lepton.dataset.column_types import Typed, typed_columns
from lepton.dataset.columnar import stage_parquet
from lepton.dataset.delimited_rows import DelimitedRows
from lepton.dataset.header import checked_names
from lepton.dataset.json_lines import JsonLines
from lepton.dataset.limits import Limits
from lepton.dataset.manifest import LINE_COLUMN, SPLIT_COLUMN, Column, Split
from lepton.dataset.prepared import PartFile, Prepared, Warned, part_file
from lepton.dataset.quarantine import Quarantine
from lepton.dataset.recognition import Recognised
from lepton.dataset.splits import split_sql
from lepton.dataset.staging import database, quoted, stage_cells
from lepton.dataset.table_profile import profiled
from lepton.dataset.text import opened_as_text
from lepton.errors import RejectedUpload

if TYPE_CHECKING:
    import duckdb

CATEGORIES = 100
_SPLITS: tuple[Split, ...] = ("train", "validation", "test")
_FETCH = 10_000


class _Rows(Protocol):
    """What a reader gives: names, rows as text cells with their lines, and the raw text of single ones again."""

    notes: list[Warned]

    @property
    def names(self) -> tuple[str, ...] | list[str]: ...

    def rows(self, quarantine: Quarantine) -> Iterator[tuple[int, list[str]]]: ...

    def raw(self, wanted: set[int]) -> Iterator[tuple[int, str]]: ...


def prepared_table(source: Recognised, workspace: Path, limits: Limits, quarantine: Quarantine) -> Prepared:
    """Everything but the lake. Raises RejectedUpload when no table comes of it."""
    with database(workspace) as connection:
        names, typed, notes = _staged(connection, source, workspace, limits, quarantine)
        digest = _digest_sql(names)
        values = ", ".join(f"{column.value} AS {column.column}" for column in typed)
        connection.execute(
            f"CREATE TABLE clean AS SELECT {values}, {split_sql(digest)} AS split, _line AS line, {digest} AS digest "  # noqa: S608
            f"FROM raw WHERE {_fitting(typed)}"
        )
        rows = _counted(connection, quarantine)
        columns = tuple(_column(connection, name, one) for name, one in zip(names, typed, strict=True))
        files = _written(connection, columns, rows, workspace, limits)
        return Prepared(
            kind="table",
            version=_version(connection, columns),
            rows=rows,
            splits=_split_counts(connection),
            files=files,
            profile=profiled(connection, columns, typed, rows, notes),
            columns=columns,
        )


def _staged(
    connection: duckdb.DuckDBPyConnection, source: Recognised, workspace: Path, limits: Limits, quarantine: Quarantine
) -> tuple[tuple[str, ...], list[Typed], list[Warned]]:
    """The names, types and notes of the upload, whose rows are in `raw` now; odd ones are in the quarantine."""
    if source.form == "parquet":
        names, typed, count = stage_parquet(connection, source.path, limits)
        _at_least_two(names)
        _some(count, quarantine)
        return names, typed, []
    text = opened_as_text(source.path)
    reader: _Rows = JsonLines(text, limits) if source.form == "json_lines" else DelimitedRows(text, limits)
    names = checked_names(reader.names, limits)
    count = stage_cells(connection, workspace, len(names), reader.rows(quarantine))
    _some(count, quarantine)
    _at_least_two(names)
    typed = typed_columns(connection, len(names))
    _set_odd_rows_aside(connection, reader, names, typed, quarantine)
    return names, typed, reader.notes


def _at_least_two(names: tuple[str, ...]) -> None:
    if len(names) < 2:
        raise RejectedUpload(
            f"the only column is {', '.join(names) or 'none'}",
            reason="one_column",
            hint="a model needs a target and at least one column to predict it from",
        )


def _some(count: int, quarantine: Quarantine) -> None:
    if count:
        return
    if quarantine.total:
        raise RejectedUpload(
            f"no row can be used: {quarantine.told()}", reason="all_rows_bad", hint="compare the rows with line 1"
        )
    raise RejectedUpload(
        "there is a header but no row", reason="header_only", pointer="line 1", hint="upload the rows too"
    )


def _counted(connection: duckdb.DuckDBPyConnection, quarantine: Quarantine) -> int:
    rows = int((connection.execute("SELECT count(*) FROM clean").fetchone() or (0,))[0])
    _some(rows, quarantine)
    if quarantine.total > rows:
        raise RejectedUpload(
            f"{quarantine.total:,} of {quarantine.total + rows:,} rows cannot be used: {quarantine.told()}",
            reason="too_many_bad_rows",
            hint="mend the file; up to half of the rows may be bad",
        )
    return rows


def _fitting(typed: list[Typed]) -> str:
    return " AND ".join(f"NOT ({one.odd})" for one in typed if one.odd) or "true"


def _set_odd_rows_aside(
    connection: duckdb.DuckDBPyConnection, reader: _Rows, names: tuple[str, ...], typed: list[Typed], q: Quarantine
) -> None:
    strict = [at for at, one in enumerate(typed) if one.odd]
    if not strict:
        return
    which = " ".join(f"WHEN {typed[at].odd} THEN {at}" for at in strict)
    text = " ".join(f"WHEN {at} THEN c{at}" for at in strict)
    found = connection.execute(
        f"SELECT _line, col, CASE col {text} END FROM (SELECT *, CASE {which} END AS col FROM raw) WHERE col >= 0"  # noqa: S608
    ).fetchall()
    odd = {line: (at, cell) for line, at, cell in found}
    raws = reader.raw(set(odd)) if odd else iter(())
    for line, raw in raws:
        at, cell = odd[line]
        number = typed[at].type != "timestamp"
        reason, wanted = ("not_a_number", "a number") if number else ("not_a_timestamp", "a date or time")
        message = f"line {line}: {names[at]} is {cell[:80]!r}, where {wanted} is wanted"
        q.add(reason, message, line=line, column=names[at], raw=raw)


def _digest_sql(names: Iterable[str]) -> str:
    """MD5 of a row's text cells, length-prefixed, ordered by column name: a column may move."""
    ordered = [at for _, at in sorted((name, at) for at, name in enumerate(names))]
    return f"md5(concat_ws(',', {', '.join(f'length(c{at}), c{at}' for at in ordered)}))"


def _column(connection: duckdb.DuckDBPyConnection, name: str, typed: Typed) -> Column:
    c = typed.column
    total, filled, distinct = connection.execute(
        f"SELECT count(*), count({c}), count(DISTINCT {c}) FROM clean"  # noqa: S608
    ).fetchone() or (0, 0, 0)
    categories = None
    if typed.type == "string" and distinct <= CATEGORIES:
        values = connection.execute(f"SELECT DISTINCT {c} FROM clean WHERE {c} IS NOT NULL").fetchall()  # noqa: S608
        categories = tuple(sorted(str(value) for (value,) in values))
    return Column(name=name, type=typed.type, nullable=filled < total, categories=categories)


def _written(
    connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...], rows: int, workspace: Path, limits: Limits
) -> tuple[PartFile, ...]:
    named = ", ".join(f"c{at} AS {quoted(column.name)}" for at, column in enumerate(columns))
    files = []
    for number, start in enumerate(range(0, rows, limits.rows_per_part)):
        path = workspace / f"part-{number:05d}.parquet"
        stop = min(rows, start + limits.rows_per_part)
        connection.execute(
            f"COPY (SELECT {named}, split AS {SPLIT_COLUMN}, line AS {LINE_COLUMN} FROM clean "  # noqa: S608
            f"WHERE rowid >= {start} AND rowid < {stop} ORDER BY rowid) TO '{path}' "
            "(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
        )
        files.append(part_file(path, stop - start))
    return tuple(files)


def _version(connection: duckdb.DuckDBPyConnection, columns: tuple[Column, ...]) -> str:
    schema = [[column.name, column.type] for column in columns]
    digest = hashlib.sha256(json.dumps(schema, ensure_ascii=False).encode())
    cursor = connection.execute("SELECT line, digest FROM clean ORDER BY rowid")
    while batch := cursor.fetchmany(_FETCH):
        digest.update("".join(f"\n{line} {row}" for line, row in batch).encode())
    return digest.hexdigest()[:12]


def _split_counts(connection: duckdb.DuckDBPyConnection) -> dict[Split, int]:
    counted = dict(connection.execute("SELECT split, count(*) FROM clean GROUP BY split").fetchall())
    return {split: int(counted.get(split, 0)) for split in _SPLITS}
