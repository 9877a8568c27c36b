"""The records of jobs in the lake. What is written once stays; progress moves by compare-and-swap."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from lepton import lake
from lepton.endpoint.jobs.records import InferReport, JobRecord, Progress, State, TransformReport
from lepton.errors import Conflict, NotFound
from lepton.ports import Blob, ObjectStore

JSON = "application/json"
Model = TypeVar("Model", bound=BaseModel)
Report = TransformReport | InferReport


class Ledger:
    """All methods raise TransientError when the store does."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def record(self, model: str, job: str) -> JobRecord:
        """Raises NotFound, InvalidRequest for what is no job's id."""
        blob = self._found(model, job, "job.json")
        if blob is None:
            raise NotFound(
                f"model {model!r} has no job {job!r}", pointer="/job", hint="jobs are kept for a limited time"
            )
        return JobRecord.model_validate_json(blob.body)

    def create(self, record: JobRecord) -> JobRecord:
        """Write the record unless there is one already; whichever is there."""
        return record if self._once(record, "job.json") else self.record(record.model, record.job)

    def progress(self, record: JobRecord) -> tuple[Progress, str] | None:
        """How far it is and the etag to swap it by; None when it was not begun."""
        blob = self._found(record.model, record.job, "progress.json")
        return None if blob is None else (Progress.model_validate_json(blob.body), blob.etag)

    def advance(self, record: JobRecord, progress: Progress, etag: str | None) -> str:
        """Swap the progress and return its new etag. Raises Conflict when somebody else was faster."""
        body = progress.model_dump_json().encode()
        key = self.key(record, "progress.json")
        return self._store.put(key, body, content_type=JSON, if_absent=etag is None, if_etag=etag)

    def keep(self, record: JobRecord, name: str, body: bytes | Path, content_type: str) -> str:
        """Write an object of the job once and return its key: what is there already is the same, and stays."""
        key = self.key(record, name)
        with suppress(Conflict):
            self._store.put(key, body, content_type=content_type, if_absent=True)
        return key

    def report(self, record: JobRecord) -> Report | None:
        blob = self._found(record.model, record.job, "report.json")
        if blob is None:
            return None
        kind = TransformReport if record.kind == "transform" else InferReport
        return kind.model_validate_json(blob.body)

    def conclude(self, record: JobRecord, report: Report) -> Report:
        """Write the report once; whichever is there. One of no version at all gives way."""
        if self._once(report, "report.json"):
            return report
        present = self.report(record)
        return present if present and present.version is not None else self.conclude_without(report)

    def conclude_without(self, report: Report) -> Report:
        """Write a report over whatever is there."""
        key = lake.prediction_prefix(report.model, report.job) + "report.json"
        self._store.put(key, report.model_dump_json(indent=1).encode(), content_type=JSON)
        return report

    def cancel(self, record: JobRecord, by: str, at: str) -> None:
        """From now on no part of it is begun."""
        self._once(_Cancelled(model=record.model, job=record.job, by=by, at=at), "cancel.json")

    def cancelled(self, record: JobRecord) -> bool:
        return self._found(record.model, record.job, "cancel.json") is not None

    def state(self, record: JobRecord) -> tuple[State, Progress | None, Report | None]:
        """What the objects of the job say together."""
        report = self.report(record)
        found = self.progress(record) if record.kind == "transform" else None
        progress = found[0] if found else None
        if report:
            return report.state, progress, report
        if self.cancelled(record):
            return "cancelled", progress, None
        return ("running" if progress else "queued"), progress, None

    def body(self, record: JobRecord, name: str) -> bytes:
        """Raises NotFound."""
        blob = self._store.get(self.key(record, name))
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return blob.body

    def key(self, record: JobRecord, name: str) -> str:
        return lake.prediction_prefix(record.model, record.job) + name

    def _once(self, value: BaseModel, name: str) -> bool:
        key = lake.prediction_prefix(str(value.model), str(value.job)) + name  # type: ignore[attr-defined]
        try:
            self._store.put(key, value.model_dump_json(indent=1).encode(), content_type=JSON, if_absent=True)
        except Conflict:
            return False
        return True

    def _found(self, model: str, job: str, name: str) -> Blob | None:
        key = lake.prediction_prefix(model, lake.checked_digest(job, "job")) + name
        try:
            return self._store.get(key)
        except NotFound:
            return None


class _Cancelled(BaseModel):
    """Who did not want it any more, and when."""

    model: str
    job: str
    by: str
    at: str
