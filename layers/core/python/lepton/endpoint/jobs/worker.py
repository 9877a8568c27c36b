"""What the queue's messages come to: files predicted, single requests answered, each at its own pace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from lepton import lake
from lepton.endpoint.endpoint import Endpoint
from lepton.endpoint.jobs import closing, ticket
from lepton.endpoint.jobs.ledger import Ledger, Report
from lepton.endpoint.jobs.records import InferReport, JobRecord, Source, TransformReport
from lepton.endpoint.jobs.transform import Transform
from lepton.errors import CallerError, DataError, NotFound, Unavailable
from lepton.ports import Entry, ObjectStore


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as HTTP has it."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Worker:
    """`answer` is given a stored request and its body; `price` comes from `closing.cost`; `clock` gives seconds."""

    def __init__(
        self,
        landing: ObjectStore,
        lake_store: ObjectStore,
        endpoint: Endpoint,
        answer: Callable[[JobRecord, bytes], Answered],
        price: Callable[[float, int], dict[str, Any]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._landing = landing
        self._ledger = Ledger(lake_store)
        self._endpoint = endpoint
        self._answer = answer
        self._price = price
        self._clock = clock
        self._transform = Transform(landing, self._ledger, endpoint, clock)

    def handle(self, keys: Sequence[str], remaining: Callable[[], float]) -> Report | None:
        """Do what the object asks for (under the first of the keys that is one).

        None: nothing is to be done yet, or the rest is left to another invocation. Raises InvalidRequest for a key
        that asks for nothing, NotFound, TransientError and OperatorError: the same call may succeed later.
        """
        asked = ticket.read(keys[0])
        if asked.held:
            return None
        if asked.job is not None:
            record = self._ledger.record(asked.model, asked.job)
        else:
            entry = self._entry(keys)
            try:
                record = self._ledger.create(self._announced(asked.model, entry))
            except CallerError as error:
                return self._refused(asked.model, entry, error)
        if (earlier := self._ledger.report(record)) and earlier.version is not None:
            return earlier
        return self._transformed(record, remaining) if record.kind == "transform" else self._inferred(record)

    def _transformed(self, record: JobRecord, remaining: Callable[[], float]) -> Report | None:
        try:
            progress = self._transform.run(record, remaining)
        except (CallerError, DataError) as error:
            told = closing.refusal(error)
            return self._ledger.conclude(
                record, TransformReport(**closing.named(record), state="rejected", **told, at=self._now())
            )
        if progress is None:
            return None
        report = closing.transformed(
            record,
            progress,
            cancelled=not progress.complete,
            key=lambda name: self._ledger.key(record, name),
            price=self._price(progress.seconds, progress.runs),
            at=self._now(),
        )
        return self._ledger.conclude(record, report)

    def _inferred(self, record: JobRecord) -> Report:
        named: dict[str, Any] = {"model": record.model, "version": record.version, "job": record.job}
        if self._ledger.cancelled(record):
            return self._ledger.conclude(record, InferReport(**named, state="cancelled", at=self._now()))
        started = self._clock()
        answered = self._answer(record, self._body(record))
        if answered.status in (429, 500, 502, 503, 504):
            raise Unavailable(f"job {record.job} was answered {answered.status}", hint="it is tried again")
        media = answered.headers.get("Content-Type", "application/octet-stream")
        report = InferReport(
            **named,
            state="done" if answered.status < 400 else "failed",
            status=answered.status,
            headers=dict(answered.headers),
            answer=self._ledger.keep(record, "answer", answered.body, media),
            bytes=len(answered.body),
            seconds=round(self._clock() - started, 6),
            at=self._now(),
        )
        return self._ledger.conclude(record, report)

    def _body(self, record: JobRecord) -> bytes:
        """The body that came with the request, or the upload that it names."""
        if record.source is None:
            return self._ledger.body(record, "request")
        blob = self._landing.get(record.source.key)
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return blob.body

    def _announced(self, model: str, entry: Entry) -> JobRecord:
        """The job of a file that nobody made one for: by the live version. Raises NotFound."""
        etag = entry.etag.strip('"')
        job = lake.short_digest(entry.key.encode(), etag.encode())
        return JobRecord(
            job=job,
            model=model,
            version=self._endpoint.model(model).manifest.version,
            kind="transform",
            digest=job,
            source=Source(key=entry.key, etag=etag, size=entry.size),
            by="upload",
            at=self._now(),
        )

    def _refused(self, model: str, entry: Entry, error: CallerError) -> Report:
        """No version can be held to it: told, and tried again when the file is announced again."""
        etag = entry.etag.strip('"')
        job = lake.short_digest(entry.key.encode(), etag.encode())
        named: dict[str, Any] = {"model": model, "job": job, "key": entry.key, "etag": etag}
        told = closing.refusal(error)
        return self._ledger.conclude_without(
            TransformReport(**named, version=None, state="rejected", **told, at=self._now())
        )

    def _entry(self, keys: Sequence[str]) -> Entry:
        """The object in the landing bucket. Raises NotFound."""
        for key in keys:
            entry = next(iter(self._landing.list(key)), None)
            if entry is not None and entry.key == key:
                return entry
        raise NotFound(f"there is no object {keys[0]!r} in the landing bucket", hint="was it deleted meanwhile?")

    def _now(self) -> str:
        return datetime.fromtimestamp(self._clock(), UTC).isoformat()
