"""Which type each column of text has, and which of its cells do not fit.

A column is numeric (or a timestamp) when at least 99 % of its filled cells are; the other cells are the odd ones, and
their rows are set aside. Words for "missing" are missing where the rest is numeric; in text only the unmistakable
ones are. Numbers with leading zeros (postcodes, account numbers) and integers beyond 64 bits are names and not
quantities: text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lepton.dataset.manifest import ColumnType
from lepton.dataset.staging import literal

if TYPE_CHECKING:
    import duckdb

# Compared in lower case where the column is numeric, and exactly where it is text.
MISSING_NUMBERS = ("?", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", "nil", "-", "--", ".", "unknown", "missing")
MISSING_TEXTS = ("?", "NA", "N/A", "#N/A", "NaN", "nan", "NULL", "null")
FITTING = 0.99
# Above this share, a text column is told to be nearly numeric.
NEARLY = 0.8

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"
_COMMA_NUMBER = r"[+-]?\d+,\d+"
_INTEGER = r"[+-]?\d+"
_LEADING_ZERO = r"[+-]?0\d+"
_DATE = r"\d{4}-\d{2}-\d{2}([ T]\d.*)?"
_TOGETHER = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """How a raw column becomes a typed one. `value` and `odd` are SQL expressions over the raw column."""

    column: str
    type: ColumnType
    value: str
    odd: str | None
    missing_words: int
    nearly_numeric: int = 0


@dataclass(frozen=True, slots=True)
class _Counts:
    """Cells of one column: filled ones, words for missing, and how many of the rest have which form."""

    filled: int
    number_words: int
    text_words: int
    numbers: int
    comma_numbers: int
    integers: int
    small_integers: int
    leading_zeros: int
    truths: int
    timestamps: int


def typed_columns(connection: duckdb.DuckDBPyConnection, width: int) -> list[Typed]:
    """The type of each column `c0` … of the staged table `raw`."""
    found: list[Typed] = []
    for start in range(0, width, _TOGETHER):
        columns = [f"c{at}" for at in range(start, min(width, start + _TOGETHER))]
        row = connection.execute(f"SELECT {', '.join(map(_count_sql, columns))} FROM raw").fetchone() or ()  # noqa: S608
        size = len(_Counts.__slots__)
        found += [_decide(c, _Counts(*row[at * size : (at + 1) * size])) for at, c in enumerate(columns)]
    return found


def _count_sql(c: str) -> str:
    number_word = f"lower({c}) IN ({_list(MISSING_NUMBERS)})"
    conditions = (
        f"{c} <> ''",
        number_word,
        f"{c} IN ({_list(MISSING_TEXTS)})",
        f"regexp_full_match({c}, '{_NUMBER}')",
        f"regexp_full_match({c}, '{_COMMA_NUMBER}')",
        f"regexp_full_match({c}, '{_INTEGER}')",
        f"regexp_full_match({c}, '{_INTEGER}') AND TRY_CAST({c} AS BIGINT) IS NOT NULL",
        f"regexp_full_match({c}, '{_LEADING_ZERO}')",
        f"lower({c}) IN ('true', 'false')",
        _timestamp(c),
    )
    return ", ".join(f"count(*) FILTER (WHERE {condition})" for condition in conditions)


def _decide(c: str, n: _Counts) -> Typed:
    values = n.filled - n.number_words
    if values and n.numbers >= FITTING * values and not _are_names(n):
        return _numeric(c, n, comma=False)
    if values and n.comma_numbers and n.comma_numbers + n.integers >= FITTING * values and not _are_names(n):
        return _numeric(c, n, comma=True)
    if values and n.truths == values:
        return Typed(c, "bool", _unless_word(c, f"lower({c}) = 'true'"), None, n.number_words)
    if values and n.timestamps >= FITTING * values:
        odd = f"NOT ({_missing(c)}) AND NOT ({_timestamp(c)})"
        value = _unless_word(c, _moment(c))
        return Typed(c, "timestamp", value, odd if n.timestamps < values else None, n.number_words)
    text = f"CASE WHEN {c} <> '' AND {c} NOT IN ({_list(MISSING_TEXTS)}) THEN {c} END"
    nearly = values - n.numbers if values and n.numbers >= NEARLY * values and not _are_names(n) else 0
    return Typed(c, "string", text, None, n.text_words, nearly)


def _numeric(c: str, n: _Counts, *, comma: bool) -> Typed:
    pattern = f"({_COMMA_NUMBER}|{_INTEGER})" if comma else _NUMBER
    fits = f"regexp_full_match({c}, '{pattern}') AND isfinite(TRY_CAST({_dotted(c, comma)} AS DOUBLE))"
    kind: ColumnType = "int64" if not comma and n.integers == n.numbers else "float64"
    sql_type = "BIGINT" if kind == "int64" else "DOUBLE"
    value = _unless_word(c, f"TRY_CAST({_dotted(c, comma)} AS {sql_type})")
    return Typed(c, kind, value, f"NOT ({_missing(c)}) AND NOT coalesce({fits}, false)", n.number_words)


def _are_names(n: _Counts) -> bool:
    """Digits that name something: padded with zeros, or all integers and some too long for 64 bits."""
    overlong = n.integers == n.numbers and n.small_integers < n.integers
    return overlong or n.leading_zeros > 0.01 * n.numbers


def _dotted(c: str, comma: bool) -> str:
    return f"replace({c}, ',', '.')" if comma else c


def _timestamp(c: str) -> str:
    return f"(regexp_full_match({c}, '{_DATE}') AND {_moment(c)} IS NOT NULL)"


def _moment(c: str) -> str:
    """Into UTC by its offset, if it has one. The session's zone is UTC, so that one without stays as it is."""
    return f"CAST(TRY_CAST({c} AS TIMESTAMPTZ) AS TIMESTAMP)"


def _missing(c: str) -> str:
    return f"{c} = '' OR lower({c}) IN ({_list(MISSING_NUMBERS)})"


def _unless_word(c: str, value: str) -> str:
    return f"CASE WHEN NOT ({_missing(c)}) THEN {value} END"


def _list(words: tuple[str, ...]) -> str:
    return ", ".join(map(literal, words))
