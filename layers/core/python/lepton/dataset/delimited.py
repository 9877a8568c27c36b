"""Delimited text (CSV and its kin): which dialect, and its records with exact physical lines.

Python's csv module parses, in strict mode and fed line by line: a quote that never closes would swallow all rows up
to the next one, so when a record turns out damaged only its first line is set aside and the others are read again.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lepton.dataset.text import Lines, TextFile
from lepton.errors import RejectedUpload

Quoting = Literal["doubled", "escaped", "none"]
_DELIMITERS = (",", "\t", ";", "|")
_SAMPLE = 200_000
_QUOTE_SAMPLE = 4_000_000
# At least this share of the sampled lines must have the same number of fields.
_EVEN = 0.7


@dataclass(frozen=True, slots=True)
class Dialect:
    """`quoting`: "" inside quotes, \\" inside quotes, or quotes mean nothing."""

    delimiter: str
    quoting: Quoting = "doubled"

    def reader(self, lines: Iterable[str]) -> Iterator[list[str]]:
        options: dict[str, Any] = {"doublequote": self.quoting == "doubled"}
        if self.quoting == "escaped":
            options["escapechar"] = "\\"
        if self.quoting == "none":
            options = {"quoting": csv.QUOTE_NONE, "quotechar": None}
        return csv.reader(lines, delimiter=self.delimiter, skipinitialspace=True, strict=True, **options)


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its first physical line, its stripped cells, the raw text. `fault` when it could not be parsed."""

    line: int
    cells: list[str]
    raw: str
    fault: str | None = None


def records(lines: Lines, dialect: Dialect, width: int | None, cell_chars: int = 1_000_000) -> Iterator[Record]:
    """All records but blank lines. Those that are damaged or not `width` wide are one physical line each."""
    csv.field_size_limit(cell_chars)
    reader = dialect.reader(lines)
    while True:
        lines.taken()
        first = lines.number + 1
        cells, fault = _next_cells(reader)
        taken = lines.taken()
        if not taken:
            return
        if fault is None and not any(cells) and len(cells) <= 1:
            continue
        if fault is None and (width is None or len(cells) == width):
            yield Record(first, cells, "".join(taken))
            continue
        lines.put_back(taken[1:])
        yield Record(first, cells, taken[0], fault)


def detected(text: TextFile) -> Dialect:
    """The dialect under which the lines come out most even. Raises RejectedUpload when none does."""
    sample = text.sample(_SAMPLE)
    scored = [(_evenness(sample, Dialect(d, q)), Dialect(d, q)) for d in _DELIMITERS for q in _quotings(sample)]
    usable = [(score, dialect) for score, dialect in scored if score.width > 1]
    best = max(usable, key=lambda pair: pair[0].rank, default=None)
    if best is None or best[0].share < _EVEN:
        what = "there is one column only" if best is None else f"its lines have {best[0].told} fields"
        raise RejectedUpload(
            f"this is text, but not a table: {what}",
            reason="not_a_table",
            pointer="line 1",
            hint="one row a line, the cells separated by comma, tab, semicolon or |, as many in each row",
        )
    return _with_quoting(text, best[1])


def _next_cells(reader: Iterator[list[str]]) -> tuple[list[str], str | None]:
    try:
        return [cell.strip() for cell in next(reader)], None
    except StopIteration:
        return [], None
    except csv.Error as error:
        return [], str(error)


@dataclass(frozen=True, slots=True)
class _Evenness:
    share: float
    width: int
    header_fits: bool
    told: str

    @property
    def rank(self) -> tuple[float, bool, int]:
        return self.share, self.header_fits, self.width


def _evenness(sample: list[str], dialect: Dialect) -> _Evenness:
    widths: Counter[int] = Counter()
    head = 0
    for record in records(Lines.of(sample), dialect, None):
        widths[0 if record.fault else len(record.cells)] += 1
        head = head or len(record.cells)
    if not widths:
        return _Evenness(0.0, 0, False, "no")
    width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
    told = " or ".join(str(w) for w, _ in widths.most_common(4))
    return _Evenness(count / widths.total(), width, head == width, told)


def _quotings(sample: list[str]) -> tuple[Quoting, ...]:
    if not any('"' in line for line in sample):
        return ("doubled",)
    escaped = any('\\"' in line for line in sample)
    return ("doubled", "escaped", "none") if escaped else ("doubled", "none")


def _with_quoting(text: TextFile, dialect: Dialect) -> Dialect:
    """Quotes matter rarely and anywhere: judge how they are meant on much more of the file."""
    sample = text.sample(_QUOTE_SAMPLE)
    ranked = [
        (_evenness(sample, candidate).share, -place, candidate)
        for place, candidate in enumerate(Dialect(dialect.delimiter, q) for q in _quotings(sample))
    ]
    return max(ranked, key=lambda one: one[:2])[2]
