from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from lepton.errors import Conflict, InvalidRequest
from lepton.memory import MemoryObjectStore
from lepton.rollout.evidence import keep_outcome
from lepton.rollout.outcomes import AnswerChunk, Answered, Outcome, OutcomeReport, outcome_of, scored, wrong

NOW = datetime(2026, 3, 1, tzinfo=UTC)
LIVE, CANDIDATE = "111111111111", "222222222222"


def told(**given: Any) -> Outcome:
    return outcome_of("churn", OutcomeReport(**given), by="ada", at=NOW)


def chunk(*answered: Answered) -> AnswerChunk:
    return AnswerChunk(live=LIVE, candidate=CANDIDATE, answered=answered)


def test_receipt_names_the_version_and_the_request() -> None:
    outcome = told(receipt=f"{LIVE}-r-1", outcome="Yes")
    assert (outcome.version, outcome.request, outcome.outcome) == (LIVE, "r-1", ("Yes",))
    assert outcome.digest == told(request_id="r-1", outcome="No").digest != told(id="r-1", outcome="No").digest


@pytest.mark.parametrize("receipt", ["r-1-without-a-version", "11111111111", "111111111111"])
def test_receipt_that_is_none_is_refused(receipt: str) -> None:
    with pytest.raises((InvalidRequest, ValidationError)):
        told(receipt=receipt, outcome="Yes")


@pytest.mark.parametrize("given", [{}, {"id": "a", "request_id": "b"}, {"id": ""}, {"id": "a", "outcome": None}])
def test_report_names_exactly_one_request(given: Any) -> None:
    with pytest.raises(ValidationError):
        told(**({"outcome": "Yes"} | given))


@pytest.mark.parametrize(
    ("answers", "truth", "scale", "loss"),
    [
        (["Yes"], ["Yes"], None, 0.0),
        (["Yes"], ["No"], None, 1.0),
        (["7"], [7], None, 0.0),
        (["true"], [True], None, 0.0),
        (["a", "b"], ["a", "c"], None, 0.5),
        ([10.0], [12.0], 4.0, 0.5),
        ([10.0], [99.0], 4.0, 1.0),
        ([10.0], [12.0], None, None),
        (["a"], ["a", "b"], None, None),
        ([], [], None, None),
    ],
)
def test_how_wrong_an_answer_was(answers: Any, truth: Any, scale: float | None, loss: float | None) -> None:
    assert wrong(answers, truth, scale) == loss


def test_outcomes_go_to_the_version_that_answered_and_to_its_shadow() -> None:
    answered = (
        Answered(request="r1", id=None, version=LIVE, answers=("Yes",)),
        Answered(request="r2", id="mine", version=CANDIDATE, answers=("No",)),
        Answered(request="r3", id=None, version=LIVE, answers=("No",), shadow=("Yes",)),
        Answered(request="r4", id=None, version=LIVE, answers=("No",)),
    )
    outcomes = [told(request_id=name, outcome="Yes") for name in ("r1", "r3", "r9")] + [told(id="mine", outcome="Yes")]
    live, candidate = scored([chunk(*answered)], outcomes, None)
    assert (live.outcomes, live.wrong) == (2, 1.0)
    assert (candidate.outcomes, candidate.wrong) == (2, 1.0)


def test_outcome_is_kept_once_and_another_truth_is_a_conflict() -> None:
    store = MemoryObjectStore()
    assert keep_outcome(store, told(request_id="r1", outcome="Yes"), None)
    assert not keep_outcome(store, told(receipt=f"{LIVE}-r1", outcome="Yes"), None)
    with pytest.raises(Conflict, match="known already"):
        keep_outcome(store, told(request_id="r1", outcome="No"), None)
