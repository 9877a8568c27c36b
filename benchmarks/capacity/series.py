"""The series of a folder, on the grids that are forecast on: what is absent is left out, nothing is known by name."""

from __future__ import annotations

import csv
import gzip
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from lepton.forecast.history import Array
from lepton.ports import LoadSeries

HOUR, FINE = 3600, 300
START = datetime(2026, 1, 5, tzinfo=UTC)
SHIPPED = Path("examples/data")


@dataclass(frozen=True, slots=True)
class Traffic:
    """`load` (n,) counts per step, NaN where not measured; `step` in seconds; `first`: no origin lies before it.

    `minutes`: was measured by the minute.
    """

    name: str
    group: str
    start: datetime
    step: int
    load: Array
    first: int = 0
    minutes: bool = False

    def before(self, origin: int) -> LoadSeries:
        """What was known at a step."""
        return LoadSeries(self.name, self.start, self.step, tuple(self.load[:origin].tolist()))

    def coarser(self, step: int, group: str) -> Traffic:
        """Sums to a longer step; a sum with a missing part is missing."""
        parts = step // self.step
        rows = self.load[: len(self.load) // parts * parts].reshape(-1, parts)
        return Traffic(self.name, group, self.start, step, rows.sum(axis=1), minutes=self.step < step == FINE)


def groups(folder: Path | None) -> tuple[Traffic, ...]:
    """Every series of the folder (of what ships, for None) on each grid that it is scored on."""
    if folder is None:
        return tuple(_on_grid("llm 10 min", _table(path), path.stem) for path in sorted(SHIPPED.glob("*/*10min.csv")))
    fine = [_on_grid("5 min", _table(path), path.name) for path in _files(folder, "traffic_5min")]
    minutes = [_on_grid("1 min", _table(path), path.name) for path in _files(folder, "traffic_1min")]
    halves = [_on_grid("30 min", _table(path), path.name) for path in _files(folder, "traffic_30min")]
    fine += [one.coarser(FINE, "5 min") for one in minutes]
    tokens = [_on_grid("llm 10 min", _rates(path), path.name) for path in _files(folder, "llm_10min")]
    hourly = [one.coarser(HOUR, "hourly") for one in (*fine, *halves, *tokens)]
    return (*fine, *tokens, *hourly, *(one for path in _files(folder, "hourly_m4") for one in _m4(path)))


def _files(folder: Path, name: str) -> list[Path]:
    return sorted([*(folder / name).glob("*.csv.gz"), *(folder / name).glob("*.csv")])


def _lines(path: Path) -> list[dict[str, str]]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return list(csv.DictReader(io.StringIO(text)))


Points = list[tuple[datetime, float]]


def _table(path: Path) -> Points:
    """(time, count) of a file whose first two columns are these."""
    points = []
    for row in _lines(path):
        at, value = list(row.values())[:2]
        points.append((datetime.fromisoformat(at).replace(tzinfo=UTC), float(value) if value else math.nan))
    return points


def _rates(path: Path) -> Points:
    """(time, requests of the step) of a file of rates, the steps marked as gaps not measured."""
    rows = _lines(path)
    index = next(iter(rows[0]))
    times = [float(row[index]) for row in rows]
    step = times[1] - times[0]
    return [
        (
            START + timedelta(seconds=at),
            math.nan if row["gap"] == "1" else round(float(row["total_rps"]) * step),
        )
        for at, row in zip(times, rows, strict=True)
    ]


def _on_grid(group: str, points: Points, name: str) -> Traffic:
    """On an even grid of the commonest distance; what no line speaks of is missing."""
    seconds = np.array([at.timestamp() for at, _ in points])
    distances, counts = np.unique(np.diff(seconds), return_counts=True)
    step = int(distances[counts.argmax()])
    slots = np.round((seconds - seconds[0]) / step).astype(int)
    load = np.full(slots[-1] + 1, np.nan)
    load[slots] = [value for _, value in points]
    return Traffic(name.partition(".")[0], group, points[0][0], step, load)


def _m4(path: Path, wanted: int = 30) -> Iterator[Traffic]:
    """Every so many of the file's series, with the official test span as what is forecast."""
    parts: dict[str, list[tuple[float, bool]]] = {}
    for row in _lines(path):
        parts.setdefault(row["unique_id"], []).append((float(row["y"]), row["split"] == "test"))
    names = sorted(parts)
    for name in names[:: max(1, len(names) // wanted)]:
        tested = [test for _, test in parts[name]]
        yield Traffic(name, "m4 hourly", START, HOUR, np.array([y for y, _ in parts[name]]), tested.index(True))
