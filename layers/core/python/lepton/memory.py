"""The ports in memory: for tests and dry runs. They keep the promise of the real adapters (see lepton.ports)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from lepton.errors import Conflict, NotFound
from lepton.events import Event
from lepton.ports import Blob, Entry, JobRequest, JobStatus, LoadSeries


class MemoryObjectStore:
    """A bucket as a dict; writes are atomic under a lock."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime(2026, 1, 1, tzinfo=UTC)) -> None:
        self._objects: dict[str, Blob] = {}
        self._lock = threading.Lock()
        self._now = now

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        blob = self._objects.get(key)
        if blob is None:
            raise NotFound(f"no object {key!r}")
        return None if blob.etag == unless_etag else blob

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        content_type: str = "application/octet-stream",  # noqa: ARG002  # part of the port
        if_absent: bool = False,
        if_etag: str | None = None,
    ) -> str:
        data = body.read_bytes() if isinstance(body, Path) else body
        etag = f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'
        with self._lock:
            present = self._objects.get(key)
            if if_absent and present is not None:
                raise Conflict(f"object {key!r} exists already")
            if if_etag is not None and (present is None or present.etag != if_etag):
                raise Conflict(f"object {key!r} is not at {if_etag}")
            self._objects[key] = Blob(data, etag, self._now())
        return etag

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        for key in sorted(self._objects):
            if key.startswith(prefix) and key > after:
                blob = self._objects[key]
                yield Entry(key, blob.etag, len(blob.body), blob.modified)

    def fetch(self, key: str, to: Path) -> Entry:
        blob = self.get(key)
        assert blob is not None  # noqa: S101
        to.write_bytes(blob.body)
        return Entry(key, blob.etag, len(blob.body), blob.modified)


class MemoryJobQueue:
    """Holds what was submitted; a test decides how each job ends."""

    def __init__(self) -> None:
        self.submitted: dict[str, JobRequest] = {}
        self.statuses: dict[str, JobStatus] = {}
        self._lock = threading.Lock()

    def submit(self, request: JobRequest) -> str:
        with self._lock:
            known = next((job_id for job_id, one in self.submitted.items() if one.name == request.name), None)
            if known is not None:
                return known
            job_id = f"job-{len(self.submitted) + 1}"
            self.submitted[job_id] = request
            self.statuses[job_id] = JobStatus(job_id, "SUBMITTED")
        return job_id

    def describe(self, job_id: str) -> JobStatus:
        if job_id not in self.statuses:
            raise NotFound(f"no job {job_id!r}")
        return self.statuses[job_id]

    def terminate(self, job_id: str, reason: str) -> None:
        if self.describe(job_id).status not in ("SUCCEEDED", "FAILED"):
            self.statuses[job_id] = JobStatus(job_id, "FAILED", reason)


class MemoryLoadHistory:
    """Series by resource name."""

    def __init__(self, *series: LoadSeries) -> None:
        self._series = {one.resource: one for one in series}

    def read(self, resource: str, start: datetime, end: datetime, step: int) -> LoadSeries:
        series = self._series.get(resource)
        if series is None or series.step != step:
            raise NotFound(f"no load history of {resource!r} at {step} s")
        first = max(0, round((start - series.start).total_seconds() / step))
        last = max(first, round((end - series.start).total_seconds() / step))
        if first >= len(series.arrivals):
            raise NotFound(f"no load history of {resource!r} between {start} and {end}")
        begin = datetime.fromtimestamp(series.start.timestamp() + first * step, UTC)
        return LoadSeries(resource, begin, step, series.arrivals[first:last], series.duration[first:last])


class MemoryEventBus:
    """Keeps what was published, in order."""

    def __init__(self) -> None:
        self.published: list[Event] = []

    def publish(self, *events: Event) -> None:
        self.published.extend(events)
