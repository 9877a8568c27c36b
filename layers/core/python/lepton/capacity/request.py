"""What is asked of the advisor: a series, what a request costs in time and memory, and what a breach is worth."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lepton.errors import InvalidRequest
from lepton.forecast.csv_series import series_from_csv
from lepton.lake import checked_name
from lepton.ports import LoadSeries

Count = float | None


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Series(_Frozen):
    """Counts per step of `step_seconds`; null where nothing was measured. `durations`: mean seconds per step."""

    start: datetime
    step_seconds: int
    arrivals: tuple[Count, ...]
    durations: tuple[Count, ...] = ()


class Options(_Frozen):
    """What a plan depends on besides the load. Times in seconds, money in US dollars.

    `breach_cost_usd`: what one breach is worth avoiding, a breach being a request that waits for a new environment.
    `init_seconds`: how long that takes; `idle_seconds`: how long an idle on-demand environment is kept.
    `was_scheduled`: a schedule is in force already, so a smaller saving is enough to keep one (hysteresis).
    """

    memory_mb: int = Field(default=1024, ge=128, le=10_240)
    breach_cost_usd: float = Field(default=0.0, ge=0, le=1_000)
    horizon_hours: int = Field(default=24, ge=1, le=168)
    init_seconds: float = Field(default=0.5, ge=0, le=60)
    idle_seconds: float = Field(default=420.0, ge=30, le=3600)
    concurrency_limit: int = Field(default=1000, ge=1, le=1_000_000)
    smallest_saving_share: float = Field(default=0.02, ge=0, le=1)
    smallest_saving_usd_per_day: float = Field(default=0.10, ge=0)
    was_scheduled: bool = False


class AdviceRequest(Options):
    """The body of POST /capacity/advise: exactly one of `series` and `csv` (a header, then time and count lines).

    `function` is the Lambda function to carry the plan out on (default: the resource), `alias` its alias.
    """

    schema_version: Literal[1] = 1
    resource: str
    function: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_-]{1,64}$")
    alias: str = Field(default="live", pattern=r"^[A-Za-z0-9_-]{1,128}$")
    region: str | None = None
    series: Series | None = None
    csv: str | None = None
    service_seconds: float | None = Field(default=None, gt=0, le=900)

    def options(self) -> Options:
        return Options(**{name: getattr(self, name) for name in Options.model_fields})

    def load(self) -> tuple[LoadSeries, tuple[str, ...]]:
        """The load history that was sent, and what had to be assumed to read it. Raises InvalidRequest."""
        resource = checked_name(self.resource, "resource")
        if (self.series is None) == (self.csv is None):
            raise InvalidRequest(
                "send the load as `series` or as `csv`, one of the two", pointer="/series" if self.series else ""
            )
        if self.csv is not None:
            return series_from_csv(resource, self.csv)
        assert self.series is not None  # noqa: S101
        figures, times = (tuple(_number(v) for v in column) for column in (self.series.arrivals, self.series.durations))
        if times and len(times) != len(figures):
            raise InvalidRequest(f"{len(times)} durations for {len(figures)} arrivals", pointer="/series/durations")
        return LoadSeries(resource, self.series.start, self.series.step_seconds, figures, times), ()


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
