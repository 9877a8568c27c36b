"""Parquet as an upload: its own types hold, nothing is inferred."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lepton.dataset.column_types import Typed
from lepton.dataset.header import checked_names
from lepton.dataset.limits import Limits
from lepton.dataset.manifest import ColumnType
from lepton.dataset.staging import quoted
from lepton.errors import RejectedUpload

if TYPE_CHECKING:
    import duckdb

_INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
_TIMES = ("DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS", "TIMESTAMP_MS", "TIMESTAMP_S")


def stage_parquet(
    connection: duckdb.DuckDBPyConnection, path: Path, limits: Limits
) -> tuple[tuple[str, ...], list[Typed], int]:
    """Load the file into `raw` as text. Returns the names, how each becomes typed, and the number of rows."""
    import duckdb

    try:
        described = connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [str(path)]).fetchall()
        names = checked_names([row[0] for row in described], limits)
        cells = ", ".join(f"coalesce(trim({_text(row[0], row[1])}), '') AS c{at}" for at, row in enumerate(described))
        connection.execute(
            f"CREATE TABLE raw AS SELECT file_row_number + 1 AS _line, {cells} "  # noqa: S608
            "FROM read_parquet(?, file_row_number = true)",
            [str(path)],
        )
    except duckdb.Error as error:
        raise RejectedUpload(
            f"the Parquet file cannot be read: {str(error).splitlines()[0]}",
            reason="damaged_parquet",
            hint="write it again and upload it again",
        ) from error
    rows = connection.execute("SELECT count(*) FROM raw").fetchone() or (0,)
    return names, [_typed(f"c{at}", row[1]) for at, row in enumerate(described)], int(rows[0])


def _text(name: str, declared: str) -> str:
    if declared == "TIMESTAMP WITH TIME ZONE":
        return f"CAST(CAST({quoted(name)} AS TIMESTAMP) AS VARCHAR)"
    if declared == "BLOB":
        return f"base64({quoted(name)})"
    return f"CAST({quoted(name)} AS VARCHAR)"


def _typed(c: str, declared: str) -> Typed:
    if declared in _INTEGERS:
        return Typed(c, "int64", f"TRY_CAST(nullif({c}, '') AS BIGINT)", None, 0)
    if declared in ("FLOAT", "DOUBLE", "UBIGINT", "HUGEINT") or declared.startswith("DECIMAL"):
        number = f"TRY_CAST(nullif({c}, '') AS DOUBLE)"
        return Typed(c, "float64", f"CASE WHEN isfinite({number}) THEN {number} END", None, 0)
    if declared in _TIMES:
        return Typed(c, "timestamp", f"TRY_CAST(nullif({c}, '') AS TIMESTAMP)", None, 0)
    kind: ColumnType = "bool" if declared == "BOOLEAN" else "string"
    return Typed(c, kind, f"nullif({c}, '') = 'true'" if kind == "bool" else f"nullif({c}, '')", None, 0)
