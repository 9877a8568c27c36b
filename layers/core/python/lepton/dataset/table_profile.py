"""Figures of a table: one entry for each column, and warnings of what a person should look at before training.

Column figures: `missing`, `distinct`, `top` (commonest values with their counts; of a column with categories all).
Numbers: `min`, `max`, `mean`, `sd` (sample), `quantiles` (1, 5, 25, 50, 75, 95, 99 %, interpolated).
Text: `length` (min, mean, max in characters). Times: `min`, `max` in ISO 8601.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lepton.dataset.column_types import Typed
from lepton.dataset.manifest import Column
from lepton.dataset.prepared import Warned, warned

if TYPE_CHECKING:
    import duckdb

_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_TOP = 20
_TOP_CATEGORIES = 100
# Below so many rows, "every value is different" says nothing.
_ID_ROWS = 20
_ID_CHARS = 64
_SHOWN_CHARS = 200


def profiled(
    connection: duckdb.DuckDBPyConnection,
    columns: tuple[Column, ...],
    typed: list[Typed],
    rows: int,
    notes: list[Warned],
) -> dict[str, Any]:
    """The profile of table `clean`, JSON-like."""
    figures = [_figures(connection, f"c{at}", column, rows) for at, column in enumerate(columns)]
    warnings = list(notes)
    for column, one, figure in zip(columns, typed, figures, strict=True):
        warnings += _column_warnings(column, one, figure, rows)
    warnings += _missing_words(columns, typed)
    warnings += _row_warnings(connection, rows)
    return {"schema_version": 1, "kind": "table", "rows": rows, "columns": figures, "warnings": warnings}


def _figures(connection: duckdb.DuckDBPyConnection, c: str, column: Column, rows: int) -> dict[str, Any]:
    filled, distinct = _one(connection, f"SELECT count({c}), count(DISTINCT {c}) FROM clean")  # noqa: S608
    head = {"name": column.name, "type": column.type, "missing": rows - filled, "distinct": distinct}
    if not filled:
        return head
    limit = _TOP_CATEGORIES if column.categories is not None else _TOP
    top = connection.execute(
        f"SELECT {c}, count(*) AS n FROM clean WHERE {c} IS NOT NULL GROUP BY {c} ORDER BY n DESC, {c} LIMIT {limit}"  # noqa: S608
    ).fetchall()
    head["top"] = [[_plain(value), count] for value, count in top]
    return head | _of_type(connection, c, column)


def _of_type(connection: duckdb.DuckDBPyConnection, c: str, column: Column) -> dict[str, Any]:
    if column.type in ("int64", "float64"):
        low, high, mean, sd, quantiles = _one(
            connection,
            f"SELECT min({c}), max({c}), avg({c}), stddev_samp({c}::DOUBLE), "  # noqa: S608
            f"quantile_cont({c}::DOUBLE, {list(_QUANTILES)}) FROM clean",
        )
        named = {f"{share:.0%}": _plain(value) for share, value in zip(_QUANTILES, quantiles, strict=True)}
        return {"min": low, "max": high, "mean": _plain(mean), "sd": _plain(sd), "quantiles": named}
    if column.type == "string":
        low, mean, high = _one(connection, f"SELECT min(length({c})), avg(length({c})), max(length({c})) FROM clean")  # noqa: S608
        return {"length": {"min": low, "mean": _plain(mean), "max": high}}
    if column.type == "timestamp":
        low, high = _one(connection, f"SELECT min({c}), max({c}) FROM clean")  # noqa: S608
        return {"min": _plain(low), "max": _plain(high)}
    return {}


def _column_warnings(column: Column, typed: Typed, figure: dict[str, Any], rows: int) -> list[Warned]:
    name, missing, distinct = column.name, figure["missing"], figure["distinct"]
    found = []
    if missing == rows:
        found.append(warned("empty_column", f"{name} has no value at all", name))
    elif distinct == 1:
        found.append(warned("constant", f"{name} is {figure['top'][0][0]!r} wherever it is filled", name))
    elif _is_id(column, figure, rows):
        found.append(warned("id_like", f"{name} is different in every row: it names rows and predicts nothing", name))
    if rows > missing > rows / 2:
        found.append(warned("mostly_missing", f"{name} is missing in {missing:,} of {rows:,} rows", name))
    if typed.nearly_numeric:
        told = f"{name} would be a column of numbers but for {typed.nearly_numeric:,} cells, so it is text"
        found.append(warned("nearly_numeric", told, name))
    return found


def _is_id(column: Column, figure: dict[str, Any], rows: int) -> bool:
    """Different in every row, and not free text."""
    short = column.type == "int64" or figure.get("length", {}).get("max", _ID_CHARS + 1) <= _ID_CHARS
    return short and rows >= _ID_ROWS and bool(figure["distinct"] == rows)


def _missing_words(columns: tuple[Column, ...], typed: list[Typed]) -> list[Warned]:
    found = [f"{c.name} {one.missing_words:,}" for c, one in zip(columns, typed, strict=True) if one.missing_words]
    told = f"a word such as NA, null or ? was read as missing, in cells of {', '.join(found)}"
    return [warned("missing_words", told)] if found else []


def _row_warnings(connection: duckdb.DuckDBPyConnection, rows: int) -> list[Warned]:
    (distinct,) = _one(connection, "SELECT count(DISTINCT digest) FROM clean")
    found = []
    if distinct < rows:
        told = f"{rows - distinct:,} rows repeat another one exactly; equal rows are in the same split"
        found.append(warned("duplicate_rows", told))
    (splits,) = _one(connection, "SELECT count(DISTINCT split) FROM clean")
    if splits < 3:
        found.append(warned("empty_split", f"{rows:,} rows are too few: a split of train, validation, test is empty"))
    return found


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[Any, ...]:
    return connection.execute(query).fetchone() or ()


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.12g}")
    if isinstance(value, str):
        return value[:_SHOWN_CHARS]
    return value if value is None or isinstance(value, int | bool) else value.isoformat()
