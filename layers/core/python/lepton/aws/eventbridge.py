"""EventBus on Amazon EventBridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lepton.aws import clients
from lepton.aws.clients import translated
from lepton.errors import Unavailable
from lepton.events import Event

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient


class EventBridgeBus:
    """A named bus. PutEvents takes 10 entries a call and can fail for single ones: those raise."""

    def __init__(self, name: str, client: EventBridgeClient | None = None) -> None:
        self._name = name
        self._events = client or clients.eventbridge()

    def publish(self, *events: Event) -> None:
        for start in range(0, len(events), 10):
            entries = [
                {
                    "EventBusName": self._name,
                    "Source": event.source,
                    "DetailType": event.detail_type,
                    "Detail": event.model_dump_json(),
                }
                for event in events[start : start + 10]
            ]
            with translated(f"publish to bus {self._name}"):
                answer = self._events.put_events(Entries=entries)  # type: ignore[arg-type]
            if answer["FailedEntryCount"]:
                refused = [entry.get("ErrorMessage", "") for entry in answer["Entries"] if "ErrorCode" in entry]
                raise Unavailable(f"bus {self._name} refused {len(refused)} events: {refused[0]}")
