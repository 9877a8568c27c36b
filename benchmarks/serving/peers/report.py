"""The figures as a table for people and as bars for the build."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.serving.peers.contenders import BARE, LAMBDA, OURS, RUN
from benchmarks.serving.peers.measure import Figures, Loaded

BARS = Path("build/bars/bench-serving.jsonl")
PAGE = Path("docs/benchmarks.md")
_MARKS = re.compile(r"(<!-- made by `python -m benchmarks\.serving\.peers` -->\n).*?(<!-- end -->)", re.DOTALL)
SERVE_CPU, LAMBDA_RATIO = 350.0, 1.10


@dataclass(frozen=True, slots=True)
class Entry:
    """`figures` of each pass; none: it could not be run, and `why` says so. `size` in MB."""

    name: str
    title: str
    versions: str
    size: float
    figures: tuple[Figures, ...]
    why: str = ""

    @property
    def best(self) -> Figures:
        """The best of the passes, figure by figure: what else ran on the machine only ever makes them worse."""
        loads = (_best(found) for found in zip(*(one.loads for one in self.figures), strict=True))
        start, memory = min(one.start for one in self.figures), min(one.memory for one in self.figures)
        return Figures(start, memory, tuple(loads))


def _best(found: tuple[Loaded, ...]) -> Loaded:
    return Loaded(
        found[0].clients,
        max(one.per_second for one in found),
        min(one.p50 for one in found),
        min(one.p99 for one in found),
        min(one.cpu for one in found),
        sum(one.wrong for one in found),
    )


def table(entries: Iterable[Entry]) -> str:
    head = "| | 1 client: requests/s | p50 ms | p99 ms | CPU µs | 8 clients: requests/s | p50 ms | p99 ms | CPU µs "
    lines = [head + "| start s | memory MB | installed MB |", "|---|" + "---:|" * 11]
    for entry in entries:
        if entry.why:
            lines.append(f"| {entry.title} | not run: {entry.why[:160]} |" + " |" * 10)
            continue
        best = entry.best
        cells = [_cells(load) for load in best.loads] + ["– | – | – | –"] * (2 - len(best.loads))
        told = f"{best.start:.2f} | {best.memory:.0f} | {entry.size:.0f}"
        lines.append(f"| {entry.title} ({entry.versions}) | {' | '.join(cells)} | {told} |")
    return "\n".join(lines) + "\n"


def _cells(load: Loaded) -> str:
    return f"{load.per_second:,.0f} | {load.p50:.2f} | {load.p99:.2f} | {load.cpu:,.0f}"


def into_page(made: str) -> None:
    """The table with the day and the machine, between its marks in the page."""
    day, model = datetime.now(UTC).date().isoformat(), platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    where = f"{day}, {os.cpu_count()} shared cores of {model}, Python {platform.python_version()}:"
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(_MARKS.sub(lambda found: f"{found[1]}\n{where}\n\n{made}\n{found[2]}", text), encoding="utf-8")


def bars(entries: Mapping[str, Entry]) -> list[dict[str, object]]:
    """Ours against each peer as ratios (below 1: ours is ahead), and the two bounds of our own."""
    found = []
    ours = entries[OURS]
    found.append(_bar("peers/serve/cpu-us-a-request", ours.best.loads[0].cpu, SERVE_CPU))
    for entry in entries.values():
        if entry.name not in (OURS, LAMBDA, BARE, RUN) and not entry.why:
            found += [_bar(f"peers/{entry.name}/{what}", ratio, 1.0) for what, ratio in _ratios(ours, entry)]
    if not entries[LAMBDA].why and not entries[RUN].why:
        ratio = entries[LAMBDA].best.loads[0].cpu / entries[RUN].best.loads[0].cpu
        found.append(_bar("peers/lambda/cpu-of-bare-client-and-run", ratio, LAMBDA_RATIO))
    return found


def _ratios(ours: Entry, other: Entry) -> list[tuple[str, float]]:
    mine, theirs = ours.best, other.best
    found = [("start", mine.start / theirs.start), ("memory", mine.memory / theirs.memory)]
    found.append(("installed", ours.size / other.size))
    for one, two in zip(mine.loads, theirs.loads, strict=True):
        clients = f"{one.clients}-client{'s' if one.clients > 1 else ''}"
        found += [(f"p50-{clients}", one.p50 / two.p50), (f"p99-{clients}", one.p99 / two.p99)]
        found += [(f"cpu-{clients}", one.cpu / two.cpu), (f"wall-{clients}", two.per_second / one.per_second)]
    return found


def _bar(name: str, value: float, bound: float) -> dict[str, object]:
    return {"bar": name, "value": round(value, 4), "bound": bound, "holds": bool(value <= bound)}


def write(found: list[dict[str, object]]) -> None:
    """In the place of what an earlier run of this part wrote; other parts' rows stay."""
    BARS.parent.mkdir(parents=True, exist_ok=True)
    before = BARS.read_text().splitlines() if BARS.exists() else []
    kept = [line for line in before if not json.loads(line)["bar"].startswith("peers/")]
    BARS.write_text("".join(line + "\n" for line in [*kept, *(json.dumps(one) for one in found)]))
