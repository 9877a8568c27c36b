"""A load series out of CSV text: a header, then lines of a time and a count."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from lepton.errors import InvalidRequest, TooLarge
from lepton.ports import LoadSeries

MAX_LINES = 200_000


def series_from_csv(resource: str, text: str) -> tuple[LoadSeries, tuple[str, ...]]:
    """The series, and what was assumed to read it; the first two columns are time (ISO 8601) and count.

    Lines that are missing from the grid, and blank counts, are steps without a figure (NaN). Raises InvalidRequest
    with `csv:LINE` as the pointer, TooLarge.
    """
    rows = _rows(text)
    notes: list[str] = []
    times = _times(rows, notes)
    step = _step(times)
    arrivals = [math.nan] * (int((times[-1][1] - times[0][1]).total_seconds()) // step + 1)
    for (line, at), (_, cells) in zip(times, rows, strict=True):
        slot, off = divmod(int((at - times[0][1]).total_seconds()), step)
        if off:
            raise InvalidRequest(
                f"{at.isoformat()} is not on the grid of {step} s that the other lines lie on",
                pointer=f"csv:{line}",
                hint="one line for each step, evenly spaced; leave out or leave blank what was not measured",
            )
        arrivals[slot] = _count(cells[1], line)
    if missing := len(arrivals) - len(rows):
        notes.append(f"{missing} lines are missing from the grid of {step} s: taken as not measured")
    return LoadSeries(resource, times[0][1], step, tuple(arrivals)), tuple(notes)


def _rows(text: str) -> list[tuple[int, list[str]]]:
    """(line number, cells) of every line after the header."""
    reader = csv.reader(io.StringIO(text.lstrip("\ufeff")))
    rows = []
    for cells in reader:
        if reader.line_num == 1 or not any(cell.strip() for cell in cells):
            continue
        if len(cells) < 2:
            raise InvalidRequest(
                f"a line of {len(cells)} cells, at least a time and a count are needed",
                pointer=f"csv:{reader.line_num}",
                hint="timestamp,requests",
            )
        rows.append((reader.line_num, cells))
        if len(rows) > MAX_LINES:
            raise TooLarge(f"more than {MAX_LINES} lines", pointer=f"csv:{reader.line_num}")
    if len(rows) < 3:
        raise InvalidRequest(
            f"{len(rows)} lines after the header: too short", pointer="/csv", hint="timestamp,requests and then lines"
        )
    return rows


def _times(rows: list[tuple[int, list[str]]], notes: list[str]) -> list[tuple[int, datetime]]:
    """(line number, aware UTC time), rising."""
    times: list[tuple[int, datetime]] = []
    naive: bool | None = None
    for line, cells in rows:
        try:
            at = datetime.fromisoformat(cells[0].strip())
        except ValueError as error:
            raise InvalidRequest(
                f"{cells[0][:40]!r} is not a time", pointer=f"csv:{line}", hint="ISO 8601, as 2026-01-05T00:10:00Z"
            ) from error
        if naive not in (None, at.utcoffset() is None):
            raise InvalidRequest(
                "times with and without a zone are mixed", pointer=f"csv:{line}", hint="end every time with Z"
            )
        naive = at.utcoffset() is None
        at = at.replace(tzinfo=UTC) if naive else at.astimezone(UTC)
        if times and at <= times[-1][1]:
            raise InvalidRequest(
                f"{at.isoformat()} does not come after the line before it", pointer=f"csv:{line}", hint="sort by time"
            )
        times.append((line, at))
    if naive:
        notes.append("times without a zone were read as UTC")
    return times


def _step(times: list[tuple[int, datetime]]) -> int:
    """The commonest distance of neighbours, seconds."""
    gaps = Counter((b - a).total_seconds() for (_, a), (_, b) in pairwise(times))
    step, count = gaps.most_common(1)[0]
    if step != int(step) or count < len(times) // 2 or step < 1:
        raise InvalidRequest(
            f"the lines are not evenly spaced: {step:g} s is the commonest distance, of {count} in {len(times)} lines",
            pointer="/csv",
            hint="sum the counts to even steps of 1, 5, 10, 15, 30 or 60 minutes",
        )
    if (times[-1][1] - times[0][1]) / timedelta(seconds=step) > MAX_LINES:
        raise TooLarge(f"more than {MAX_LINES} steps of {step:g} s", pointer=f"csv:{times[-1][0]}")
    return int(step)


def _count(cell: str, line: int) -> float:
    """A blank cell is NaN: not measured."""
    cell = cell.strip()
    if not cell:
        return math.nan
    try:
        return float(cell)
    except ValueError as error:
        raise InvalidRequest(
            f"{cell[:40]!r} is not a count", pointer=f"csv:{line}", hint="a number or blank"
        ) from error
