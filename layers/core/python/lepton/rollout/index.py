"""Which aliases have a rollout: one small object, so that looking for work every minute is one read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from lepton import lake
from lepton.errors import Conflict, NotFound, Unavailable
from lepton.ports import ObjectStore

_TRIES = 8


class Entry(BaseModel):
    """An alias that may have a rollout: the alias itself says whether it has. `at`: when one was last begun."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str
    alias: str
    at: datetime


class _Index(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    entries: tuple[Entry, ...] = ()


class RolloutIndex:
    """A hint, written before an alias gets a rollout and cleared after it has none any more."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def entries(self) -> tuple[Entry, ...]:
        return self._read()[0].entries

    def add(self, model: str, alias: str, at: datetime) -> None:
        self._change(Entry(model=model, alias=alias, at=at), None)

    def drop(self, entry: Entry) -> None:
        """Take this very entry out; one that was added anew since stays."""
        self._change(None, entry)

    def _change(self, added: Entry | None, dropped: Entry | None) -> None:
        for _ in range(_TRIES):
            index, etag = self._read()
            kept = [
                one
                for one in index.entries
                if one != dropped and (added is None or (one.model, one.alias) != (added.model, added.alias))
            ]
            changed = _Index(entries=tuple(kept + ([added] if added else [])))
            if changed == index:
                return
            body = changed.model_dump_json(indent=1).encode()
            try:
                self._store.put(
                    lake.rollout_index(), body, content_type="application/json", if_absent=etag is None, if_etag=etag
                )
            except Conflict:
                continue
            return
        raise Unavailable("the index of rollouts is being changed by too many at once", hint="try again")

    def _read(self) -> tuple[_Index, str | None]:
        try:
            blob = self._store.get(lake.rollout_index())
        except NotFound:
            return _Index(), None
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        try:
            return _Index.model_validate_json(blob.body), blob.etag
        except ValidationError:
            return _Index(), blob.etag  # a hint that cannot be read is written anew
