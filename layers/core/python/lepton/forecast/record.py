"""What a forecast says and how well its like has done: the record that a plan carries."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

QUANTILES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Member(_Frozen):
    """One forecaster of the combination. Weights sum to 1."""

    forecaster: str
    weight: float


class Score(_Frozen):
    """One quantile in the backtest.

    `loss` is the mean pinball loss (counts per step), `ratio` the same divided by the baseline's (None where the
    baseline made no error), `coverage` the share of measured steps at or below the quantile.
    """

    quantile: float
    loss: float
    ratio: float | None
    coverage: float


class Backtest(_Frozen):
    """Rolling origin: each forecast was fitted to what lay before it.

    Its weights and calibration come from the origins, before and after it, whose steps it shares none of (from all
    the others where a short history has no such origin).
    """

    origins: int
    horizon_steps: int
    scored_steps: int
    baseline: str
    scores: tuple[Score, ...]


class Forecast(_Frozen):
    """Quantiles of arrivals per step: `values[t][q]` for the step that begins `start + t * step_seconds`."""

    schema_version: Literal[1] = 1
    resource: str
    start: datetime
    step_seconds: int
    quantiles: tuple[float, ...]
    values: tuple[tuple[float, ...], ...]
    members: tuple[Member, ...]
    backtest: Backtest
    notes: tuple[str, ...] = ()
