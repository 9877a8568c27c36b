"""Rows of text cells in DuckDB, on disk: from here on typing, profile and Parquet are SQL.

Table `raw`: `_line` BIGINT and one VARCHAR column `c0`, `c1` … for each column of the upload, cells stripped, an
empty cell the empty string. One thread, so that sums and files come out the same every time.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb


@contextmanager
def database(workspace: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB database in a file of the workspace; it may load no extension and touch nothing else."""
    import duckdb

    connection = duckdb.connect(
        workspace / "staging.duckdb",
        config={
            "threads": 1,
            "memory_limit": "1GB",
            "preserve_insertion_order": True,
            "temp_directory": str(workspace / "spill"),
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
        },
    )
    try:
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    finally:
        connection.close()


def stage_cells(
    connection: duckdb.DuckDBPyConnection, workspace: Path, width: int, rows: Iterable[tuple[int, Sequence[str]]]
) -> int:
    """Load the rows (line, `width` cells) into `raw` and return their number."""
    staged = workspace / "staged.csv"
    count = 0
    with staged.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for line, cells in rows:
            writer.writerow((line, *cells))
            count += 1
    types = ", ".join(f"'c{at}': 'VARCHAR'" for at in range(width))
    connection.execute(
        f"CREATE TABLE raw AS SELECT * FROM read_csv(?, columns = {{'_line': 'BIGINT', {types}}}, header = false, "  # noqa: S608
        "auto_detect = false, delim = ',', quote = '\"', escape = '\"', new_line = '\\n', parallel = false, "
        "max_line_size = 40000000, allow_quoted_nulls = false)"
        if count
        else f"CREATE TABLE raw (_line BIGINT, {', '.join(f'c{at} VARCHAR' for at in range(width))})",
        [str(staged)] if count else [],
    )
    staged.unlink()
    return count


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"
