"""What the upload queue delivers: which object was written to the landing bucket.

A message's body is an EventBridge event ("Object Created", the key as it is) or, from a bucket that notifies the
queue itself, an S3 notification (keys form-encoded, several records). S3's test message announces nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote_plus

from lepton.dataset.publication import utc
from lepton.errors import InvalidRequest


@dataclass(frozen=True, slots=True)
class Arrival:
    """An object that was written. `keys`: how its key may be meant, the likeliest first; `size` in bytes.

    `at` is when the event happened, which is a little after the object's own time.
    """

    bucket: str
    keys: tuple[str, ...]
    size: int
    etag: str
    sequencer: str
    at: str | None = None

    @property
    def key(self) -> str:
        return self.keys[0]


def arrivals(body: str) -> list[Arrival]:
    """The objects that a message announces, none for a test message. Raises InvalidRequest for a foreign message."""
    try:
        message = json.loads(body)
        if message.get("Event") == "s3:TestEvent":
            return []
        if "Records" in message:
            return list(_from_notification(message))
        return [_from_event_bus(message)]
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise InvalidRequest(
            f"this message announces no object: {error!r}",
            pointer="/body",
            hint="the upload queue takes S3 'Object Created' events only; look at the rule that feeds it",
        ) from error


def _from_event_bus(event: dict[str, Any]) -> Arrival:
    detail = event["detail"]
    item = detail["object"]
    return _arrival(detail["bucket"]["name"], item["key"], item, unquote_plus(item["key"]), event.get("time"))


def _from_notification(message: dict[str, Any]) -> Iterator[Arrival]:
    for record in message["Records"] or ():
        item = record["s3"]["object"]
        yield _arrival(
            record["s3"]["bucket"]["name"], unquote_plus(item["key"]), item, item["key"], record.get("eventTime")
        )


def _arrival(bucket: str, key: str, item: dict[str, Any], other: str, at: str | None) -> Arrival:
    etag = str(item.get("etag") or item.get("eTag") or "").strip('"')
    return Arrival(
        bucket=bucket,
        keys=tuple(dict.fromkeys((key, other))),
        size=int(item.get("size") or 0),
        etag=etag,
        sequencer=str(item.get("sequencer") or ""),
        at=utc(datetime.fromisoformat(at)) if at else None,
    )
