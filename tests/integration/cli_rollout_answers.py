"""What the API answers about pins and rollouts in the tests of the command."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from lepton.http_api import parsed
from lepton.memory import MemoryEventBus
from lepton.rollout.plan import Wanted
from lepton.rollout.routes import History, status_of
from lepton.rollout.watch import RolloutWatch


def plain(model: Any) -> Any:
    return model.model_dump(mode="json")


def _pin(scene: Any, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    return plain(scene.steering.pin(model, alias, json.loads(body)["reason"], by="test", at=datetime.now(UTC)))


def _unpin(scene: Any, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    return plain(scene.steering.unpin(model, alias, by="test", at=datetime.now(UTC)))


def _history(scene: Any, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    found = scene.registry.alias(model, alias)[0]
    return plain(History(model=model, alias=alias, version=found.version, history=found.history[::-1]))


def _begin(scene: Any, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    return plain(scene.steering.start(model, alias, parsed(Wanted, json.loads(body)), by="test", at=datetime.now(UTC)))


def _standing(scene: Any, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    return plain(status_of(RolloutWatch(scene.store, MemoryEventBus()).standing(model, alias, datetime.now(UTC))))


def _end(scene: Any, model: str, alias: str, how: str, *, body: bytes, query: Any) -> Any:
    end = {"promote": scene.steering.promote, "abort": scene.steering.abort}[how]
    return plain(end(model, alias, by="test", at=datetime.now(UTC), reason=json.loads(body)["reason"]))


ROLLOUTS: list[tuple[str, str, Callable[..., Any]]] = [
    ("POST", "/models/([^/]+)/aliases/([^/]+)/pin", _pin),
    ("POST", "/models/([^/]+)/aliases/([^/]+)/unpin", _unpin),
    ("GET", "/models/([^/]+)/aliases/([^/]+)/history", _history),
    ("POST", "/models/([^/]+)/aliases/([^/]+)/rollout", _begin),
    ("GET", "/models/([^/]+)/aliases/([^/]+)/rollout", _standing),
    ("POST", "/models/([^/]+)/aliases/([^/]+)/rollout/(promote|abort)", _end),
]
