from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.model_package.manifest import LiveComparison, Parity
from lepton.registry.records import Check
from lepton.training.gate import LiveFigure, gate, refusals
from lepton.training.spec import Gate
from tests.unit.training.builders import SECOND, against, measured


def judged(
    live: Any = None, bounds: Gate | None = None, task: Any = "classification", **figures: Any
) -> dict[str, Check]:
    checks = gate(measured(**figures), bounds or Gate(), task, live)
    return {check.check: check for check in checks}


def failing(checks: dict[str, Check]) -> list[str]:
    return [name for name, check in checks.items() if not check.holds]


def test_good_package_passes_every_check() -> None:
    checks = judged(bounds=Gate(metric_at_least=0.8))
    assert failing(checks) == []
    assert list(checks) == ["flip_rate", "score_difference", "metric_at_least", "size_mb", "latency_ms"]


def test_refusal_names_check_figure_and_bound() -> None:
    checks = gate(measured(), Gate(metric_at_least=0.9), "classification", None)
    assert refusals(checks) == ("metric_at_least: 0.84 is auc on the test split, at least 0.9 is needed",)


@pytest.mark.parametrize(
    ("figures", "check"),
    [
        ({"parity": Parity(rows=499, flips=1, p999_difference=0)}, "flip_rate"),
        ({"parity": Parity(rows=0, flips=0, p999_difference=0)}, "flip_rate"),
        ({"parity": Parity(rows=499, flips=0, p999_difference=0.03)}, "score_difference"),
        ({"parity": Parity(rows=499, flips=0, p999_difference=math.nan)}, "score_difference"),
        ({"metrics": {"auc": math.nan}}, "metric"),
        ({"metrics": {}}, "metric"),
        ({"size_bytes": 100_000_001}, "size_mb"),
        ({"latency_ms": 50.1}, "latency_ms"),
        ({"latency_ms": math.inf}, "latency_ms"),
    ],
)
def test_one_bad_figure_fails_one_check(figures: dict[str, Any], check: str) -> None:
    checks = judged(**figures)
    assert failing(checks) == [check]
    assert Check.model_validate_json(checks[check].model_dump_json()) == checks[check]


def test_score_difference_of_a_regression_is_judged_only_when_asked() -> None:
    parity = Parity(rows=499, flips=0, p999_difference=3.0)
    assert failing(judged(task="regression", parity=parity)) == []
    assert failing(judged(task="regression", parity=parity, bounds=Gate(max_score_difference=1))) == [
        "score_difference"
    ]


@pytest.mark.parametrize(
    ("low", "high", "holds"), [(-0.05, -0.02, False), (-0.05, -0.01, True), (-0.05, 0.01, True), (0.01, 0.02, True)]
)
def test_worse_than_live_is_judged_by_the_upper_end_of_the_interval(low: float, high: float, holds: bool) -> None:
    assert judged(against(SECOND, (low + high) / 2, low, high))["regression"].holds is holds


@pytest.mark.parametrize(
    ("metric", "mine", "live", "holds"), [("auc", 0.80, 0.82, False), ("log_loss", 0.80, 0.82, True)]
)
def test_unpaired_comparison_knows_which_way_is_better(metric: str, mine: float, live: float, holds: bool) -> None:
    checks = judged(LiveFigure(SECOND, live), metrics={metric: mine}, primary_metric=metric)
    assert checks["regression"].holds is holds
    assert SECOND in checks["regression"].reason


@given(st.floats(-1, 1), st.floats(-1, 0), st.floats(0, 1), st.floats(0, 1))
def test_being_better_never_turns_a_pass_into_a_refusal(high: float, low: float, gain: float, bound: float) -> None:
    bounds = Gate(max_regression=bound)
    worse = LiveComparison(version=SECOND, metric="auc", difference=0, low=low, high=high, rows=10)
    better = worse.model_copy(update={"high": high + gain})
    assert judged(worse, bounds)["regression"].holds <= judged(better, bounds)["regression"].holds
