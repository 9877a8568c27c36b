"""One environment's counts of one stage of a rollout, and how they come into the lake.

The object is this environment's own and holds all that it counted since the stage began, so writing it again is
harmless. It is written at 1, 2, 4 … requests, then after EVERY requests or SECONDS, whichever comes first; what was
counted since is lost when the environment ends. What is written, and when, never depends on how a request went.
"""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from lepton import lake
from lepton.errors import Conflict, NotFound
from lepton.ports import ObjectStore
from lepton.rollout.observations import BUCKETS, bucket
from lepton.rollout.rule import Rollout

EVERY = 200
SECONDS = 10.0
_JSON = "application/json"


@dataclass(slots=True)
class _Arm:
    requests: int = 0
    errors: int = 0
    runs: int = 0
    latency_ms: float = 0.0
    latency_capped: float = 0.0
    latency: list[int] = field(default_factory=lambda: [0] * BUCKETS)


@dataclass(slots=True)
class _Shadow:
    compared: int = 0
    disagreement: float = 0.0
    disagreeing: int = 0
    max_difference: float = 0.0
    skipped: int = 0
    late: int = 0


class Tally:
    """Safe to use from several threads; only one of them writes at a time."""

    def __init__(self, model: str, alias: str, live: str, rollout: Rollout, environment: str, now: float) -> None:
        self.place = model, alias, rollout.generation
        self.live = live
        self.rollout = rollout
        self._environment = environment
        self._cap = rollout.rule.latency_cap_ms
        self._arms = {live: _Arm(), rollout.version: _Arm()}
        self._shadow = _Shadow()
        self._answered: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._seen = self._next = self._chunk = 0
        self._written = now
        self._etag: str | None = None

    def ran(self, version: str, milliseconds: float) -> None:
        """A version was asked and answered."""
        with self._lock:
            arm = self._arms[version]
            arm.requests, arm.runs = arm.requests + 1, arm.runs + 1
            arm.latency_ms += milliseconds
            arm.latency_capped += min(milliseconds, self._cap) / self._cap
            arm.latency[bucket(milliseconds)] += 1

    def failed(self, version: str) -> None:
        """A version was asked and gave no answer."""
        with self._lock:
            arm = self._arms[version]
            arm.requests, arm.errors = arm.requests + 1, arm.errors + 1

    def compared(self, disagreement: float, difference: float) -> None:
        """A shadow's answer was held against the live one: share of rows that differ, greatest difference."""
        with self._lock:
            shadow = self._shadow
            shadow.compared += 1
            shadow.disagreement += disagreement
            shadow.disagreeing += disagreement > 0
            shadow.max_difference = max(shadow.max_difference, difference)

    def left_out(self) -> None:
        with self._lock:
            self._shadow.skipped += 1

    def late(self) -> None:
        with self._lock:
            self._shadow.late += 1

    def answered(self, told: dict[str, Any]) -> None:
        """Kept for an outcome that may come later (see lepton.rollout.outcomes.Answered)."""
        with self._lock:
            self._answered.append(told)

    def due(self, now: float) -> bool:
        """Count one request; whether it is time to write."""
        with self._lock:
            self._seen += 1
            if self._seen < self._next and 0 <= now - self._written < SECONDS:
                return False
            self._next, self._written = self._seen + min(self._seen, EVERY), now
            return True

    def write(self, store: ObjectStore) -> None:
        """Raises TransientError: what was counted is kept and written next time."""
        with self._writing:
            with self._lock:
                body, answered, self._answered = self._body(), self._answered, []
            if answered:
                self._put_answers(store, answered)
            self._put(store, lake.rollout_seen(*self.place) + f"{self._environment}.json", body)

    def _put_answers(self, store: ObjectStore, answered: list[dict[str, Any]]) -> None:
        key = f"{lake.rollout_answers(*self.place)}{self._environment}-{self._chunk:06d}.json"
        chunk = {"live": self.live, "candidate": self.rollout.version, "answered": answered}
        with suppress(Conflict):  # written before, and the acknowledgement was lost
            store.put(key, json.dumps(chunk).encode(), content_type=_JSON, if_absent=True)
        self._chunk += 1

    def _put(self, store: ObjectStore, key: str, body: bytes) -> None:
        try:
            self._etag = store.put(key, body, content_type=_JSON, if_absent=self._etag is None, if_etag=self._etag)
        except Conflict:
            # Nobody else writes this key: an earlier write of ours landed unacknowledged, or a person tidied up.
            try:
                blob = store.get(key)
            except NotFound:
                blob = None
            etag = blob.etag if blob else None
            self._etag = store.put(key, body, content_type=_JSON, if_absent=etag is None, if_etag=etag)

    def _body(self) -> bytes:
        model, alias, generation = self.place
        arms = {version: _plain(arm) for version, arm in self._arms.items()}
        named = {"model": model, "alias": alias, "generation": generation, "environment": self._environment}
        pair = {"live": self.live, "candidate": self.rollout.version}
        return json.dumps(
            {"schema_version": 1} | named | pair | {"arms": arms, "shadow": _plain(self._shadow)}
        ).encode()


def _plain(counts: _Arm | _Shadow) -> dict[str, Any]:
    return {name: getattr(counts, name) for name in counts.__slots__}
