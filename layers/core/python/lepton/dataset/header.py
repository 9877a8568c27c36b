"""Column names: whether the first record holds them, and whether they can be used."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lepton.dataset.limits import Limits
from lepton.dataset.manifest import LINE_COLUMN, SPLIT_COLUMN
from lepton.errors import RejectedUpload

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def is_header(first: Sequence[str], others: Sequence[Sequence[str]]) -> bool:
    """Whether the first record names the columns.

    It does when a cell without a number stands over a column of numbers. It does not when numbers stand over numbers,
    or when one of its cells is found again below it. Without any such sign it does.
    """
    columns = [[row[at] for row in others if len(row) == len(first) and row[at]] for at in range(len(first))]
    numeric = [bool(cells) and sum(map(_is_number, cells)) >= 0.9 * len(cells) for cells in columns]
    over = [_is_number(cell) for cell, number in zip(first, numeric, strict=True) if number and cell]
    if over:
        return not all(over)
    return not any(cell and len(cell) < 200 and cell in column for cell, column in zip(first, columns, strict=True))


def invented_names(width: int) -> list[str]:
    """For a file without a header: column_1, column_2 …"""
    return [f"column_{at + 1}" for at in range(width)]


def checked_names(cells: Sequence[str], limits: Limits) -> tuple[str, ...]:
    """The header's cells as column names, white space made single. Raises RejectedUpload, naming the column."""
    names = tuple(" ".join(cell.split()) for cell in cells)
    if len(names) > limits.columns:
        raise RejectedUpload(
            f"the table has {len(names):,} columns, more than {limits.columns:,}",
            reason="too_many_columns",
            pointer="line 1",
            hint="drop columns that no model needs, or turn them into rows",
        )
    seen: dict[str, int] = {}
    for at, name in enumerate(names, start=1):
        _check(name, at, seen)
        seen[name.casefold()] = at
    return names


def _check(name: str, at: int, seen: dict[str, int]) -> None:
    where = f"line 1, column {at}"
    if not name:
        raise RejectedUpload(
            f"column {at} has no name", reason="blank_column_name", pointer=where, hint="name it, or take it out"
        )
    if not name.isprintable():
        raise RejectedUpload(
            f"the name of column {at} holds characters that cannot be shown: {name!a}",
            reason="bad_column_name",
            pointer=where,
            hint="is the file's encoding UTF-8? Otherwise rename the column",
        )
    if name.casefold() in seen:
        raise RejectedUpload(
            f"columns {seen[name.casefold()]} and {at} are both called {name!r}",
            reason="duplicate_column_name",
            pointer=where,
            hint="give each column its own name; upper and lower case count as the same",
        )
    if name in (SPLIT_COLUMN, LINE_COLUMN):
        raise RejectedUpload(
            f"column {at} is called {name!r}, which is Lepton's own",
            reason="reserved_column_name",
            pointer=where,
            hint="rename it",
        )


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None
