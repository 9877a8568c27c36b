"""How often the judge is wrong, and how soon it is right: whole rollouts, simulated, judged every minute.

Each simulated rollout ends by a decision, or after LOOKS rounds of traffic: live 2,000 requests a round, candidate 400.
Errors, times and (where said) outcomes are all drawn, so that all criteria have their chance to be wrong.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from lepton.rollout.judgement import judge
from lepton.rollout.observations import Arm, Observations, Score
from lepton.rollout.rule import Rule

ROLLOUTS, LOOKS = 600, 30
RULE = Rule(alpha=0.05, min_requests=100)


@dataclass(frozen=True)
class Version:
    """Chance of an error, mean time of a run (exponential, milliseconds), chance that an answer is wrong."""

    errors: float = 0.02
    milliseconds: float = 20.0
    wrong: float = 0.1


class Traffic:
    def __init__(self, version: Version, share: int, rng: np.random.Generator) -> None:
        self.version, self.share, self.rng = version, share, rng
        self.requests = self.errors = self.outcomes = self.wrong = 0
        self.time = self.capped = 0.0

    def flow(self) -> None:
        failed = int(self.rng.binomial(self.share, self.version.errors))
        times = self.rng.exponential(self.version.milliseconds, self.share - failed)
        self.requests, self.errors = self.requests + self.share, self.errors + failed
        self.time += float(times.sum())
        self.capped += float(np.minimum(times, RULE.latency_cap_ms).sum()) / RULE.latency_cap_ms
        known = self.share // 4
        self.outcomes, self.wrong = (
            self.outcomes + known,
            self.wrong + int(self.rng.binomial(known, self.version.wrong)),
        )

    @property
    def arm(self) -> Arm:
        runs = self.requests - self.errors
        return Arm(
            requests=self.requests, errors=self.errors, runs=runs, latency_ms=self.time, latency_capped=self.capped
        )

    @property
    def score(self) -> Score:
        return Score(outcomes=self.outcomes, wrong=self.wrong)


def rollout(candidate: Version, seed: int) -> tuple[str, int]:
    """How it ended, and after how many requests of the candidate."""
    rng = np.random.default_rng(seed)
    live, other = Traffic(Version(), 2000, rng), Traffic(candidate, 400, rng)
    for _ in range(LOOKS):
        live.flow()
        other.flow()
        seen = Observations(live=live.arm, candidate=other.arm, live_score=live.score, candidate_score=other.score)
        decision = judge(seen, RULE)
        if decision.action != "continue":
            return decision.action, other.requests
    return "continue", other.requests


def ends(candidate: Version) -> Counter[str]:
    return Counter(rollout(candidate, seed)[0] for seed in range(ROLLOUTS))


def test_candidate_that_is_no_worse_is_ended_in_no_more_than_alpha() -> None:
    found = ends(Version())
    assert found["abort"] <= RULE.alpha * ROLLOUTS
    assert found["promote"] >= 0.5 * ROLLOUTS


def test_candidate_that_is_worse_by_the_bound_is_promoted_in_no_more_than_alpha() -> None:
    assert ends(Version(errors=0.02 + RULE.max_error_increase))["promote"] <= RULE.alpha * ROLLOUTS


def test_candidate_that_is_slower_by_the_bound_is_promoted_in_no_more_than_alpha() -> None:
    assert ends(Version(milliseconds=20.0 + RULE.max_latency_increase_ms + 1.0))["promote"] <= RULE.alpha * ROLLOUTS


def test_regressions_are_found_soon() -> None:
    worse = {"errors": Version(errors=0.10), "latency": Version(milliseconds=90.0), "outcomes": Version(wrong=0.35)}
    for name, version in worse.items():
        found = [rollout(version, seed) for seed in range(100)]
        assert [action for action, _ in found].count("abort") >= 99, name
        assert float(np.median([requests for _, requests in found])) <= 1200, name
