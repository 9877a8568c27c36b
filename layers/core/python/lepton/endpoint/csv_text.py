"""CSV with a header, row by row in constant memory, each row with the line of the source that it begins on.

The delimiter is the one that finds most of the wanted names in the header: no guess is needed where names are known.
Rows are parsed as ingest parses them, so that a table reads the same when a model learns from it and when it is asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lepton.dataset.delimited import Dialect, Record, records
from lepton.dataset.text import Lines
from lepton.errors import InvalidRequest

DELIMITERS = (",", ";", "\t", "|")
HINT = "the first line names the columns, separated by comma, semicolon, tab or |"


@dataclass(frozen=True, slots=True)
class CsvTable:
    """`rows` are the records under the header; ask `fault` of each."""

    header: tuple[str, ...]
    rows: Iterator[Record]

    def fault(self, record: Record) -> str | None:
        """Why the record is not a row; None when it is one."""
        if record.fault:
            return f"not CSV: {record.fault}"
        if len(record.cells) != len(self.header):
            return f"{len(record.cells)} fields, the header has {len(self.header)}"
        return None


def read(lines: Lines, wanted: Sequence[str]) -> CsvTable:
    """The header, and the rows to come; blank lines are passed over. Raises InvalidRequest without a header."""
    first = next(lines, "")
    header: tuple[str, ...] = ()
    dialect = Dialect(DELIMITERS[0])
    for candidate in map(Dialect, DELIMITERS):
        names = _names(first, candidate)
        if not header or len(set(names) & set(wanted)) > len(set(header) & set(wanted)):
            header, dialect = names, candidate
    if not any(header):
        raise InvalidRequest("there is no header line", pointer="line 1", hint=HINT)
    return CsvTable(header, records(lines, dialect, len(header)))


def _names(line: str, dialect: Dialect) -> tuple[str, ...]:
    found = next(records(Lines.of([line.removeprefix("\ufeff")]), dialect, None), None)
    return tuple(" ".join(cell.split()) for cell in found.cells) if found else ()
