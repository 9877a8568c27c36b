"""Ground truth that comes later: reported once for a request, and held against what was answered during a rollout."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lepton.errors import InvalidRequest
from lepton.receipt.receipt import receipt_id
from lepton.rollout.observations import Score

Truth = bool | int | float | str
_RECEIPT = re.compile(r"([0-9a-f]{12})-([A-Za-z0-9._-]{1,128})")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class OutcomeReport(_Frozen):
    """Body of POST /models/{model}/outcomes: which request, and what turned out to be true of it."""

    receipt: str | None = Field(default=None, min_length=14, max_length=300, description="The answer's receipt.")
    request_id: str | None = Field(default=None, min_length=1, max_length=256, description="The answer's request id.")
    id: str | None = Field(default=None, min_length=1, max_length=256, description="The id that the request carried.")
    outcome: Truth | tuple[Truth, ...] = Field(description="The label or figure; a list for a request of several rows.")

    @model_validator(mode="after")
    def _one_name(self) -> OutcomeReport:
        if sum(name is not None for name in (self.receipt, self.request_id, self.id)) != 1:
            raise ValueError("give exactly one of receipt, request_id and id")
        return self


class Outcome(_Frozen):
    """What is kept of it. `request` is the request id, `id` the caller's own; one of them is known."""

    schema_version: Literal[1] = 1
    model: str
    version: str | None
    request: str | None
    id: str | None
    outcome: tuple[Truth, ...]
    at: datetime
    by: str

    @property
    def digest(self) -> str:
        """One for each request, by whichever name it was told."""
        name = f"request:{self.request}" if self.request is not None else f"id:{self.id}"
        return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class Answered(_Frozen):
    """What a request was answered during a rollout; `shadow` is what the candidate would have answered."""

    request: str
    id: str | None
    version: str
    answers: tuple[Truth, ...]
    shadow: tuple[Truth, ...] | None = None


class AnswerChunk(_Frozen):
    """Some of one environment's answers, written once."""

    schema_version: Literal[1] = 1
    live: str
    candidate: str
    answered: tuple[Answered, ...]


def outcome_of(model: str, report: OutcomeReport, *, by: str, at: datetime) -> Outcome:
    """Raises InvalidRequest when the receipt is none."""
    version, request = None, report.request_id
    if report.receipt is not None:
        parts = _RECEIPT.fullmatch(report.receipt)
        if parts is None:
            raise InvalidRequest(
                f"{report.receipt[:80]!r} is not a receipt",
                pointer="/receipt",
                hint="VERSION-REQUEST, as answers say it",
            )
        version, request = parts.groups()
    request = _named(request) if request is not None else None
    truths = report.outcome if isinstance(report.outcome, tuple) else (report.outcome,)
    return Outcome(model=model, version=version, request=request, id=report.id, outcome=truths, at=at, by=by)


def _named(request: str) -> str:
    """A request's id as receipts spell it, so that one request has one name."""
    return receipt_id("", request).removeprefix("-")


def scored(chunks: Iterable[AnswerChunk], outcomes: Iterable[Outcome], scale: float | None) -> tuple[Score, Score]:
    """How wrong the live version and the candidate were, over the requests whose outcome is known."""
    known = list(outcomes)
    by_request = {one.request: one for one in known if one.request is not None}
    by_id = {one.id: one for one in known if one.id is not None}
    losses: Mapping[str, list[float]] = {"live": [], "candidate": []}
    for chunk in chunks:
        for given in chunk.answered:
            truth = by_request.get(_named(given.request)) or (by_id.get(given.id) if given.id is not None else None)
            if truth is None:
                continue
            own = "candidate" if given.version == chunk.candidate else "live"
            for arm, answers in ((own, given.answers), ("candidate", given.shadow)):
                loss = None if answers is None else wrong(answers, truth.outcome, scale)
                if loss is not None:
                    losses[arm].append(loss)
    return _score(losses["live"]), _score(losses["candidate"])


def wrong(answers: Sequence[Truth], truth: Sequence[Truth], scale: float | None) -> float | None:
    """How wrong, in [0, 1], on average over rows; None when it cannot be said (other rows, figures without a scale)."""
    if len(answers) != len(truth) or not answers:
        return None
    losses = [_loss(given, true, scale) for given, true in zip(answers, truth, strict=True)]
    found = [loss for loss in losses if loss is not None]
    return sum(found) / len(found) if len(found) == len(losses) else None


def _loss(given: Truth, true: Truth, scale: float | None) -> float | None:
    if isinstance(given, str) or isinstance(true, str | bool):
        return 0.0 if _word(given) == _word(true) else 1.0
    return None if scale is None else min(abs(float(given) - float(true)) / scale, 1.0)


def _word(value: Truth) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _score(losses: list[float]) -> Score:
    return Score(outcomes=len(losses), wrong=sum(losses))
