"""A worker over buckets in memory, with a clock and a time limit that a test decides."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lepton.endpoint.artifacts import ArtifactCache
from lepton.endpoint.endpoint import Bounds, Endpoint
from lepton.endpoint.jobs.closing import cost
from lepton.endpoint.jobs.sizes import PART_SECONDS
from lepton.endpoint.jobs.worker import Answered, Worker
from lepton.endpoint.telemetry import Telemetry
from lepton.lake import package_manifest
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.observability import metrics
from lepton.ports import ObjectStore

FOREVER = 1e9


def worker(
    lake: ObjectStore,
    landing: ObjectStore,
    clock: Callable[[], float] = lambda: 1_800_000_000.0,
    answer: Callable[..., Answered] = lambda *_: Answered(200, {"content-type": "application/json"}, b"{}"),
) -> Worker:
    metrics().clear_metrics()
    artifacts = ArtifactCache(lake, Path(tempfile.mkdtemp()), 1 << 30)
    endpoint = Endpoint(
        lake, artifacts, Telemetry(MemoryEventBus), Bounds(staleness=0, memory=1 << 30, threads=1), clock
    )
    return Worker(landing, lake, endpoint, answer, cost("us-east-1", 3008), clock)


def slowed(lake: ObjectStore, model: str, version: str, rows: int = 16) -> None:
    """Let the manifest say that the model is so slow that a part holds so many rows."""
    key = package_manifest(model, version)
    blob = lake.get(key)
    assert blob is not None
    manifest = json.loads(blob.body)
    manifest["measurements"]["latency_ms"] = PART_SECONDS * 1000 / rows
    lake.put(key, json.dumps(manifest).encode())


class World:
    """Two buckets and what lies in them."""

    def __init__(self) -> None:
        self.lake, self.landing = MemoryObjectStore(), MemoryObjectStore()

    def transformed(self, body: bytes, key: str = "predict-in/churn/file") -> dict[str, Any]:
        """The report of a file that is put there and announced."""
        self.landing.put(key, body)
        worker(self.lake, self.landing).handle([key], lambda: FOREVER)
        return self.report(key.split("/")[1])

    def report(self, model: str = "churn") -> dict[str, Any]:
        return json.loads(self.files(model)["report.json"])

    def files(self, model: str = "churn") -> dict[str, bytes]:
        """Contents by the last step of the key."""
        found = {}
        for entry in self.lake.list(f"predictions/{model}/"):
            blob = self.lake.get(entry.key)
            assert blob is not None
            found[entry.key.rsplit("/", 1)[-1]] = blob.body
        return found

    def parts(self, model: str = "churn") -> dict[str, bytes]:
        return {name: body for name, body in self.files(model).items() if name.startswith(("part-", "rejected-"))}

    def rows(self, model: str = "churn") -> list[str]:
        """The lines of all CSV or JSON lines parts, headers left out."""
        parts = [body.decode().splitlines() for name, body in sorted(self.parts(model).items()) if name[0] == "p"]
        return [line for part in parts for line in part if not line.startswith("line,")]
