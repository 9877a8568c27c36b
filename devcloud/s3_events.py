"""S3's events for EventBridge, as S3 makes them.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from devcloud.identities import ACCOUNT, REGION

Event = dict[str, Any]
_REASONS = {
    "s3:ObjectCreated:Put": "PutObject",
    "s3:ObjectCreated:Post": "POST Object",
    "s3:ObjectCreated:Copy": "CopyObject",
    "s3:ObjectCreated:CompleteMultipartUpload": "CompleteMultipartUpload",
}
_last = [0]
_lock = threading.Lock()


def created(name: str, bucket: str, key: Any) -> Event | None:
    """ "Object Created" for moto's event `name`; None for events of other kinds."""
    if name not in _REASONS:
        return None
    thing = _object(key.name, key.version_id) | {"size": key.size, "etag": key.etag.strip('"')}
    return _event("Object Created", bucket, thing, {"reason": _REASONS[name]})


def deleted(bucket: str, key: str, *, version: str | None, marker: bool) -> Event:
    """ "Object Deleted", for good or by a delete marker."""
    kind = "Delete Marker Created" if marker else "Permanently Deleted"
    return _event("Object Deleted", bucket, _object(key, version), {"reason": "DeleteObject", "deletion-type": kind})


def envelope(detail_type: str, source: str, resources: list[str], detail: dict[str, Any]) -> Event:
    """An EventBridge event with an id of its own."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": detail_type,
        "source": source,
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": resources,
        "detail": detail,
    }


def _event(detail_type: str, bucket: str, thing: dict[str, Any], more: dict[str, str]) -> Event:
    detail = {
        "version": "0",
        "bucket": {"name": bucket},
        "object": thing,
        "request-id": uuid.uuid4().hex[:16].upper(),
        "requester": ACCOUNT,
        "source-ip-address": "127.0.0.1",
        **more,
    }
    return envelope(detail_type, "aws.s3", [f"arn:aws:s3:::{bucket}"], detail)


def _object(key: str, version: str | None) -> dict[str, Any]:
    thing: dict[str, Any] = {"key": key, "sequencer": _sequencer()}
    return thing | ({"version-id": version} if version and version != "null" else {})


def _sequencer() -> str:
    """Hexadecimal, always growing, also over restarts: later writes of a key compare greater."""
    with _lock:
        _last[0] = max(time.time_ns(), _last[0] + 1)
        return f"{_last[0]:018X}"
