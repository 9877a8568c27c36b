"""The queues: moto's, reached without HTTP, with what is unfinished kept in a file for each."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from devcloud.identities import REGION

_ATTRIBUTES = (
    "DelaySeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "VisibilityTimeout",
    "ReceiveMessageWaitTimeSeconds",
    "FifoQueue",
    "ContentBasedDeduplication",
)
_KEPT = (
    "id",
    "body",
    "message_attributes",
    "sent_timestamp",
    "approximate_first_receive_timestamp",
    "approximate_receive_count",
)


class Queues:
    """Send, receive and delete by queue ARN. `folder`: where unfinished messages are kept; None keeps none."""

    def __init__(self, backend: Any, folder: Path | None) -> None:
        self._backend = backend
        self._folder = folder
        self.lock = threading.RLock()  # moto's own lists are not safe: whoever changes a queue holds this

    def create(self, queues: Mapping[str, Mapping[str, Any]]) -> None:
        """Make the queues (name -> template properties), with what was left in them."""
        for name, properties in queues.items():
            attributes = {key: _attribute(properties[key]) for key in _ATTRIBUTES if key in properties}
            self._backend.create_queue(name, **attributes)
        for name, properties in queues.items():
            policy = properties.get("RedrivePolicy")
            if policy:
                policy = dict(policy) | {"maxReceiveCount": int(policy["maxReceiveCount"])}
                self._backend.set_queue_attributes(name, {"RedrivePolicy": json.dumps(policy)})
            self._restore(name)

    def has(self, arn: str) -> bool:
        return arn.startswith("arn:aws:sqs:") and _name(arn) in self._backend.queues

    def send(self, arn: str, body: str, attributes: Mapping[str, str] | None = None) -> None:
        typed = {key: {"data_type": "String", "string_value": value} for key, value in (attributes or {}).items()}
        with self.lock:
            self._backend.send_message(_name(arn), body, message_attributes=typed)
            self.keep(_name(arn))

    def receive(self, arn: str, count: int) -> list[Any]:
        """Up to `count` visible messages, now invisible for the queue's visibility timeout; those that were
        received too often go to the dead-letter queue instead."""
        name = _name(arn)
        with self.lock:
            queue = self._backend.get_queue(name)
            before = len(queue._messages)
            messages: list[Any] = self._backend.receive_message(name, count, 0, queue.visibility_timeout)
            if messages or len(queue._messages) != before:
                self.keep(name)
            if len(queue._messages) != before and queue.dead_letter_queue is not None:
                self.keep(queue.dead_letter_queue.name)
        return messages

    def wait(self, arn: str, seconds: float) -> None:
        """Until a message is visible, `seconds` at most."""
        self._backend.get_queue(_name(arn)).wait_for_messages(seconds)

    def delete(self, arn: str, receipt: str) -> None:
        with self.lock:
            self._backend.delete_message(_name(arn), receipt)
            self.keep(_name(arn))

    def release(self, arn: str, receipt: str, seconds: int) -> None:
        """Make a received message visible again in `seconds`."""
        with self.lock:
            self._backend.change_message_visibility(_name(arn), receipt, seconds)

    def visibility(self, arn: str) -> int:
        return int(self._backend.get_queue(_name(arn)).visibility_timeout)

    def depth(self, arn: str) -> int:
        """Messages not yet deleted, visible or not."""
        return len(self._backend.get_queue(_name(arn))._messages)

    def keep_all(self) -> None:
        for name in list(self._backend.queues):
            self.keep(name)

    def keep(self, name: str) -> None:
        """Write what is unfinished in the queue, so that a kill loses nothing."""
        if self._folder is None or name not in self._backend.queues:
            return
        with self.lock:
            messages = list(self._backend.get_queue(name)._messages)
            rows = [{field: getattr(message, field) for field in _KEPT} for message in messages]
            self._folder.mkdir(parents=True, exist_ok=True)
            unfinished = self._folder / f".{name}.part"
            unfinished.write_text(json.dumps(rows, default=str))
            unfinished.replace(self._folder / f"{name}.json")

    def _restore(self, name: str) -> None:
        kept = self._folder / f"{name}.json" if self._folder is not None else None
        if kept is None or not kept.is_file():
            return
        for row in json.loads(kept.read_text()):
            message = self._backend.send_message(name, row["body"])
            for field in _KEPT:
                setattr(message, field, row[field])


def record(message: Any, arn: str) -> dict[str, Any]:
    """A message as Lambda hands it to a function."""
    return {
        "messageId": message.id,
        "receiptHandle": message.receipt_handle,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": str(message.approximate_receive_count),
            "SentTimestamp": str(message.sent_timestamp),
            "SenderId": str(message.sender_id),
            "ApproximateFirstReceiveTimestamp": str(message.approximate_first_receive_timestamp),
        },
        "messageAttributes": {
            key: {
                "stringValue": value.get("string_value"),
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": value.get("data_type"),
            }
            for key, value in message.message_attributes.items()
        },
        "md5OfBody": message.body_md5,
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": REGION,
    }


def _name(arn: str) -> str:
    return arn.rsplit(":", 1)[-1]


def _attribute(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else int(value)
