"""The services that keep state, by moto, inside this process: S3, SQS, EventBridge's API, CloudWatch.

moto's backends are global: one local cloud for each process. What moto lacks (delivery of any kind) is told to
`on_object` and done by the rest of this package.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from typing import Any

os.environ.setdefault("MOTO_S3_DEFAULT_KEY_BUFFER_SIZE", str(16 << 20))

from moto.cloudwatch.models import cloudwatch_backends
from moto.events.models import events_backends
from moto.s3 import notifications
from moto.s3.models import s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from moto.sqs.models import sqs_backends

from devcloud.http_server import Environ, StartResponse
from devcloud.identities import ACCOUNT, REGION
from lepton.errors import Misconfigured

_owned = threading.Lock()


class MotoState:
    """Empty when made; `close` empties it again for the next cloud of this process."""

    def __init__(self) -> None:
        if not _owned.acquire(blocking=False):
            raise Misconfigured("one local cloud runs in this process already", hint="close it, or use another process")
        self._application = DomainDispatcherApplication(create_backend_app)
        self._seen = threading.local()
        self._notify = notifications.send_event
        notifications.send_event = self._remember
        self.reset()

    @property
    def s3(self) -> Any:
        return s3_backends[ACCOUNT]["aws"]

    @property
    def sqs(self) -> Any:
        return sqs_backends[ACCOUNT][REGION]

    @property
    def events(self) -> Any:
        return events_backends[ACCOUNT][REGION]

    @property
    def cloudwatch(self) -> Any:
        return cloudwatch_backends[ACCOUNT][REGION]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """moto's own answer."""
        answer: Iterable[bytes] = self._application(environ, start_response)
        return answer

    def written(self) -> list[tuple[str, str, Any]]:
        """What the calling thread's last request created or changed: (moto's event name, bucket, key object)."""
        seen: list[tuple[str, str, Any]] = getattr(self._seen, "writes", [])
        self._seen.writes = []
        return seen

    def reset(self) -> None:
        for service in (self.s3, self.sqs, self.events, self.cloudwatch):
            service.reset()

    def close(self) -> None:
        notifications.send_event = self._notify
        self.reset()
        _owned.release()

    def _remember(self, _: str, event_name: Any, bucket: Any, key: Any) -> None:
        """In place of moto's own notification, which comes before the object's metadata is set."""
        if not hasattr(self._seen, "writes"):
            self._seen.writes = []
        self._seen.writes.append((str(event_name.value), bucket.name, key))
