"""Scales and ticks of a chart: where a value lies, and which values deserve a label."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight line from values [low, high] to pixels [first, last]."""

    low: float
    high: float
    first: float
    last: float

    def at(self, value: float) -> float:
        return self.first + (value - self.low) / (self.high - self.low) * (self.last - self.first)


def nice_ticks(high: float, wanted: int = 5) -> list[float]:
    """0 and rising round numbers (1, 2, 2.5, 5 times a power of ten), the last at or above `high`."""
    if high <= 0:
        return [0.0, 1.0]
    rough = high / wanted
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= rough * 0.999)
    return [step * at for at in range(math.ceil(high / step - 1e-9) + 1)]


def time_ticks(start: datetime, end: datetime) -> list[tuple[datetime, str, str]]:
    """(moment, label, second label): whole hours of UTC; midnights carry the date."""
    hours = (end - start).total_seconds() / 3600
    every = next(step for step in (1, 3, 6, 12, 24, 48) if hours / step <= 14 or step == 48)
    at = start.replace(minute=0, second=0, microsecond=0, hour=0)
    ticks = []
    while at <= end:
        if at >= start:
            date = f"{DAY_NAMES[at.weekday()]} {at.day} {MONTHS[at.month - 1]}" if at.hour == 0 else ""
            ticks.append((at, f"{at.hour:02d}:00", date))
        at += timedelta(hours=every)
    return ticks


def plain(value: float) -> str:
    """A tick's label: 0, 2.5, 1,200, 35k."""
    if value >= 10_000:
        return f"{value / 1000:,.4g}k"
    return f"{value:,.0f}" if value == int(value) else f"{value:,.3g}"
