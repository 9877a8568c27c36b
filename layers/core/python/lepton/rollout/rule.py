"""What a rollout is, and the bounds that it is judged by: frozen, and part of the alias that it belongs to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["canary", "shadow"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Rule(_Frozen):
    """When a rollout ends by itself. All figures compare the candidate with the live version."""

    alpha: float = Field(
        default=0.05,
        gt=0,
        le=0.5,
        description="Chance of ending a candidate that is no worse, and of promoting one that is worse by a bound.",
    )
    min_requests: int = Field(default=100, ge=1, description="Fewest requests of the candidate before it is promoted.")
    max_hours: float = Field(
        default=168.0, gt=0, le=2160, description="Without a decision after this time the live version stays."
    )
    max_error_increase: float = Field(
        default=0.01, gt=0, le=1, description="Share of requests that may fail in addition, below which it is promoted."
    )
    max_latency_increase_ms: float = Field(
        default=25.0, gt=0, description="How much slower a run may be on average, milliseconds."
    )
    latency_cap_ms: float = Field(
        default=250.0, gt=0, description="A run that takes longer than this counts as this long, milliseconds."
    )
    max_disagreement: float | None = Field(
        default=None, gt=0, lt=1, description="Shadow: share of rows that may be answered otherwise. Null: only told."
    )
    difference_tolerance: float = Field(
        default=0.05,
        ge=0,
        description="Figures differ when they are further apart than this, relative to the live one.",
    )
    max_outcome_drop: float = Field(
        default=0.05, gt=0, le=1, description="How much less often it may be right, where outcomes are reported."
    )
    min_outcomes: int = Field(
        default=0, ge=0, description="Outcomes of the candidate that a promotion waits for; 0: waits for none."
    )
    outcome_scale: float | None = Field(
        default=None, gt=0, description="Regression: an error of this size or more is wholly wrong. Null: only told."
    )


class Rollout(_Frozen):
    """A version beside the one an alias points to. `generation` is the alias's at which this stage began."""

    kind: Kind
    version: str
    percent: float = Field(gt=0, le=100, description="Share of routing keys it answers, or of requests it shadows.")
    salt: str
    generation: int
    started_at: datetime
    by: str
    rule: Rule = Rule()


class Pin(_Frozen):
    """An alias that nothing moves by itself."""

    reason: str
    by: str
    at: datetime
