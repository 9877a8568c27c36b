"""The AWS endpoint: one port for every service, told apart by the credential scope, as a signed request names it."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

from devcloud.buses import Buses
from devcloud.http_server import Application, Environ, StartResponse
from devcloud.identities import ACCOUNT
from devcloud.moto_state import MotoState
from devcloud.queues import Queues
from devcloud.s3_events import envelope

_UNFINISHED_CHANGES = ("SendMessage", "DeleteMessage", "PurgeQueue", "ReceiveMessage")
Interceptor = Callable[[str, Environ], None]


class Front:
    """A WSGI application: S3, Batch and Lambda go to ours, the rest to moto; PutEvents to moto and then to the buses.

    `intercept(service, environ)` is called before each request: a test may delay it there, or raise.
    """

    def __init__(
        self,
        moto: MotoState,
        *,
        services: dict[str, Application],
        buses: Buses,
        queues: Queues,
        intercept: Interceptor | None = None,
    ) -> None:
        self._moto = moto
        self._services = services
        self._buses = buses
        self._queues = queues
        self._intercept = intercept
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        service = service_of(environ)
        if self._intercept is not None:
            self._intercept(service, environ)
        ours = self._services.get(service)
        if ours is not None:
            return ours(environ, start_response)
        if service == "sqs":  # a long poll must not hold the others up
            return self._queue_call(environ, start_response)
        with self._lock:
            body = b"".join(self._moto(environ, start_response))
        if environ.get("HTTP_X_AMZ_TARGET") == "AWSEvents.PutEvents":
            self._route(json.loads(environ["devcloud.body"]), json.loads(body))
        return [body]

    def _queue_call(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        action = str(environ.get("HTTP_X_AMZ_TARGET", "")).rpartition(".")[2]
        with contextlib.nullcontext() if action == "ReceiveMessage" else self._queues.lock:
            body = b"".join(self._moto(environ, start_response))
        if action.startswith(_UNFINISHED_CHANGES):
            try:
                url = json.loads(environ["devcloud.body"]).get("QueueUrl", "")
            except ValueError:
                return [body]
            self._queues.keep(str(url).rsplit("/", 1)[-1])
        return [body]

    def _route(self, request: dict[str, Any], answer: dict[str, Any]) -> None:
        for entry, result in zip(request.get("Entries", []), answer.get("Entries", []), strict=False):
            if "EventId" in result:
                event = envelope(
                    entry["DetailType"], entry["Source"], list(entry.get("Resources", [])), json.loads(entry["Detail"])
                )
                self._buses.put(entry.get("EventBusName", "default"), event | {"id": result["EventId"]})


def service_of(environ: Environ) -> str:
    """The service that a request is signed for; what is not signed is S3's (forms, presigned and public URLs)."""
    authorization = str(environ.get("HTTP_AUTHORIZATION", ""))
    if "Credential=" in authorization:
        scope = authorization.split("Credential=", 1)[1].split(",", 1)[0]
    else:
        scope = parse_qs(environ["QUERY_STRING"]).get("X-Amz-Credential", [""])[0]
    parts = scope.split("/")
    if len(parts) == 5:
        return parts[3]
    return "sqs" if environ["PATH_INFO"].startswith(f"/{ACCOUNT}/") else "s3"


def json_answer(start_response: StartResponse, status: int, value: Any, **headers: str) -> Iterable[bytes]:
    """An answer as AWS's JSON services give it."""
    named = [(name.replace("_", "-"), text) for name, text in headers.items()]
    start_response(f"{status} .", [("Content-Type", "application/json"), *named])
    return [json.dumps(value, default=str).encode()]
