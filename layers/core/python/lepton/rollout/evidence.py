"""What the lake holds of a rollout, read and put together for the judge."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from lepton import lake
from lepton.errors import Conflict, NotFound
from lepton.observability import logger
from lepton.ports import Entry, ObjectStore
from lepton.registry import Alias
from lepton.rollout.observations import NO_SCORE, Observation, Observations, Score, merged
from lepton.rollout.outcomes import AnswerChunk, Outcome, scored
from lepton.rollout.rule import Rollout

# Of answers and of outcomes, so many objects at most are held against each other: the newest.
MOST = 2000
_JSON = "application/json"
Kept = TypeVar("Kept", bound=BaseModel)


class Evidence:
    """Objects that are written once are remembered by etag, so that a process that lives reads only what is new."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._known: dict[tuple[str, str], BaseModel] = {}

    def of(self, alias: Alias, rollout: Rollout) -> Observations:
        """Everything seen so far. Raises TransientError."""
        place = alias.model, alias.alias, rollout.generation
        seen = [one for one in self._read(lake.rollout_seen(*place), Observation) if one.generation == place[2]]
        return merged(seen, *self._scores(place, rollout))

    def _scores(self, place: tuple[str, str, int], rollout: Rollout) -> tuple[Score, Score]:
        outcomes = self._read(lake.rollout_outcomes(*place), Outcome)
        if not outcomes:
            return NO_SCORE, NO_SCORE
        return scored(self._read(lake.rollout_answers(*place), AnswerChunk), outcomes, rollout.rule.outcome_scale)

    def _read(self, prefix: str, model: type[Kept]) -> list[Kept]:
        entries = list(self._store.list(prefix))
        entries = sorted(entries, key=lambda entry: entry.modified)[-MOST:] if model is not Observation else entries
        found = dict(self._opened(entries, model))
        self._known = {key: value for key, value in self._known.items() if not key[0].startswith(prefix)}
        self._known.update(found)
        return list(found.values())

    def _opened(self, entries: list[Entry], model: type[Kept]) -> Iterator[tuple[tuple[str, str], Kept]]:
        for entry in entries:
            kept = self._known.get((entry.key, entry.etag))
            if not isinstance(kept, model):
                kept = self._parsed(entry.key, model)
            if kept is not None:
                yield (entry.key, entry.etag), kept

    def _parsed(self, key: str, model: type[Kept]) -> Kept | None:
        """None when somebody took it away, or when it is not what we write: one bad object stops no rollout."""
        try:
            blob = self._store.get(key)
        except NotFound:
            return None
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        try:
            return model.model_validate_json(blob.body)
        except ValidationError:
            logger().error("not an observation", key=key)
            return None


def keep_outcome(store: ObjectStore, told: Outcome, alias: Alias | None) -> bool:
    """Write it once, and beside the rollout that goes on, if one does; whether it is new.

    Raises Conflict when another outcome of this request is known already.
    """
    body = told.model_dump_json().encode()
    key = lake.outcome(told.model, told.digest)
    fresh = True
    try:
        store.put(key, body, content_type=_JSON, if_absent=True)
    except Conflict as error:
        blob = store.get(key)
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        known = Outcome.model_validate_json(blob.body)
        if known.outcome != told.outcome:
            raise Conflict(
                f"the outcome of this request is known already: {list(known.outcome)!r:.200}",
                pointer="/outcome",
                hint="an outcome is told once; report a correction to whoever reads monitor/ in the lake",
            ) from error
        fresh, body = False, blob.body
    if alias is not None and alias.rollout is not None:
        prefix = lake.rollout_outcomes(alias.model, alias.alias, alias.rollout.generation)
        store.put(f"{prefix}{told.digest}.json", body, content_type=_JSON)
    return fresh
