"""How a job ends: every end has an exit code, a state, and one line that says why."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from lepton.errors import CorruptArtifact, DataError, InvalidSpec, LeptonError, Misconfigured, NotFound, Unavailable
from lepton.memory import MemoryObjectStore
from lepton.model_package.manifest import LearningPoint
from lepton.ports import Blob, Entry
from lepton.training.run import RunState, RunStore, TrainingRequest
from lepton.training.spec import spec_from
from trainer.job import Job, Outcome
from trainer.progress import Journal
from trainer.run import trained_outcome

RUN = "churn-0123456789ab"
AT = datetime(2026, 1, 1, tzinfo=UTC)
JOB = Job(run=RUN, lake_bucket="lake", attempt=2, job_id="job-7")
STATE = RunState(run=RUN, model="churn", dataset="telco", dataset_version="0" * 12, state="submitted", submitted_at=AT)


class BrokenLake(MemoryObjectStore):
    """A lake whose manifests break the reader: a bug, as far as the trainer can tell."""

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        if key.startswith("datasets/"):
            raise ZeroDivisionError("division by zero")
        return super().get(key, unless_etag=unless_etag)

    def fetch(self, key: str, to: Path) -> Entry:
        raise ZeroDivisionError(key)


def with_run(store: MemoryObjectStore) -> RunStore:
    runs = RunStore(store)
    spec = spec_from({"model": "churn", "task": "classification", "dataset": "telco", "target": "Churn"})
    request = {"run": RUN, "spec": spec, "dataset": "telco", "dataset_version": "0" * 12, "submitted_at": AT}
    runs.create(TrainingRequest.model_validate(request))
    runs.begin(STATE.model_copy(update={"state": "running"}))
    return runs


@pytest.mark.parametrize(
    ("error", "code", "state"),
    [
        (InvalidSpec("x"), 64, "failed"),
        (DataError("x"), 65, "failed"),
        (NotFound("x"), 66, "failed"),
        (Unavailable("x"), 75, "submitted"),
        (CorruptArtifact("x"), 78, "failed"),
    ],
)
def test_each_error_has_its_exit_code_and_state(error: LeptonError, code: int, state: str) -> None:
    outcome = Outcome.of(error)
    assert (outcome.exit_code, outcome.state, outcome.reason) == (code, state, "x")


def test_a_bug_ends_with_70_its_trace_in_the_log_and_one_line_in_the_state() -> None:
    store = BrokenLake()
    runs = with_run(store)
    journal = Journal(runs, RUN, now=lambda: AT, usd_per_hour=None)
    outcome = trained_outcome(JOB, runs, store, journal)
    state = journal.close(lambda state: outcome.ended(state, AT))
    assert (state.exit_code, state.state) == (70, "failed")
    assert state.reason == "a bug in the trainer: ZeroDivisionError: division by zero"
    assert "Traceback (most recent call last)" in runs.log(RUN)[-1].message


def test_a_cancelled_run_stays_cancelled() -> None:
    cancelled = STATE.model_copy(update={"state": "cancelled"})
    assert JOB.began(cancelled, AT) == cancelled
    assert Outcome(0, "succeeded", version="0" * 12).ended(cancelled, AT) == cancelled


def test_an_attempt_begins_with_a_clean_reason() -> None:
    again = STATE.model_copy(update={"reason": "stopped", "exit_code": 75, "started_at": AT})
    began = JOB.began(again, AT)
    assert (began.state, began.attempt, began.job_id, began.reason) == ("running", 2, "job-7", None)
    assert began.exit_code is None


def test_the_environment_names_every_variable_that_is_missing() -> None:
    with pytest.raises(Misconfigured, match=r"LEPTON_RUN.*LAKE_BUCKET"):
        Job.from_environment({"AWS_BATCH_JOB_ATTEMPT": "1"})


def test_progress_carries_time_left_and_dollars() -> None:
    times = iter(datetime(2026, 1, 1, 0, 0, second, tzinfo=UTC) for second in range(50))
    runs = with_run(MemoryObjectStore())
    journal = Journal(runs, RUN, now=lambda: next(times), usd_per_hour=3600.0)
    for step in (1, 2):
        journal.point(LearningPoint(step=step, train_loss=1.0, validation_loss=0.5), steps=10)
    state = journal.close(lambda state: state)
    assert state.progress is not None
    assert (state.progress.step, state.progress.steps, state.progress.loss) == (2, 10, 0.5)
    assert state.progress.eta_seconds == pytest.approx(8 * 3)
    assert state.progress.dollars == pytest.approx(5.0)


def test_a_lake_that_does_not_answer_costs_no_log_line(capsys: pytest.CaptureFixture[str]) -> None:
    class Sulking(MemoryObjectStore):
        sulks = True

        def put(self, key: str, body: bytes | Path, **how: object) -> str:
            if self.sulks and key.endswith("log.jsonl"):
                self.sulks = False
                raise Unavailable("not now")
            return super().put(key, body, **how)  # type: ignore[arg-type]

    runs = with_run(store := Sulking())
    journal = Journal(runs, RUN, now=lambda: AT, usd_per_hour=None)
    journal.say("first")
    with pytest.raises(Unavailable):
        journal.flush()
    journal.say("second")
    journal.close(lambda state: state)
    assert [line.message for line in runs.log(RUN)] == ["first", "second"]
    assert not store.sulks
    assert "first" in capsys.readouterr().out
