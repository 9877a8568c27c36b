from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from lepton.errors import Conflict, Misconfigured, NotFound, Unavailable
from lepton.events import DatasetReady, TrainingFailed, TrainingSubmitted
from lepton.memory import MemoryEventBus, MemoryJobQueue, MemoryObjectStore
from lepton.ports import JobRequest
from lepton.training.control import Control
from lepton.training.submit import cancel, submit, train_on_new_data
from tests.unit.training.builders import FIRST, NOW, SECOND, a_control, a_dataset, a_spec, images

READY = DatasetReady(
    name="telco-churn", version=FIRST, kind="table", rows=1, quarantined=0, manifest="m", upload="0" * 16
)
CHURN = "model: churn\ntask: classification\ndataset: telco-churn\ntarget: Churn\n"


class BrokenQueue(MemoryJobQueue):
    """Takes the job or not, and then fails with `error`."""

    def __init__(self, error: Exception, takes: bool) -> None:
        super().__init__()
        self.error: Exception | None = error
        self.takes = takes

    def submit(self, request: JobRequest) -> str:
        if self.error is None:
            return super().submit(request)
        if self.takes:
            super().submit(request)
        error, self.error = self.error, None
        raise error


def jobs_of(control: Control) -> list[JobRequest]:
    assert isinstance(control.jobs, MemoryJobQueue)
    return list(control.jobs.submitted.values())


def events_of(control: Control) -> list[str]:
    assert isinstance(control.bus, MemoryEventBus)
    return [event.detail_type for event in control.bus.published]


def with_specs(control: Control, *texts: str) -> Control:
    for text in texts:
        name = text.split("\n")[0].removeprefix("model: ")
        control.lake.put(f"specs/{name}.yaml", text.encode())
    return control


def test_submitted_run_has_request_state_job_and_event() -> None:
    control = a_control(a_dataset())
    state, fresh = submit(control, a_spec(), NOW)
    assert (fresh, state.state, state.job_id) == (True, "submitted", "job-1")
    assert control.runs.request(state.run).dataset_version == FIRST
    assert jobs_of(control)[0].environment["LEPTON_RUN"] == state.run
    assert events_of(control) == ["Training Submitted"]


def test_same_spec_twice_is_one_job() -> None:
    control = a_control(a_dataset())
    first, _ = submit(control, a_spec(), NOW)
    assert submit(control, a_spec(seed=7), NOW + timedelta(hours=1)) == (first, False)
    assert (len(jobs_of(control)), len(events_of(control))) == (1, 1)


def test_many_at_once_are_one_job() -> None:
    control = a_control(a_dataset())
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda n: submit(control, a_spec(), NOW + timedelta(microseconds=n)), range(8)))
    assert len(jobs_of(control)) == 1
    assert len({state.run for state, _ in results}) == 1
    assert sum(fresh for _, fresh in results) == 1


@pytest.mark.parametrize("takes", [True, False])
def test_job_whose_acknowledgement_was_lost_is_not_started_twice(takes: bool) -> None:
    control = replace(a_control(a_dataset()), jobs=BrokenQueue(Unavailable("no answer"), takes))
    with pytest.raises(Unavailable):
        submit(control, a_spec(), NOW)
    state, fresh = submit(control, a_spec(), NOW + timedelta(seconds=1))
    assert (fresh, state.job_id, state.reason, len(jobs_of(control))) == (True, "job-1", None, 1)


def test_caller_that_died_is_replaced_after_a_minute() -> None:
    control = a_control(a_dataset())
    run = submit(control, a_spec(), NOW)[0].run
    control.runs.update(run, lambda state: state.model_copy(update={"job_id": None}))  # it died before this write
    assert submit(control, a_spec(), NOW + timedelta(seconds=30))[0].job_id is None
    assert submit(control, a_spec(), NOW + timedelta(seconds=61))[0].job_id == "job-1"
    assert len(jobs_of(control)) == 1


def test_job_that_batch_does_not_take_is_a_failed_run() -> None:
    control = replace(a_control(a_dataset()), jobs=BrokenQueue(Misconfigured("no such queue"), takes=False))
    with pytest.raises(Misconfigured):
        submit(control, a_spec(), NOW)
    [state] = control.runs.runs()
    assert (state.state, state.reason) == ("failed", "Batch does not take the job: no such queue")
    assert events_of(control) == ["Training Failed"]


def test_missing_dataset_is_told_with_what_there_is() -> None:
    control = a_control(a_dataset())
    with pytest.raises(NotFound) as told:
        submit(control, a_spec(dataset="telco-chrun"), NOW)
    assert (told.value.pointer, "'telco-churn'" in str(told.value.hint)) == ("/dataset", True)
    assert list(control.lake.list("runs/")) == []


