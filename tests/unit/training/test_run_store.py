from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from lepton.errors import Conflict, InvalidRequest, NotFound
from lepton.memory import MemoryObjectStore
from lepton.training.run import LogLine, RunState, RunStore, TrainingRequest
from tests.unit.training.builders import FIRST, NOW, a_spec

RUN = "churn-0123456789ab"


class LosesAcknowledgements(MemoryObjectStore):
    """Every conditional write lands, and is sent a second time, as an HTTP client does whose answer got lost."""

    def put(self, key: str, body: bytes, **conditions: object) -> str:  # type: ignore[override]
        super().put(key, body, **conditions)  # type: ignore[arg-type]
        raise Conflict(f"object {key!r} exists already")


def a_state(**changes: object) -> RunState:
    plain = {"run": RUN, "model": "churn", "dataset": "telco-churn", "dataset_version": FIRST, "state": "submitted"}
    return RunState.model_validate(plain | {"submitted_at": NOW} | changes)


def a_request(seed: int = 7) -> TrainingRequest:
    return TrainingRequest(
        run=RUN, spec=a_spec(seed=seed), dataset="telco-churn", dataset_version=FIRST, submitted_at=NOW
    )


def test_request_is_written_once() -> None:
    runs = RunStore(MemoryObjectStore())
    assert runs.create(a_request()) == a_request()
    assert runs.create(a_request(seed=8)) == a_request()
    assert runs.request(RUN) == a_request()


def test_of_racing_first_states_one_wins() -> None:
    runs = RunStore(MemoryObjectStore())
    states = [a_state(submitted_at=NOW + timedelta(seconds=number)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(runs.begin, states))
    assert sum(ours for _, ours in results) == 1
    assert len({state.submitted_at for state, _ in results}) == 1


def test_racing_updates_are_all_applied() -> None:
    runs = RunStore(MemoryObjectStore())
    runs.begin(a_state())
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: runs.update(RUN, lambda s: s.model_copy(update={"attempt": s.attempt + 1})), range(12)))
    assert runs.state(RUN).attempt == 12


def test_update_that_changes_nothing_writes_nothing() -> None:
    store = MemoryObjectStore()
    runs = RunStore(store)
    runs.begin(a_state())
    before = next(store.list("runs/"))
    assert runs.update(RUN, lambda state: state.model_copy()) == a_state()
    assert next(store.list("runs/")) == before


def test_lost_acknowledgement_of_the_first_state_is_ours() -> None:
    assert RunStore(LosesAcknowledgements()).begin(a_state()) == (a_state(), True)


def test_lost_acknowledgement_of_a_log_line_writes_it_once() -> None:
    runs = RunStore(LosesAcknowledgements())
    runs.append_log(RUN, [LogLine(at=NOW, message="step 1")])
    assert [line.message for line in runs.log(RUN)] == ["step 1"]


def test_log_goes_on_after_what_was_read() -> None:
    runs = RunStore(MemoryObjectStore())
    assert runs.log(RUN) == ()
    runs.append_log(RUN, [LogLine(at=NOW, message=f"step {number} – ü\n") for number in range(3)])
    runs.append_log(RUN, [LogLine(at=NOW, message="end", level="error")])
    assert [line.message for line in runs.log(RUN, after=2)] == ["step 2 – ü\n", "end"]
    assert runs.log(RUN, after=9) == ()


def test_unknown_run_is_told() -> None:
    with pytest.raises(NotFound, match="there is no run"):
        RunStore(MemoryObjectStore()).state(RUN)
    with pytest.raises(InvalidRequest):
        RunStore(MemoryObjectStore()).state("../../etc/passwd")


def test_runs_are_listed_by_model() -> None:
    runs = RunStore(MemoryObjectStore())
    for run in (RUN, "churn-b-0123456789ab", "digits-0123456789ab"):
        runs.begin(a_state(run=run, model=run[:-13]))
        runs.append_log(run, [LogLine(at=NOW, message="x")])
    assert [state.run for state in runs.runs("churn")] == [RUN]
    assert len(runs.runs()) == 3
    assert len(runs.runs(most=2)) == 2


def test_runs_are_listed_newest_first() -> None:
    runs = RunStore(MemoryObjectStore())
    for hours, run in ((2, RUN), (1, "churn-000000000000"), (3, "churn-111111111111")):
        runs.begin(a_state(run=run, submitted_at=NOW + timedelta(hours=hours)))
    assert [state.run for state in runs.runs()] == ["churn-111111111111", RUN, "churn-000000000000"]
