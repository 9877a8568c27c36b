from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lepton.rollout.judgement import Decision, judge
from lepton.rollout.observations import Arm, Comparison, Observations, Score, bucket
from lepton.rollout.rule import Rule


def arm(requests: int, errors: int = 0, milliseconds: float = 5.0, cap: float = 250.0) -> Arm:
    runs = requests - errors
    counts = [0] * len(Arm().latency)
    counts[bucket(milliseconds)] = runs
    return Arm(
        requests=requests,
        errors=errors,
        runs=runs,
        latency_ms=runs * milliseconds,
        latency_capped=runs * min(milliseconds, cap) / cap,
        latency=tuple(counts),
    )


def judged(live: Arm, candidate: Arm, rule: Rule = Rule(), hours: float = 1.0, **more: Any) -> Decision:  # noqa: B008
    return judge(Observations(live=live, candidate=candidate, **more), rule, timedelta(hours=hours))


def test_nothing_seen_goes_on() -> None:
    decision = judged(Arm(), Arm())
    assert decision.action == "continue"
    assert "0 of 100 requests of the candidate were seen" in decision.reasons


def test_candidate_that_is_as_good_is_promoted_and_says_why() -> None:
    decision = judged(arm(20_000, 20), arm(2_000, 2))
    assert decision.action == "promote"
    assert [reason.split(":")[0] for reason in decision.reasons] == ["errors", "latency"]


def test_candidate_that_fails_is_ended_within_a_few_requests() -> None:
    decision = judged(arm(200), arm(12, 12))
    assert decision.action == "abort"
    assert "errors: 100 % over 12 against 0 of the live version: surely worse" in decision.reasons[0]


def test_candidate_that_fails_as_live_does_is_not_ended() -> None:
    assert judged(arm(500, 100), arm(100, 20)).action == "continue"


def test_slow_candidate_is_ended_and_a_little_slower_one_is_not() -> None:
    assert judged(arm(5_000), arm(1_000, milliseconds=120.0)).action == "abort"
    assert judged(arm(5_000), arm(1_500, milliseconds=8.0)).action == "promote"


def test_too_few_requests_are_never_enough() -> None:
    rule = Rule(min_requests=5_000)
    decision = judged(arm(50_000), arm(4_000), rule)
    assert (decision.action, decision.reasons) == ("continue", ("4000 of 5000 requests of the candidate were seen",))


def test_without_a_decision_in_time_the_live_version_stays() -> None:
    decision = judged(arm(100), arm(5), Rule(max_hours=2), hours=2)
    assert (decision.action, "within 2 hours" in decision.reasons[0]) == ("abort", True)


@pytest.mark.parametrize(("share", "action"), [(0.02, "promote"), (0.10, "continue"), (0.30, "abort")])
def test_shadow_that_answers_otherwise_is_ended_where_a_bound_is_set(share: float, action: str) -> None:
    shadow = Comparison(compared=2_000, disagreement=share * 2_000)
    assert judged(arm(2_000), arm(2_000), Rule(max_disagreement=0.1), shadow=shadow).action == action
    assert judged(arm(2_000), arm(2_000), shadow=shadow).action == "promote"


def test_promotion_waits_for_outcomes_when_the_rule_says_so() -> None:
    rule = Rule(min_outcomes=50)
    assert "0 of 50 outcomes of the candidate are known" in judged(arm(9_000), arm(2_000), rule).reasons
    scores = {"live_score": Score(outcomes=3_000, wrong=300), "candidate_score": Score(outcomes=3_000, wrong=270)}
    assert judged(arm(9_000), arm(2_000), rule, **scores).action == "promote"


def test_candidate_that_turns_out_to_be_wrong_is_ended() -> None:
    scores = {"live_score": Score(outcomes=500, wrong=50), "candidate_score": Score(outcomes=500, wrong=150)}
    decision = judged(arm(9_000), arm(2_000), **scores)
    assert (decision.action, decision.reasons[0].split(":")[0]) == ("abort", "outcomes")


def test_figures_are_in_their_units() -> None:
    figures = judged(arm(1_000, 10, 10.0), arm(1_000, 20, 20.0)).figures
    assert (figures["errors"].live, figures["errors"].candidate, figures["errors"].unit) == (1.0, 2.0, "%")
    assert (round(figures["latency"].candidate, 9), figures["latency"].bound) == (20.0, 25.0)
