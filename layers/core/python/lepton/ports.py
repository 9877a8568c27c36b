"""The outside, as the domain sees it: four small protocols.

Each has the real adapter in `lepton.aws` and one in memory in `lepton.memory`; one shared test proves that
both keep the same promise (tests/integration/test_port_promises.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    import lepton.events as lepton_events


@dataclass(frozen=True, slots=True)
class Blob:
    """An object's bytes with what identifies them. `etag` is opaque: compare it, send it back, never parse it."""

    body: bytes
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a listing. `size` in bytes."""

    key: str
    etag: str
    size: int
    modified: datetime


class ObjectStore(Protocol):
    """One bucket. Conditional writes are atomic: of many racing writers, one wins."""

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        """The object; None when its etag still is `unless_etag`. Raises NotFound, TransientError."""

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_etag: str | None = None,
    ) -> str:
        """Write and return the new etag. Raises Conflict when `if_absent` or `if_etag` does not hold."""

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        """Entries under the prefix in key order, those greater than `after` only."""

    def fetch(self, key: str, to: Path) -> Entry:
        """Stream the object into a file (constant memory), replacing it. Raises NotFound, TransientError."""


@dataclass(frozen=True, slots=True)
class JobRequest:
    """What Batch is asked to run. `name` is unique per run and attempt of ours; `timeout` in seconds."""

    name: str
    queue: str
    definition: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    vcpus: int = 2
    memory_mib: int = 4096
    gpus: int = 0
    timeout: int = 3600
    nodes: int = 1
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What Batch says of a job. `status` is one of Batch's seven words; times are aware UTC."""

    job_id: str
    status: str
    reason: str | None = None
    exit_code: int | None = None
    created: datetime | None = None
    started: datetime | None = None
    stopped: datetime | None = None


class JobQueue(Protocol):
    """Runs containers (or, in the local cloud, processes) to completion."""

    def submit(self, request: JobRequest) -> str:
        """Submit and return the job id; a job of this name is submitted once, the second call gives the first's id.

        An empty `command`: the job definition's own. Raises Misconfigured, TransientError.
        """

    def describe(self, job_id: str) -> JobStatus:
        """What is known of the job. Raises NotFound, TransientError."""

    def terminate(self, job_id: str, reason: str) -> None:
        """Stop it, whatever state it is in; a finished job stays as it is. Raises NotFound, TransientError."""


@dataclass(frozen=True, slots=True)
class LoadSeries:
    """Evenly spaced history of one resource.

    `start` is aware UTC, `step` in seconds, `arrivals` are counts per step (NaN: not measured);
    `duration` is the mean service time per step in seconds (NaN: unknown), as long as `arrivals`.
    """

    resource: str
    start: datetime
    step: int
    arrivals: tuple[float, ...]
    duration: tuple[float, ...] = ()


class LoadHistory(Protocol):
    """Where the load of the past is read from."""

    def read(self, resource: str, start: datetime, end: datetime, step: int) -> LoadSeries:
        """History of [start, end) on a grid of `step` seconds. Raises NotFound when there is none at all."""


class EventBus(Protocol):
    """Tells the rest of the system. Delivery is at least once."""

    def publish(self, *events: lepton_events.Event) -> None:
        """Put the events on the bus, all or an error. Raises TransientError."""
