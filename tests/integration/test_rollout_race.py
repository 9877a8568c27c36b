"""Promotions, rollbacks, canaries and shadows while many threads ask: no answer mixes versions, none is too old.

Three versions whose answers cannot be mistaken for each other (10, 1010, 2010), one endpoint, a real clock.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from lepton.endpoint.exchange import Exchange
from lepton.endpoint.serving import Serving
from lepton.errors import Conflict
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.observability import logger, metrics
from lepton.registry import Registry
from lepton.rollout.plan import Wanted
from lepton.rollout.steering import Steering
from lepton.settings import Settings
from tests.unit.endpoint.packages import publish
from tests.unit.endpoint.trial_bench import BODY

STALENESS, SECONDS, ASKING = 0.1, 8.0, 6
SLACK = 0.2  # the machine may give a thread no time for a while, seconds
BIASES = (0.0, 1000.0, 2000.0)


@pytest.fixture(autouse=True)
def observability(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Lepton")
    monkeypatch.setenv("POWERTOOLS_LOG_LEVEL", "CRITICAL")
    yield
    metrics().clear_metrics()
    metrics.cache_clear()
    logger.cache_clear()


@dataclass
class Race:
    """`allowed`: from when on which versions may answer, in order; a state holds from before it is written."""

    store: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    allowed: list[tuple[float, frozenset[str]]] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.versions = [publish(self.store, "price", bias, promote=False) for bias in BIASES]
        self.registry = Registry(self.store)
        self.steering = Steering(self.registry, self.store)
        settings = Settings(lake_bucket="lake", alias_staleness_seconds=STALENESS)
        self.serving = Serving(
            settings, self.store, landing=MemoryObjectStore, bus=MemoryEventBus, memory_mb=1769, clock=time.time
        )
        self.serving.trials.patience = 0.0
        self.promote(self.versions[0])

    def note(self, *versions: str) -> None:
        self.allowed.append((time.time(), frozenset(versions)))

    def promote(self, version: str) -> None:
        self.note(version, *(self.allowed[-1][1] if self.allowed else ()))
        self.registry.promote("price", "live", version, by="ada", at=datetime.now(UTC))
        self.note(version)

    def move(self, rng: random.Random) -> None:
        """One thing that a person may do."""
        live = self.registry.alias("price", "live")[0]
        others = [version for version in self.versions if version != live.version]
        act, other, percent = rng.choice("pbbbca"), rng.choice(others), float(rng.randint(1, 100))
        if act == "p":
            self.promote(other)
        elif act == "b":
            kind: Any = rng.choice(["canary", "canary", "shadow"])
            self.note(live.version, other, *self.allowed[-1][1])
            wanted = Wanted(kind=kind, version=other, percent=percent)
            self.steering.start("price", "live", wanted, by="ada", at=datetime.now(UTC))
            self.note(live.version, *([other] if kind == "canary" else []))
        elif live.rollout is not None and act == "c":
            self.note(live.rollout.version, *self.allowed[-1][1])
            self.steering.promote("price", "live", by="ada", at=datetime.now(UTC))
            self.note(live.rollout.version)
        elif live.previous is not None:
            self.note(live.previous, *self.allowed[-1][1])
            self.registry.rollback("price", "live", by="ada", at=datetime.now(UTC))
            self.note(live.previous)

    def ask(self, asker: int) -> list[tuple[float, float, str, float]]:
        """When each request began and ended, which version was named, and what it gave."""
        found = []
        for number in range(10**9):
            if self.over.is_set():
                return found
            headers = {"content-type": "application/json", "x-lepton-routing-key": f"{asker}-{number % 40}"}
            body, request = json.dumps(BODY).encode(), f"{asker}-{number}"
            began = time.time()
            reply = self.serving.reply(
                Exchange("POST", "/v2/models/price/infer", headers, body=body, request_id=request)
            )
            assert reply.status == 200, reply.body
            answer = json.loads(reply.body)
            given = answer["outputs"][0]["data"][0]
            found.append((began, time.time(), answer["model_version"], given))
        return found

    def may_answer(self, began: float, ended: float) -> frozenset[str]:
        """The versions that stood in the alias at some moment that an answer may be as old as."""
        oldest = began - STALENESS - SLACK
        standing = [versions for at, versions in self.allowed if oldest < at <= ended]
        before = [versions for at, versions in self.allowed if at <= oldest][-1:]
        return frozenset().union(*standing, *before)


def test_no_answer_mixes_versions_and_none_is_older_than_the_bound() -> None:
    race, rng = Race(), random.Random(11)
    with ThreadPoolExecutor(ASKING) as pool:
        asked = [pool.submit(race.ask, asker) for asker in range(ASKING)]
        until = time.time() + SECONDS
        while time.time() < until:
            race.move(rng)
            time.sleep(rng.choice((0.02, 0.7)))
        race.over.set()
        answers = [answer for one in asked for answer in one.result()]
    gives = dict(zip(race.versions, (10.0, 1010.0, 2010.0), strict=True))
    assert [one for one in answers if gives[one[2]] != one[3]] == []
    assert [one for one in answers if one[2] not in race.may_answer(one[0], one[1])] == []
    assert {one[2] for one in answers} == set(race.versions)
    assert len(answers) > 200


def test_of_a_person_and_the_judge_at_once_one_wins_and_the_other_is_told() -> None:
    """Compare-and-swap: a rollout ends one way, whoever is asked to end it."""
    race = Race()
    for _ in range(20):
        live = race.registry.alias("price", "live")[0].version
        other = next(version for version in race.versions if version != live)
        race.steering.start("price", "live", Wanted(kind="canary", version=other), by="ada", at=datetime.now(UTC))
        with ThreadPoolExecutor(4) as pool:
            ends = [race.steering.promote, race.steering.abort] * 2
            results = [pool.submit(_ended, end, f"writer-{number}") for number, end in enumerate(ends)]
        won = [by for by in (one.result() for one in results) if by]
        alias = race.registry.alias("price", "live")[0]
        assert (len(won), alias.rollout, alias.by) == (1, None, won[0])
        assert alias.version == (other if won[0] in ("writer-0", "writer-2") else live)


def _ended(end: Any, by: str) -> str | None:
    try:
        end("price", "live", by=by, at=datetime.now(UTC))
    except Conflict:
        return None
    return by
