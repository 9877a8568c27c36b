"""The whole way of one upload: fetch, recognise, read, publish, tell. Safe to run again at any time."""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from lepton import lake
from lepton.dataset.arrivals import Arrival
from lepton.dataset.limits import Limits
from lepton.dataset.manifest import DatasetManifest, LatestVersion, Source, UploadReceipt
from lepton.dataset.preparation import prepared_upload
from lepton.dataset.publication import moved_forward, published, quarantined, utc
from lepton.dataset.quarantine import Quarantine
from lepton.errors import InvalidRequest, LeptonError, NotFound, RejectedUpload
from lepton.events import DatasetReady, DatasetRejected
from lepton.ports import Entry, EventBus, ObjectStore

INTERNAL_ERROR = "internal_error"
GONE = "object_missing"


class Ingest:
    """Turns uploads into dataset versions. All methods raise TransientError when a store or the bus does."""

    def __init__(
        self, landing: ObjectStore, lake_store: ObjectStore, bus: EventBus, limits: Limits | None = None
    ) -> None:
        self._landing = landing
        self._lake = lake_store
        self._bus = bus
        self._limits = limits or Limits()

    def receive(self, arrival: Arrival) -> UploadReceipt | None:
        """What became of the upload, as told to its sender; None when the object is not ours to read."""
        if arrival.key.startswith(lake.TRANSFORM_PREFIX) or arrival.key.endswith("/"):
            return None
        try:
            name, upload = _addressed(arrival.key)
        except InvalidRequest as error:
            self._reject_address(arrival, error)
            return None
        before = self._receipt(name, upload)
        if before and before.state != "waiting" and _speaks_of(before, arrival):
            self._tell(before)
            return before
        with TemporaryDirectory(prefix="lepton-ingest-") as scratch:
            try:
                return self._ingested(arrival, name, upload, Path(scratch))
            except RejectedUpload as error:
                if before and error.reason == GONE:
                    return before
                return self._refused(arrival, name, upload, error, arrival.at)

    def failed(self, arrival: Arrival) -> None:
        """Tell the sender of a fault on our side; a later attempt that succeeds replaces this."""
        try:
            name, upload = _addressed(arrival.key)
        except InvalidRequest:
            return
        fault = RejectedUpload(
            "the upload could not be read because of a fault on our side",
            reason=INTERNAL_ERROR,
            hint="it is tried again, and kept; the function's log says more",
        )
        self._write_receipt(_refusal(arrival, name, upload, fault))

    def _ingested(self, arrival: Arrival, name: str, upload: str, scratch: Path) -> UploadReceipt:
        if arrival.size > self._limits.upload:
            raise _too_large(arrival.size, self._limits)
        source = scratch / "source"
        entry = self._fetched(arrival, source)
        if entry.size > self._limits.upload:
            raise _too_large(entry.size, self._limits)
        at = utc(entry.modified)
        try:
            return self._published(arrival, name, upload, entry, source)
        except RejectedUpload as error:
            return self._refused(arrival, name, upload, error, at)

    def _published(self, arrival: Arrival, name: str, upload: str, entry: Entry, source: Path) -> UploadReceipt:
        rows = Quarantine(entry.key, self._limits)
        prepared = prepared_upload(source, source.parent, self._limits, rows)
        at, etag = utc(entry.modified), entry.etag.strip('"')
        digest = lake.short_digest(entry.key.encode(), _sha256(source))
        prefix = quarantined(self._lake, name, digest, rows)
        origin = Source(bucket=arrival.bucket, key=entry.key, etag=etag, bytes=entry.size, upload=upload)
        manifest = published(self._lake, name, prepared, prefix, rows.total, origin, at)
        latest = LatestVersion(name=name, version=manifest.version, at=at, sequencer=arrival.sequencer)
        moved_forward(self._lake, lake.dataset_latest(name), latest)
        receipt = UploadReceipt(
            dataset=name,
            upload=upload,
            key=entry.key,
            state="ready",
            version=manifest.version,
            rows=manifest.rows,
            quarantined=rows.total,
            quarantine=prefix,
            etag=etag,
            at=at,
            sequencer=arrival.sequencer,
        )
        self._write_receipt(receipt)
        self._tell(receipt)
        return receipt

    def _refused(
        self, arrival: Arrival, name: str, upload: str, error: RejectedUpload, at: str | None
    ) -> UploadReceipt:
        receipt = _refusal(arrival, name, upload, error, at)
        self._write_receipt(receipt)
        self._tell(receipt)
        return receipt

    def _reject_address(self, arrival: Arrival, error: LeptonError) -> None:
        """There is no dataset to leave a receipt with, so the event alone tells it."""
        self._bus.publish(
            DatasetRejected(
                name=arrival.key.split("/", 1)[0][:80],
                upload=lake.upload_id(arrival.key),
                key=arrival.key,
                reason="illegal_key",
                message=str(error),
            )
        )

    def _tell(self, receipt: UploadReceipt) -> None:
        if receipt.state == "rejected" or receipt.version is None:
            self._bus.publish(
                DatasetRejected(
                    name=receipt.dataset,
                    upload=receipt.upload,
                    key=receipt.key,
                    reason=receipt.reason or "",
                    message=receipt.message or "",
                )
            )
            return
        key = lake.dataset_manifest(receipt.dataset, receipt.version)
        blob = self._lake.get(key)
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        kind = DatasetManifest.model_validate_json(blob.body).kind
        self._bus.publish(
            DatasetReady(
                name=receipt.dataset,
                version=receipt.version,
                kind=kind,
                rows=receipt.rows,
                quarantined=receipt.quarantined,
                manifest=key,
                upload=receipt.upload,
            )
        )

    def _fetched(self, arrival: Arrival, to: Path) -> Entry:
        for key in arrival.keys:
            try:
                return self._landing.fetch(key, to)
            except NotFound:
                continue
        raise RejectedUpload(
            f"{arrival.key!r} was removed before it could be read", reason=GONE, hint="upload it again"
        )

    def _receipt(self, name: str, upload: str) -> UploadReceipt | None:
        try:
            blob = self._lake.get(lake.upload_receipt(name, upload))
        except NotFound:
            return None
        return UploadReceipt.model_validate_json(blob.body) if blob else None

    def _write_receipt(self, receipt: UploadReceipt) -> None:
        moved_forward(self._lake, lake.upload_receipt(receipt.dataset, receipt.upload), receipt)


