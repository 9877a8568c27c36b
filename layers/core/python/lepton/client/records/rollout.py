"""Records of the rollout API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Alias(TypedDict):
    """Where an alias points."""

    schema_version: NotRequired[Literal[1, 2]]
    model: str
    alias: str
    generation: int
    version: str
    previous: str | None
    rollout: NotRequired[Rollout | None]
    pinned: NotRequired[Pin | None]
    by: str
    at: str
    history: NotRequired[list[Move]]


class Arm(TypedDict):
    """One version: requests it was given, those it failed on, and the time its runs took."""

    requests: NotRequired[int]
    errors: NotRequired[int]
    runs: NotRequired[int]
    latency_ms: NotRequired[float]
    latency_capped: NotRequired[float]
    latency: NotRequired[list[int]]


class Comparison(TypedDict):
    """The shadow's answers beside the live ones: `disagreement` is the sum of each request's share of rows."""

    compared: NotRequired[int]
    disagreement: NotRequired[float]
    disagreeing: NotRequired[int]
    max_difference: NotRequired[float]
    skipped: NotRequired[int]
    late: NotRequired[int]


class Decision(TypedDict):
    """What to do with a rollout, and why."""

    action: Literal["continue", "promote", "abort"]
    reasons: list[str]
    figures: dict[str, Figure]


class Figure(TypedDict):
    """One criterion as it stands."""

    live: float | None
    candidate: float
    low: float
    high: float
    bound: float
    unit: str
    count: int


class History(TypedDict):
    """What became of an alias, newest first: the last 50 changes."""

    model: str
    alias: str
    version: str
    history: list[Move]


class Move(TypedDict):
    """One line of an alias's history."""

    generation: int
    version: str
    by: str
    reason: str
    at: str


class Observations(TypedDict):
    """A rollout as seen by all environments together."""

    environments: NotRequired[int]
    live: NotRequired[Arm]
    candidate: NotRequired[Arm]
    shadow: NotRequired[Comparison]
    live_score: NotRequired[RolloutScore]
    candidate_score: NotRequired[RolloutScore]


class Pin(TypedDict):
    """An alias that nothing moves by itself."""

    reason: str
    by: str
    at: str


class Rollout(TypedDict):
    """A version beside the one an alias points to."""

    kind: Literal["canary", "shadow"]
    version: str
    percent: float
    salt: str
    generation: int
    started_at: str
    by: str
    rule: NotRequired[Rule]


class RolloutOutcome(TypedDict):
    """What is kept of it."""

    schema_version: NotRequired[Literal[1]]
    model: str
    version: str | None
    request: str | None
    id: str | None
    outcome: list[bool | int | float | str]
    at: str
    by: str


class RolloutScore(TypedDict):
    """Outcomes of one version: `wrong` is the sum over outcomes of how wrong it was, each in [0, 1]."""

    outcomes: NotRequired[int]
    wrong: NotRequired[float]


class RolloutStatus(TypedDict):
    """A rollout as it stands: what was seen, and what the judge says of it now."""

    model: str
    alias: str
    version: str
    generation: int
    pinned: bool
    rollout: Rollout
    seen: Observations
    latency: dict[str, dict[str, float | None]]
    decision: Decision


class Rule(TypedDict):
    """When a rollout ends by itself."""

    alpha: NotRequired[float]
    min_requests: NotRequired[int]
    max_hours: NotRequired[float]
    max_error_increase: NotRequired[float]
    max_latency_increase_ms: NotRequired[float]
    latency_cap_ms: NotRequired[float]
    max_disagreement: NotRequired[float | None]
    difference_tolerance: NotRequired[float]
    max_outcome_drop: NotRequired[float]
    min_outcomes: NotRequired[int]
    outcome_scale: NotRequired[float | None]