def test_new_data_starts_the_specs_that_wait_for_it() -> None:
    other = CHURN.replace("churn\n", "other\n", 1).replace("telco-churn", "elsewhere")
    pinned = CHURN.replace("churn\n", "pinned\n", 1).replace("telco-churn", f"telco-churn@{SECOND}")
    quiet = CHURN.replace("churn\n", "quiet\n", 1) + "on_new_data: ignore\n"
    control = with_specs(a_control(a_dataset()), CHURN, other, pinned, quiet)
    assert [state.model for state in train_on_new_data(control, READY, NOW)] == ["churn"]


def test_new_data_told_twice_is_one_job() -> None:
    control = with_specs(a_control(a_dataset()), CHURN)
    assert train_on_new_data(control, READY, NOW) == train_on_new_data(control, READY, NOW + timedelta(hours=2))
    assert (len(jobs_of(control)), len(events_of(control))) == (1, 1)


def test_bad_spec_fails_alone_and_is_told() -> None:
    control = with_specs(
        a_control(a_dataset()),
        "model: a\n]",
        CHURN.replace("churn\n", "b\n", 1).replace("target: Churn", "target: X"),
        CHURN,
    )
    states = train_on_new_data(control, READY, NOW)
    assert [(state.model, state.state) for state in states] == [("b", "failed"), ("churn", "submitted")]
    assert "/target: dataset telco-churn@aaaaaaaaaaaa has no column 'X'" in str(states[0].reason)
    assert train_on_new_data(control, READY, NOW + timedelta(hours=2)) == states
    assert events_of(control) == ["Training Failed", "Training Submitted"]


def test_service_that_does_not_answer_stops_no_other_spec() -> None:
    specs = (CHURN, CHURN.replace("churn\n", "second\n", 1))
    control = replace(with_specs(a_control(a_dataset()), *specs), jobs=BrokenQueue(Unavailable("x"), takes=False))
    with pytest.raises(Unavailable):
        train_on_new_data(control, READY, NOW)
    assert [job.tags["lepton:model"] for job in jobs_of(control)] == ["second"]
    assert len(train_on_new_data(control, READY, NOW)) == len(jobs_of(control)) == 2


def test_late_event_trains_on_the_latest_version() -> None:
    control = with_specs(a_control(a_dataset(), a_dataset(version=SECOND)), CHURN)
    assert [state.dataset_version for state in train_on_new_data(control, READY, NOW)] == [SECOND]


def test_images_and_tables_wait_for_their_own() -> None:
    digits = "model: digits\ntask: image_classification\ndataset: digits\n"
    control = with_specs(a_control(a_dataset(), images()), CHURN, digits)
    states = train_on_new_data(control, READY.model_copy(update={"name": "digits", "kind": "images"}), NOW)
    assert [state.model for state in states] == ["digits"]


def test_cancelled_run_stops_its_job_and_stays_cancelled() -> None:
    control = a_control(a_dataset())
    run = submit(control, a_spec(), NOW)[0].run
    state = cancel(control, run, "ada", NOW)
    assert (state.state, state.reason) == ("cancelled", "cancelled by ada")
    assert control.jobs.describe("job-1").status == "FAILED"
    assert cancel(control, run, "bob", NOW) == state
    assert submit(control, a_spec(), NOW) == (state, False)


def test_run_that_is_over_is_not_cancelled() -> None:
    control = a_control(a_dataset())
    run = submit(control, a_spec(), NOW)[0].run
    control.runs.update(run, lambda state: state.model_copy(update={"state": "published"}))
    with pytest.raises(Conflict, match="is published already"):
        cancel(control, run, "ada", NOW)


def test_run_cancelled_while_it_is_handed_over_stops_its_job() -> None:
    store = MemoryObjectStore()
    control = a_control(a_dataset(), store=store)

    class CancelsMeanwhile(MemoryJobQueue):
        def submit(self, request: JobRequest) -> str:
            cancel(control, request.environment["LEPTON_RUN"], "ada", NOW)
            return super().submit(request)

    queue = CancelsMeanwhile()
    assert submit(replace(control, jobs=queue), a_spec(), NOW)[0].state == "cancelled"
    assert queue.describe("job-1").status == "FAILED"


def test_events_of_a_submission_are_whole() -> None:
    control = a_control(a_dataset())
    state, _ = submit(control, a_spec(), NOW)
    assert isinstance(control.bus, MemoryEventBus)
    assert control.bus.published == [
        TrainingSubmitted(
            model="churn", run=state.run, dataset="telco-churn", dataset_version=FIRST, job_id=str(state.job_id)
        )
    ]
    assert not any(isinstance(event, TrainingFailed) for event in control.bus.published)