def _addressed(key: str) -> tuple[str, str]:
    """The dataset and the upload that a key names. Raises InvalidRequest."""
    if "/" not in key:
        raise InvalidRequest(
            f"{key[:80]!r} lies in no dataset's folder", pointer="/key", hint="write to {dataset}/{file}"
        )
    return lake.dataset_of(key), lake.upload_id(key)


def _speaks_of(receipt: UploadReceipt, arrival: Arrival) -> bool:
    """Whether the receipt is the last word on exactly this writing of the object."""
    same = (receipt.etag, receipt.sequencer) == (arrival.etag, arrival.sequencer)
    return bool(arrival.etag) and same and receipt.reason != INTERNAL_ERROR


def _refusal(arrival: Arrival, name: str, upload: str, error: RejectedUpload, at: str | None = None) -> UploadReceipt:
    return UploadReceipt(
        dataset=name,
        upload=upload,
        key=arrival.key,
        state="rejected",
        reason=error.reason,
        message=error.message,
        pointer=error.pointer,
        hint=error.hint,
        etag=arrival.etag,
        at=at,
        sequencer=arrival.sequencer,
    )


def _too_large(size: int, limits: Limits) -> RejectedUpload:
    return RejectedUpload(
        f"the file has {size / 1e6:,.0f} MB, more than {limits.upload / 1e6:,.0f} MB",
        reason="too_large",
        hint="split it into several uploads, or raise UploadMaxBytes",
    )


def _sha256(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
