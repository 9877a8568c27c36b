"""An alias as serving reads it: where it points, without pydantic while nothing stands beside it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from lepton import lake
from lepton.errors import CorruptArtifact, NotFound

if TYPE_CHECKING:
    from lepton.ports import ObjectStore
    from lepton.registry.records import Alias

_MEMBERS = {"schema_version", "model", "alias", "generation", "version", "previous", "by", "at"}
_BESIDES = {"rollout", "pinned", "history"}


@dataclass(frozen=True, slots=True)
class Pointer:
    """Alias, as far as answering needs it."""

    model: str
    alias: str
    generation: int
    version: str
    rollout: None = None


def moved(store: ObjectStore, model: str, alias: str, etag: str | None) -> tuple[Alias, str] | None:
    """The alias and its etag, None when its etag still is the one given. Raises NotFound, CorruptArtifact.

    Of one with a rollout beside it, or anything out of the ordinary, pydantic's record is made.
    """
    key = lake.registry_alias(model, alias)
    try:
        blob = store.get(key, unless_etag=etag)
    except NotFound as error:
        raise NotFound(
            f"model {model!r} has no alias {alias!r}", pointer="/model", hint="lepton models list"
        ) from error
    return None if blob is None else (_read(blob.body, key), blob.etag)


def _read(body: bytes, key: str) -> Alias:
    try:
        given: Any = json.loads(body)
        ordinary = _MEMBERS <= given.keys() <= _MEMBERS | _BESIDES and given.get("rollout") is None
        texts = [given[name] for name in ("model", "alias", "version", "by", "at")]
        if ordinary and set(map(type, texts)) == {str} and type(given["generation"]) is int:
            return cast("Alias", Pointer(given["model"], given["alias"], given["generation"], given["version"]))
    except (ValueError, TypeError, AttributeError, KeyError):
        pass  # the strict reader says what is wrong
    return _strict(body, key)


def _strict(body: bytes, key: str) -> Alias:
    from pydantic import ValidationError

    from lepton.registry.records import Alias

    try:
        return Alias.model_validate_json(body)
    except ValidationError as error:
        raise CorruptArtifact(f"{key} is not an alias", hint="promote a version again") from error
