"""What is seen of a rollout: counts that each environment keeps and writes, and their sum.

Everything is a sum or a maximum, so that the objects of all environments can be merged in any order and an object that
is written again replaces itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

BUCKETS = 44
_FINEST = 0.02  # milliseconds: upper edge of the first bucket; each next one is sqrt(2) as wide


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Arm(_Frozen):
    """One version: requests it was given, those it failed on, and the time its runs took.

    `latency_capped` is the sum of min(time, cap) / cap; `latency` counts runs by time (see `bucket`).
    """

    requests: int = 0
    errors: int = 0
    runs: int = 0
    latency_ms: float = 0.0
    latency_capped: float = 0.0
    latency: tuple[int, ...] = (0,) * BUCKETS


class Comparison(_Frozen):
    """The shadow's answers beside the live ones: `disagreement` is the sum of each request's share of rows.

    `skipped` shadows were not run because too many were waiting; `late` ones took longer than their answer waited.
    """

    compared: int = 0
    disagreement: float = 0.0
    disagreeing: int = 0
    max_difference: float = 0.0
    skipped: int = 0
    late: int = 0


class Observation(_Frozen):
    """One environment's counts since its start, for one generation of an alias. Written again as they grow."""

    schema_version: Literal[1] = 1
    model: str
    alias: str
    generation: int
    environment: str
    live: str
    candidate: str
    arms: dict[str, Arm]
    shadow: Comparison = Comparison()


class Score(_Frozen):
    """Outcomes of one version: `wrong` is the sum over outcomes of how wrong it was, each in [0, 1]."""

    outcomes: int = 0
    wrong: float = 0.0


class Observations(_Frozen):
    """A rollout as seen by all environments together."""

    environments: int = 0
    live: Arm = Arm()
    candidate: Arm = Arm()
    shadow: Comparison = Comparison()
    live_score: Score = Score()
    candidate_score: Score = Score()


NO_SCORE = Score()


def merged(seen: Iterable[Observation], live: Score = NO_SCORE, candidate: Score = NO_SCORE) -> Observations:
    """The sum over environments; `live` and `candidate` are the outcomes of the two versions."""
    found = list(seen)
    return Observations(
        environments=len(found),
        live=_arms(one.arms.get(one.live, Arm()) for one in found),
        candidate=_arms(one.arms.get(one.candidate, Arm()) for one in found),
        shadow=_comparisons(one.shadow for one in found),
        live_score=live,
        candidate_score=candidate,
    )


def bucket(milliseconds: float) -> int:
    """The place of a duration in the histogram: 20 µs, 28 µs, 40 µs … about a minute and more."""
    if milliseconds <= _FINEST:
        return 0
    return min(BUCKETS - 1, math.ceil(2 * math.log2(milliseconds / _FINEST)))


def quantile(arm: Arm, share: float) -> float | None:
    """Upper edge of the bucket that holds this share of the runs, milliseconds; None without runs."""
    total = sum(arm.latency)
    seen = 0
    for number, count in enumerate(arm.latency):
        seen += count
        if total and seen >= share * total:
            return float(_FINEST * 2 ** (number / 2))
    return None


def _arms(arms: Iterable[Arm]) -> Arm:
    found = list(arms)
    return Arm(
        requests=sum(one.requests for one in found),
        errors=sum(one.errors for one in found),
        runs=sum(one.runs for one in found),
        latency_ms=math.fsum(one.latency_ms for one in found),
        latency_capped=math.fsum(one.latency_capped for one in found),
        latency=tuple(map(sum, zip(*(one.latency for one in found), strict=True))) or Arm().latency,
    )


def _comparisons(seen: Iterable[Comparison]) -> Comparison:
    found = list(seen)
    return Comparison(
        compared=sum(one.compared for one in found),
        disagreement=math.fsum(one.disagreement for one in found),
        disagreeing=sum(one.disagreeing for one in found),
        max_difference=max((one.max_difference for one in found), default=0.0),
        skipped=sum(one.skipped for one in found),
        late=sum(one.late for one in found),
    )
