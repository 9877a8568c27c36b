"""Whether a rollout goes on, becomes what the alias points to, or ends: a pure function of what was seen and the rule.

Each criterion is a mean in [0, 1] for both versions, and its harm is the candidate's minus the live one's:

- errors: the share of requests that a version failed on;
- latency: the mean of min(time, cap) / cap over its runs;
- disagreement (shadow, where a bound is set): the share of rows answered otherwise than by the live version;
- outcomes (where some were reported): how wrong its answers turned out to be.

It is ended when the harm of one of k criteria surely is more than tolerated (at alpha / k each, so that a candidate
that is no worse is ended with probability at most alpha), and promoted when the harm of all of them surely is below
their bound (at alpha each, which suffices where all must hold). "Surely" is the confidence sequence of
lepton.rollout.sequential: it stays true however often this is asked. Errors and outcomes tolerate no harm; latency and
disagreement tolerate their bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lepton.rollout.observations import Arm, Observations, Score, quantile
from lepton.rollout.rule import Rule
from lepton.rollout.sequential import Interval, Sample, difference, interval


class Figure(BaseModel):
    """One criterion as it stands. `harm` lies between `low` and `high`, at the level that ends a rollout."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    live: float | None
    candidate: float
    low: float
    high: float
    bound: float
    unit: str
    count: int


class Decision(BaseModel):
    """What to do with a rollout, and why."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["continue", "promote", "abort"]
    reasons: tuple[str, ...]
    figures: dict[str, Figure]


@dataclass(frozen=True, slots=True)
class _Criterion:
    """`live` None: the candidate's mean is the harm itself. `scale` turns a mean into the unit that is told."""

    name: str
    live: Sample | None
    candidate: Sample
    tolerated: float
    bound: float
    scale: float = 1.0
    unit: str = ""
    must_hold: bool = True

    def harm(self, alpha: float) -> Interval:
        return interval(self.candidate, alpha) if self.live is None else difference(self.live, self.candidate, alpha)


def judge(seen: Observations, rule: Rule, age: timedelta = timedelta()) -> Decision:
    """`age` is how long the rollout has gone on."""
    criteria = _criteria(seen, rule)
    ending = {one.name: one.harm(rule.alpha / len(criteria)) for one in criteria}
    figures = {one.name: _figure(one, ending[one.name]) for one in criteria}
    worse = [one for one in criteria if ending[one.name].low > one.tolerated]
    if worse:
        return Decision(action="abort", reasons=tuple(_worse(one, figures[one.name]) for one in worse), figures=figures)
    waiting = _waiting(seen, rule, criteria)
    if not waiting:
        reasons = tuple(_fine(one, figures[one.name]) for one in criteria if one.must_hold)
        return Decision(action="promote", reasons=reasons, figures=figures)
    if age >= timedelta(hours=rule.max_hours):
        late = f"no decision within {rule.max_hours:g} hours, so the live version stays"
        return Decision(action="abort", reasons=(late, *waiting), figures=figures)
    return Decision(action="continue", reasons=tuple(waiting), figures=figures)


def _criteria(seen: Observations, rule: Rule) -> list[_Criterion]:
    slower = rule.max_latency_increase_ms / rule.latency_cap_ms
    found = [
        _Criterion("errors", _errors(seen.live), _errors(seen.candidate), 0.0, rule.max_error_increase, 100.0, "%"),
        _Criterion("latency", _times(seen.live), _times(seen.candidate), slower, slower, rule.latency_cap_ms, "ms"),
    ]
    if rule.max_disagreement is not None and seen.shadow.compared:
        differing = Sample(seen.shadow.disagreement, seen.shadow.compared)
        bound = rule.max_disagreement
        found.append(_Criterion("disagreement", None, differing, bound, bound, 100.0, "% of rows"))
    if seen.candidate_score.outcomes or rule.min_outcomes:
        scores = _wrong(seen.live_score), _wrong(seen.candidate_score)
        needed = rule.min_outcomes > 0
        found.append(_Criterion("outcomes", *scores, 0.0, rule.max_outcome_drop, 100.0, "% wrong", needed))
    return found


def _errors(arm: Arm) -> Sample:
    return Sample(arm.errors, arm.requests)


def _times(arm: Arm) -> Sample:
    return Sample(arm.latency_capped, arm.runs)


def _wrong(score: Score) -> Sample:
    return Sample(score.wrong, score.outcomes)


def _waiting(seen: Observations, rule: Rule, criteria: list[_Criterion]) -> list[str]:
    """What keeps the candidate from being promoted now."""
    missing = []
    if seen.candidate.requests < rule.min_requests:
        missing.append(f"{seen.candidate.requests} of {rule.min_requests} requests of the candidate were seen")
    if seen.candidate_score.outcomes < rule.min_outcomes:
        missing.append(f"{seen.candidate_score.outcomes} of {rule.min_outcomes} outcomes of the candidate are known")
    for one in criteria:
        high = one.harm(rule.alpha).high
        if one.must_hold and high >= one.bound:
            missing.append(
                f"{one.name}: may still be up to {_told(one, high)} worse, {_told(one, one.bound)} is allowed"
            )
    return missing


def _figure(one: _Criterion, harm: Interval) -> Figure:
    return Figure(
        live=None if one.live is None else one.live.mean * one.scale,
        candidate=one.candidate.mean * one.scale,
        low=harm.low * one.scale,
        high=harm.high * one.scale,
        bound=one.bound * one.scale,
        unit=one.unit,
        count=one.candidate.count,
    )


def _worse(one: _Criterion, figure: Figure) -> str:
    beside = f" against {figure.live:.4g} of the live version" if figure.live is not None else ""
    found = f"{one.name}: {figure.candidate:.4g} {figure.unit} over {figure.count}{beside}"
    return f"{found}: surely worse by more than {_told(one, one.tolerated)} ({figure.low:.3g} to {figure.high:.3g})"


def _fine(one: _Criterion, figure: Figure) -> str:
    found = f"{one.name}: {figure.candidate:.4g} {figure.unit} over {figure.count}"
    return f"{found}: surely worse by less than {_told(one, one.bound)}"


def _told(one: _Criterion, value: float) -> str:
    return f"{value * one.scale:.3g} {one.unit}"


def latencies(arm: Arm) -> dict[str, float | None]:
    """Milliseconds at the quantiles that people ask for; upper edges of buckets that are 41 % wide."""
    return {"p50": quantile(arm, 0.5), "p95": quantile(arm, 0.95), "p99": quantile(arm, 0.99)}
