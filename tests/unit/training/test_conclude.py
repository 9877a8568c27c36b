from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from lepton import lake
from lepton.errors import NotFound
from lepton.events import AliasMoved, ModelPublished, ModelRefused, TrainingFailed
from lepton.training.conclude import conclude
from lepton.training.run import LogLine
from lepton.training.submit import cancel
from tests.unit.training.builders import (
    FIRST,
    NOW,
    a_control,
    a_dataset,
    job_of,
    train,
)
from tests.unit.training.runs import LATER, events, published, started


def test_good_package_is_recorded_promoted_and_told() -> None:
    control, state = started()
    train(control, state.run, FIRST)
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    assert (ended.state, ended.version, ended.exit_code) == ("published", FIRST, 0)
    assert control.registry.verdict("churn", FIRST).passed
    assert control.registry.alias("churn", "live")[0].version == FIRST
    assert [type(event) for event in events(control)] == [ModelPublished, AliasMoved]


def test_run_tells_what_it_cost() -> None:
    control, state = started(resources={"vcpus": 4, "spot": False})
    train(control, state.run, FIRST)
    ended = conclude(control, job_of(state, seconds=1800), LATER)
    assert ended is not None
    assert ended.cost_usd == pytest.approx(4 * 0.0425 / 2)
    assert ended.ended_at == NOW + timedelta(seconds=1800)


def test_same_end_told_twice_changes_nothing() -> None:
    control, state = started()
    train(control, state.run, FIRST)
    first = conclude(control, job_of(state), LATER)
    told = len(events(control))
    assert conclude(control, job_of(state), LATER + timedelta(hours=1)) == first
    assert len(events(control)) == told
    assert control.registry.alias("churn", "live")[0].generation == 1


def test_failed_event_after_a_published_run_changes_nothing() -> None:
    control = a_control(a_dataset())
    ended = published(control, FIRST)
    assert conclude(control, job_of(ended, "FAILED", 1), LATER) == ended


def test_package_below_the_floor_is_refused_and_nothing_moves() -> None:
    control, state = started(gate={"metric_at_least": 0.9})
    train(control, state.run, FIRST)
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    assert (ended.state, ended.reason) == (
        "refused",
        "metric_at_least: 0.84 is auc on the test split, at least 0.9 is needed",
    )
    assert [type(event) for event in events(control)] == [ModelRefused]
    with pytest.raises(NotFound):
        control.registry.alias("churn", "live")


def test_looser_gate_lets_the_same_bytes_pass() -> None:
    control, state = started(gate={"metric_at_least": 0.9})
    train(control, state.run, FIRST)
    conclude(control, job_of(state), LATER)
    assert published(control, FIRST, gate={"metric_at_least": 0.8}).state == "published"
    assert control.registry.alias("churn", "live")[0].version == FIRST


@pytest.mark.parametrize(
    ("exit_code", "more", "said"),
    [
        (64, {}, "exit code 64: the spec cannot be trained"),
        (137, {}, "exit code 137: out of memory"),
        (None, {"container": {"reason": "OutOfMemoryError: Container killed due to memory usage"}}, "out of memory"),
        (None, {"statusReason": "Job attempt duration exceeded timeout"}, "its time was up"),
        (None, {"statusReason": "Host EC2 (instance i-0) terminated."}, "its host was reclaimed"),
        (None, {"statusReason": "CannotPullContainerError"}, "it never ran: CannotPullContainerError"),
        (3, {}, "ended with exit code 3"),
    ],
)
def test_failed_job_tells_what_its_end_means(exit_code: int | None, more: dict[str, Any], said: str) -> None:
    control, state = started()
    ended = conclude(control, job_of(state, "FAILED", exit_code, **more), LATER)
    assert ended is not None
    assert (ended.state, ended.exit_code) == ("failed", exit_code)
    assert said in str(ended.reason)
    assert [type(event) for event in events(control)] == [TrainingFailed]


def test_failed_run_keeps_the_trainers_words_and_last_lines() -> None:
    control, state = started()
    control.runs.append_log(state.run, [LogLine(at=NOW, level="error", message=f"line {n}") for n in range(30)])
    control.runs.update(state.run, lambda state: state.model_copy(update={"reason": "the target has one class"}))
    ended = conclude(control, job_of(state, "FAILED", 65), LATER)
    assert ended is not None
    assert "the target has one class" in str(ended.reason)
    assert ended.log_tail[-1] == "error: line 29"
    assert len(ended.log_tail) == 20


def test_run_that_the_trainer_calls_failed_is_told_once() -> None:
    control, state = started()
    gone = {"state": "failed", "reason": "the target has one class", "exit_code": 65, "ended_at": LATER}
    control.runs.update(state.run, lambda state: state.model_copy(update=gone))
    ended = conclude(control, job_of(state, "FAILED", 65), LATER)
    assert ended is not None
    assert (ended.state, ended.cost_usd is None) == ("failed", False)
    assert conclude(control, job_of(state, "FAILED", 65), LATER) == ended
    assert [type(event) for event in events(control)] == [TrainingFailed]


def test_success_without_a_package_is_a_failed_run() -> None:
    control, state = started()
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    assert (ended.state, "named no package" in str(ended.reason)) == ("failed", True)


@pytest.mark.parametrize(
    ("file", "body", "said"),
    [
        ("model.onnx", b"a graph", "the graph has 7 bytes"),
        ("model.onnx", b"an onnx grapH", "the graph has digest"),
        ("manifest.json", b"{}", "is not one"),
    ],
)
def test_package_that_is_not_what_it_says_is_a_failed_run(file: str, body: bytes, said: str) -> None:
    control, state = started()
    train(control, state.run, FIRST)
    control.lake.put(lake.package_prefix("churn", FIRST) + file, body)
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    assert (ended.state, said in str(ended.reason)) == ("failed", True)
    assert control.registry.models() == []


def test_cancelled_run_stays_cancelled_and_learns_its_cost() -> None:
    control, state = started()
    cancel(control, state.run, "ada", NOW)
    train_nothing = conclude(control, job_of(state, "FAILED", 143, seconds=60), LATER)
    assert train_nothing is not None
    assert (train_nothing.state, train_nothing.cost_usd) == ("cancelled", pytest.approx(0.000567, abs=1e-6))
    assert events(control) == []


def test_job_of_others_is_let_be() -> None:
    control, state = started()
    assert conclude(control, job_of(state, jobName="somebody-elses"), LATER) is None
    assert conclude(control, job_of(state, jobName="lepton-churn-ffffffffffff"), LATER) is None
    assert conclude(control, job_of(state, "RUNNING"), LATER) is None
    assert control.runs.state(state.run) == state


def test_stray_job_that_fails_does_not_fail_the_run() -> None:
    control, state = started()
    assert conclude(control, job_of(state, "FAILED", 1, jobId="another"), LATER) == state
