"""A Serving on a store in memory with the three small models live, asked as a server of our own would ask it."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lepton.endpoint.exchange import Exchange, Reply
from lepton.endpoint.serving import Serving
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.observability import logger, metrics
from lepton.settings import Settings
from tests.unit.endpoint.packages import publish

MODELS = ("churn", "price", "tone")


class World:
    """`post` and `get` give the reply, `json` its body."""

    def __init__(self, store: MemoryObjectStore | None = None) -> None:
        self.store = store or MemoryObjectStore()
        self.bus = MemoryEventBus()
        settings = Settings(lake_bucket="lake", landing_bucket="landing", event_bus="lepton")
        landing, bus = MemoryObjectStore(), self.bus
        self.serving = Serving(settings, self.store, landing=lambda: landing, bus=lambda: bus, memory_mb=1769)
        self.versions = {} if store else {name: publish(self.store, name) for name in MODELS}

    def post(self, path: str, body: Any, query: dict[str, str] | None = None, **headers: str) -> Reply:
        """`body` as it is when it is bytes, as JSON otherwise."""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        return self.serving.reply(Exchange("POST", path, given, query or {}, data, "request-1"))

    def get(self, path: str) -> Reply:
        return self.serving.reply(Exchange("GET", path, request_id="request-1"))

    def json(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the parsed body; a GET without a body."""
        reply = self.get(path) if body is None else self.post(path, body, **headers)
        return reply.status, json.loads(reply.body)


@contextmanager
def world(store: MemoryObjectStore | None = None) -> Iterator[World]:
    """A world of its own, with nothing in it when a store is given, and an empty cache of artifacts.

    The process's logger and metrics are forgotten, before and after.
    """
    before, environment = tempfile.tempdir, dict(os.environ)
    os.environ |= {"POWERTOOLS_SERVICE_NAME": "predict", "POWERTOOLS_METRICS_NAMESPACE": "Lepton"}
    _forget()
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = str(Path(folder))
        try:
            yield World(store)
        finally:
            tempfile.tempdir = before
            _forget()
            os.environ.clear()
            os.environ |= environment


def _forget() -> None:
    metrics().clear_metrics()
    metrics.cache_clear()
    logger.cache_clear()
