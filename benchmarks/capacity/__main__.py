"""`make bench-capacity`: every bar of the scale advisor on a folder of series, as a table and as JSON lines."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.capacity.dollars import Trace, trace
from benchmarks.capacity.scores import Scores, scored
from benchmarks.capacity.series import Traffic, groups

# One in so many of the 5-minute series is simulated: a minute each on one core.
OTHERS = 3
BARS = Path("build/bars/bench-capacity.jsonl")
RATIOS = {"5 min": (0.52, 0.58), "llm 10 min": (0.38, 0.42), "hourly": (0.70, 0.75), "m4 hourly": (0.36, 0.32)}
DOLLARS = {"llm 10 min": 0.93, "by the minute": 0.91}


@dataclass(frozen=True, slots=True)
class Bar:
    """A figure and what it has to keep to: at most `high`, at least `low`."""

    name: str
    value: float
    high: float
    low: float | None = None

    @property
    def bound(self) -> str:
        return f"<= {self.high:g}" if self.low is None else f"{self.low:g}..{self.high:g}"

    @property
    def holds(self) -> bool:
        return bool(self.value <= self.high and (self.low is None or self.value >= self.low))

    def line(self) -> str:
        return json.dumps({"bar": self.name, "value": round(self.value, 4), "bound": self.bound, "holds": self.holds})


def forecast_bars(one: Scores) -> list[Bar]:
    key, (body, tail) = one.group.replace(" ", "-"), RATIOS[one.group]
    return [
        Bar(f"forecast/{key}/q0.9", one.ratios[0], body),
        Bar(f"forecast/{key}/q0.99", one.ratios[1], tail),
        Bar(f"calibration/{key}/above-q99", one.above_q99, 0.015, 0.005),
        Bar(f"calibration/{key}/within-90", one.within_90, 0.92, 0.88),
    ]


def dollar_bars(traces: Sequence[Trace]) -> list[Bar]:
    """Means over the traces of a kind for what a kind has to reach, the worst trace for what all have to keep to."""
    made = [
        Bar(
            f"dollars/cheapest/{kind.replace(' ', '-')}",
            float(np.mean([one.dollars("cheapest") for one in traces if one.kind == kind])),
            bound,
        )
        for kind, bound in DOLLARS.items()
        if any(one.kind == kind for one in traces)
    ]
    busy = [one for one in traces if one.kind in DOLLARS]
    for scope, some in (("all", traces), ("llm-and-by-the-minute", busy)):
        if some:
            made += [
                Bar(f"dollars/cheapest/worst/{scope}", max(one.dollars("cheapest") for one in some), 1.01),
                Bar(
                    f"dollars/cheapest/beside-oracle/{scope}",
                    max(one.dollars("cheapest") / one.dollars("oracle") for one in some),
                    1.03,
                ),
                Bar(f"dollars/smooth/cold-starts/{scope}", max(one.cold("smooth") for one in some), 0.12),
                Bar(f"dollars/smooth/dollars/{scope}", max(one.dollars("smooth") for one in some), 1.30),
                Bar(f"dollars/balanced/dominated/{scope}", float(sum(one.dominated("balanced") for one in some)), 0.0),
            ]
    return made


def main() -> None:
    begin, folder = time.monotonic(), os.environ.get("BENCH_DATA")
    series = groups(Path(folder) if folder else None)
    bars: list[Bar] = []
    print(f"{'forecasts':<14}{'series':>8}{'steps':>8}{'q0.9':>8}{'q0.99':>8}{'> q99':>8}{'in 90 %':>9}")
    for group in RATIOS:
        chosen = [one for one in series if one.group == group]
        result = scored(group, chosen) if chosen else None
        if result is None:
            print(f"{group:<14}  nothing to score")
            continue
        print(
            f"{group:<14}{result.series:>8}{result.steps:>8}{result.ratios[0]:>8.3f}{result.ratios[1]:>8.3f}"
            f"{result.above_q99:>8.2%}{result.within_90:>9.1%}",
            flush=True,
        )
        bars += forecast_bars(result)
    bars += dollar_bars(_traces(series))
    BARS.parent.mkdir(parents=True, exist_ok=True)
    BARS.write_text("".join(one.line() + "\n" for one in bars))
    print()
    for one in bars:
        print(f"{one.name:<42}{one.value:>9.4f}  {one.bound:<14}{'holds' if one.holds else 'DOES NOT HOLD'}")
    print(f"{sum(one.holds for one in bars)} of {len(bars)} bars hold, {time.monotonic() - begin:.0f} s")


def _traces(series: Sequence[Traffic]) -> list[Trace]:
    """One table line for each trace and policy: dollars beside on demand, cold starts a day, changes a day."""
    made = []
    print(f"\n{'dollars':<28}{'policy':<18}{'dollars':>9}{'cold':>8}{'changes':>9}")
    others = [one for one in series if one.group == "5 min" and not one.minutes]
    for one in (*(one for one in series if one.group == "llm 10 min" or one.minutes), *others[::OTHERS]):
        result = trace(one)
        if result is None:
            continue
        made.append(result)
        for name, bill in result.bills.items():
            print(f"{one.name:<28}{name:<18}{result.dollars(name):>9.3f}{bill.cold:>8}{bill.changes:>9}", flush=True)
    return made


if __name__ == "__main__":
    main()
