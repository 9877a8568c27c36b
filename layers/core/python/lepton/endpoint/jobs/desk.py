"""What the API does for jobs: makes them, shows them, hands out what came of them. It runs nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lepton import lake
from lepton.endpoint.jobs import ticket
from lepton.endpoint.jobs.ledger import Ledger
from lepton.endpoint.jobs.links import Links
from lepton.endpoint.jobs.records import Format, InferReport, JobRecord, Source, StoredCall, TransformReport
from lepton.errors import Conflict, NotFound, TooLarge
from lepton.ports import Entry, ObjectStore

BODY_BYTES = 50_000_000  # of a single request that was uploaded: it is run in memory


class _Asked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UploadAsked(_Asked):
    """POST /models/{model}/uploads: the file's name and, when known, its size in bytes."""

    filename: str = Field(min_length=1, max_length=1024)
    bytes: int | None = Field(default=None, ge=1)


class Uploaded(_Asked):
    """A file that was sent by a form of ours."""

    upload: str = Field(pattern="^[0-9a-f]{16}$")


class TransformAsked(_Asked):
    """POST /models/{model}/transforms: which file, by which version (the live one), into what (as the file is)."""

    input: Uploaded
    version: str | None = Field(default=None, pattern="^[0-9a-f]{12}$")
    output: Format | None = None


class ReferenceAsked(_Asked):
    """The body of a prediction whose input is a file of ours."""

    input: Uploaded
    id: str | None = None
    output: Format | None = None


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and when."""

    by: str
    at: str


class JobDesk:
    """Over the two buckets."""

    def __init__(self, landing: ObjectStore, lake_store: ObjectStore) -> None:
        self._landing = landing
        self._ledger = Ledger(lake_store)

    def offer(self, model: str, wanted: UploadAsked, links: Links, upload: str, now: datetime) -> dict[str, Any]:
        """The form to send a file by, and the id to name it by. Raises InvalidRequest, TooLarge."""
        key = lake.TRANSFORM_PREFIX + lake.upload_key(lake.checked_name(model, "model"), upload, wanted.filename)
        if wanted.bytes is not None and wanted.bytes > links.max_bytes:
            raise TooLarge(
                f"the file has {wanted.bytes:,} bytes, more than {links.max_bytes:,}",
                pointer="/bytes",
                hint="split it into several files, or pack it with gzip",
            )
        return {"upload": upload, "key": key, **links.upload(key, now), "max_bytes": links.max_bytes}

    def uploaded(self, model: str, upload: str) -> Entry:
        """The file that was sent by the form. Raises NotFound while it has not arrived."""
        prefix = f"{lake.TRANSFORM_PREFIX}{lake.checked_name(model, 'model')}/{upload}/"
        found = next(iter(self._landing.list(prefix)), None)
        if found is None:
            raise NotFound(
                f"upload {upload} of {model!r} has not arrived",
                pointer="/input/upload",
                hint=f"POST /models/{model}/uploads gives a form; send the file by it first",
            )
        return found

    def transform(self, model: str, version: str, entry: Entry, output: Format | None, who: Asker) -> JobRecord:
        """The job of predicting that file: one for each file, version and output."""
        etag = entry.etag.strip('"')
        digest = lake.short_digest(entry.key.encode(), etag.encode(), version.encode(), (output or "").encode())
        record = JobRecord(
            job=digest,
            model=model,
            version=version,
            kind="transform",
            digest=digest,
            source=Source(key=entry.key, etag=etag, size=entry.size),
            output=output,
            by=who.by,
            at=who.at,
        )
        return self._made(record, None)

    def infer(
        self, model: str, version: str, call: StoredCall, body: bytes | Entry, name: bytes, who: Asker
    ) -> JobRecord:
        """The job of answering one request: one for each `name`.

        Raises Conflict when something else was asked for under that name, TooLarge.
        """
        source = Source(key=body.key, etag=body.etag.strip('"'), size=body.size) if isinstance(body, Entry) else None
        if source and source.size > BODY_BYTES:
            raise TooLarge(
                f"the request has {source.size:,} bytes, the limit is {BODY_BYTES:,}",
                pointer="/input/upload",
                hint="send rows as CSV, JSON lines or Parquet: files of rows may be larger",
            )
        sent = source.etag.encode() if source else body
        assert isinstance(sent, bytes)  # noqa: S101  # an Entry is told by its etag
        record = JobRecord(
            job=lake.short_digest(b"infer", name),
            model=model,
            version=version,
            kind="infer",
            digest=lake.short_digest(call.model_dump_json().encode(), sent),
            source=source,
            call=call,
            by=who.by,
            at=who.at,
        )
        return self._made(record, body if isinstance(body, bytes) else None)

    def _made(self, record: JobRecord, body: bytes | None) -> JobRecord:
        """The record first, then what it needs, then the ticket: whoever asks again mends what a crash left undone."""
        made = self._ledger.create(record)
        if made.digest != record.digest:
            raise Conflict(
                f"job {made.job} was asked for with another request under the same id",
                pointer="/id",
                hint="give each request an id of its own; the same request may be sent again under the same id",
            )
        if body is not None:
            self._ledger.keep(made, "request", body, "application/octet-stream")
        if self._ledger.report(made) is None:
            ticket.write(self._landing, made, 0)
        return made

    def status(self, model: str, job: str) -> dict[str, Any]:
        """Raises NotFound."""
        record = self._ledger.record(model, job)
        state, progress, report = self._ledger.state(record)
        told: dict[str, Any] = {
            "job": record.job,
            "kind": record.kind,
            "state": state,
            "model_name": record.model,
            "model_version": record.version,
            "submitted_at": record.at,
        }
        if record.source:
            told |= {"key": record.source.key, "bytes": record.source.size}
        if progress:
            told |= {"rows": progress.rows, "rejected": progress.rejected, "parts": progress.part, "at": progress.at}
        return told | ({"report": _without_nulls(report)} if report else {})

    def cancel(self, model: str, job: str, who: Asker) -> dict[str, Any]:
        """Stop it before its next part. Raises NotFound, Conflict when it has ended otherwise."""
        record = self._ledger.record(model, job)
        state, _, _ = self._ledger.state(record)
        if state not in ("queued", "running", "cancelled"):
            raise Conflict(f"job {job} is {state} already", pointer="/job", hint="what came of it stays")
        self._ledger.cancel(record, who.by, who.at)
        return self.status(model, job)

    def result(self, model: str, job: str) -> tuple[JobRecord, TransformReport | InferReport]:
        """What came of it. Raises NotFound, Conflict while nothing has."""
        record = self._ledger.record(model, job)
        state, _, report = self._ledger.state(record)
        if report is None:
            raise Conflict(f"job {job} is {state}: there is no result", pointer="/job", hint="look at its state")
        return record, report

    def answer(self, record: JobRecord) -> bytes:
        """The body of the answer to a single request."""
        return self._ledger.body(record, "answer")

    def report_key(self, record: JobRecord) -> str:
        return self._ledger.key(record, "report.json")


def _without_nulls(report: BaseModel) -> Mapping[str, Any]:
    return report.model_dump(mode="json", exclude_none=True)
