"""A delimited file as rows of a table: its names, its rows, and what is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from lepton.dataset.delimited import Dialect, Record, detected, records
from lepton.dataset.header import checked_names, invented_names, is_header
from lepton.dataset.limits import Limits
from lepton.dataset.prepared import Warned, warned
from lepton.dataset.quarantine import Quarantine
from lepton.dataset.text import TextFile, is_storable

_LOOK = 1000


class DelimitedRows:
    """The file as rows. `names` come from its header, or are invented when it has none."""

    def __init__(self, text: TextFile, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self.dialect: Dialect = detected(text)
        self.notes: list[Warned] = []
        first = self._first()
        self._headed = is_header(first[0].cells, [record.cells for record in first[1:]])
        width = len(first[0].cells)
        self.names = checked_names(first[0].cells if self._headed else invented_names(width), limits)
        self._note()

    def rows(self, quarantine: Quarantine) -> Iterator[tuple[int, list[str]]]:
        """Each row's line and cells; records that do not fit go to the quarantine."""
        with self._text.lines(self._limits) as lines:
            found = records(lines, self.dialect, len(self.names), self._limits.cell_chars)
            for record in islice(found, int(self._headed), None):
                if fault := self._fault(record):
                    quarantine.add(fault[0], f"line {record.line}: {fault[1]}", line=record.line, raw=record.raw)
                else:
                    yield record.line, record.cells

    def raw(self, wanted: set[int]) -> Iterator[tuple[int, str]]:
        """The text of the records that begin on the given lines."""
        with self._text.lines(self._limits) as lines:
            for record in records(lines, self.dialect, len(self.names), self._limits.cell_chars):
                if record.line in wanted:
                    yield record.line, record.raw

    def _first(self) -> list[Record]:
        with self._text.lines(self._limits) as lines:
            return list(islice(records(lines, self.dialect, None, self._limits.cell_chars), _LOOK))

    def _fault(self, record: Record) -> tuple[str, str] | None:
        width = len(self.names)
        if record.fault:
            return "bad_quoting", f"a quoted cell is not closed properly ({record.fault})"
        if len(record.cells) != width:
            few = len(record.cells) < width
            return "too_few_fields" if few else "too_many_fields", f"{len(record.cells)} fields instead of {width}"
        if not any(record.cells):
            return "empty_row", "no cell holds a value"
        if "\x00" in record.raw:
            return "bad_character", "the row holds a NUL character"
        if self._text.mended and not is_storable(record.raw):
            return "bad_encoding", "the row is not UTF-8 as the rest of the file is"
        return None

    def _note(self) -> None:
        if not self._headed:
            told = "line 1 looks like data, so the columns are called column_1, column_2 …"
            self.notes.append(warned("no_header", told))
        if self._text.encoding in ("cp1252", "latin-1"):
            name = "Windows-1252" if self._text.encoding == "cp1252" else "Latin-1"
            self.notes.append(warned("encoding", f"the file is not UTF-8 and was read as {name}"))
