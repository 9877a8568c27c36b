"""Putting a prepared version into the lake, in an order that a kill at any point leaves sound.

Parts and profile, then the quarantine, then the manifest (written once: from then on the version is there), then
`latest.json`, then the receipt, then the event. Each step repeated gives the same bytes, so a redelivery, or two at
once, end in the same lake.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from lepton import lake
from lepton.dataset.manifest import DatasetManifest, LatestVersion, Source, UploadReceipt
from lepton.dataset.prepared import Prepared, part_file
from lepton.dataset.quarantine import Quarantine
from lepton.errors import Conflict, NotFound, Unavailable
from lepton.ports import ObjectStore

JSON = "application/json"
_TRIES = 20
Ordered = TypeVar("Ordered", LatestVersion, UploadReceipt)


def published(
    store: ObjectStore, name: str, prepared: Prepared, quarantine: str | None, set_aside: int, origin: Source, at: str
) -> DatasetManifest:
    """The version's manifest in the lake: this one, or that of an earlier upload with the same content."""
    prefix = lake.dataset_prefix(name, prepared.version)
    key = lake.dataset_manifest(name, prepared.version)
    if present := _manifest(store, key):
        return present
    for file in prepared.files:
        _put_same(store, prefix + file.part.key, file.path)
    _put_same(store, prefix + "profile.json", _json(prepared.profile))
    manifest = DatasetManifest(
        name=name,
        version=prepared.version,
        kind=prepared.kind,
        rows=prepared.rows,
        quarantined=set_aside,
        quarantine=quarantine,
        splits=prepared.splits,
        columns=prepared.columns,
        classes=prepared.classes,
        image=prepared.image,
        parts=tuple(file.part for file in prepared.files),
        profile=prefix + "profile.json",
        source=origin,
        created_at=at,
    )
    try:
        store.put(key, manifest.model_dump_json(indent=1).encode(), content_type=JSON, if_absent=True)
    except Conflict:
        return _manifest(store, key) or manifest
    return manifest


def quarantined(store: ObjectStore, name: str, source_digest: str, rows: Quarantine) -> str | None:
    """Write the rows that were set aside and return their prefix; None when there are none."""
    if not rows.total:
        return None
    prefix = lake.quarantine_prefix(name, source_digest)
    lines = "".join(row.model_dump_json() + "\n" for row in rows.rows)
    _put_same(store, prefix + "rows.jsonl", lines.encode(), "application/jsonl")
    _put_same(store, prefix + "reason.json", rows.summary().model_dump_json(indent=1).encode())
    return prefix


def moved_forward(store: ObjectStore, key: str, record: Ordered) -> Ordered:
    """Write the record unless what is there is newer; returns what is there then. Raises TransientError."""
    kind = type(record)
    body = record.model_dump_json(indent=1).encode()
    for _ in range(_TRIES):
        try:
            blob = store.get(key)
        except NotFound:
            blob = None
        if blob is not None:
            current = kind.model_validate_json(blob.body)
            if blob.body == body or _order(current) > _order(record):
                return current
        try:
            store.put(key, body, content_type=JSON, if_absent=blob is None, if_etag=blob.etag if blob else None)
        except Conflict:
            continue
        return record
    raise Unavailable(f"{key} is being written by too many others")


def utc(moment: datetime) -> str:
    """ISO 8601 in UTC, seconds."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _order(record: LatestVersion | UploadReceipt) -> tuple[datetime | str, datetime | str, str]:
    """Older before newer.

    Receipts of one key go by S3's sequencer (padded as AWS asks for), which is made for that; versions come from
    different keys, where only the time of writing can be compared.
    """
    at = datetime.fromisoformat(record.at) if record.at else datetime.min.replace(tzinfo=UTC)
    sequencer = (record.sequencer or "").lower().ljust(64, "0")
    return (at, sequencer, record.version) if isinstance(record, LatestVersion) else (sequencer, at, "")


def _manifest(store: ObjectStore, key: str) -> DatasetManifest | None:
    try:
        blob = store.get(key)
    except NotFound:
        return None
    return DatasetManifest.model_validate_json(blob.body) if blob else None


def _put_same(store: ObjectStore, key: str, body: bytes | Path, content_type: str = JSON) -> None:
    """Write an object that has one right content. Another one under its key is a leftover without a manifest."""
    try:
        store.put(
            key,
            body,
            content_type="application/octet-stream" if isinstance(body, Path) else content_type,
            if_absent=True,
        )
    except Conflict:
        if not _holds(store, key, body):
            store.put(key, body, content_type=content_type)


def _holds(store: ObjectStore, key: str, body: bytes | Path) -> bool:
    if isinstance(body, bytes):
        blob = store.get(key)
        return blob is not None and blob.body == body
    copy = body.with_name(f"{body.name}.there")
    store.fetch(key, copy)
    same = part_file(copy, 0).part.sha256 == part_file(body, 0).part.sha256
    copy.unlink()
    return same


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False).encode()
