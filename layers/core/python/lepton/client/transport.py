"""Sending a call: with retries where they are safe, and an error of ours for whatever goes wrong."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Self, TypeVar
from urllib.parse import urlsplit

import httpx

from lepton.client import retrying
from lepton.client.call import JSON, Answer, Call, whole
from lepton.client.failures import Unreachable, refusal
from lepton.errors import LeptonError, Unavailable

SECONDS = 40.0  # more than the 29 that API Gateway waits for a function
_ACCEPT = {"Accept": "application/json, */*;q=0.5"}
Result = TypeVar("Result")


class Transport:
    """`base` is the API's root, stage included. `pause` sleeps so many seconds. Use as a context manager."""

    where = "is it running, and is this its address?"

    def __init__(
        self,
        base: str,
        auth: httpx.Auth | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
        seconds: float = SECONDS,
    ) -> None:
        self.base = base.rstrip("/")
        self._pause = pause
        self._http = httpx.Client(**settings_of(base, auth, seconds))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str | int | None) -> Any:
        """The decoded body. Raises Refused, Unreachable, Unavailable."""
        return self.send("GET", path, query=query).body

    def send(
        self,
        method: str,
        path: str,
        *,
        body: Any = None,
        media: str = JSON,
        query: Mapping[str, str | int | None] | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """One call. What may be repeated (GET, PUT, and what the caller says is `repeatable`) is tried again on
        429, 502, 503, 504 and broken connections. Raises Refused, Unreachable, Unavailable."""
        call = Call(method, path, whole, body, media, query or {}, repeatable=repeatable or None)
        return self._answered(call)

    def make(self, call: Call[Result]) -> Result:
        """The call's result. Raises Refused, Unreachable, Unavailable."""
        return call.read(self._answered(call))

    def _answered(self, call: Call[Any]) -> Answer:
        request = request_of(self._http, self.base, call)
        most = retrying.attempts(call.method, call.repeatable)
        for attempt in range(1, most):
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                if isinstance(error, httpx.UnsupportedProtocol):
                    raise broken(self.base, error, self.where) from error
                self._pause(retrying.wait_after_break(attempt))
                continue
            if answer.status_code not in retrying.AGAIN:
                return decoded(answer)
            self._pause(pause_of(attempt, answer))
        try:
            return decoded(self._http.send(request))
        except httpx.TransportError as error:
            raise broken(self.base, error, self.where) from error


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: nothing is signed for it, and no proxy stands before it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith((".localhost", ".localhost.localstack.cloud")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def decoded(answer: httpx.Response) -> Answer:
    """Raises Refused for everything but a 2xx."""
    is_json = "json" in answer.headers.get("Content-Type", "")
    # What came with the binary tensor extension is a header in JSON and then bytes.
    is_json = is_json and "Inference-Header-Content-Length" not in answer.headers
    if answer.is_success:
        return Answer(answer.status_code, answer.json() if is_json else answer.content, answer.headers)
    try:
        body = answer.json()
    except ValueError:
        body = None
    raise refusal(answer.status_code, body, answer.headers.get("x-amzn-RequestId"))


def broken(base: str, error: httpx.TransportError, where: str) -> LeptonError:
    """No answer: too late, or no connection at all."""
    if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
        return Unavailable(f"no answer from {base} in time", hint="try again")
    return Unreachable(f"cannot reach {base}: {error}", hint=where)


def settings_of(base: str, auth: httpx.Auth | None, seconds: float) -> dict[str, Any]:
    timeout = httpx.Timeout(seconds, connect=5.0)
    return {"auth": auth, "timeout": timeout, "trust_env": not is_loopback(base), "headers": _ACCEPT}


def request_of(http: httpx.Client | httpx.AsyncClient, base: str, call: Call[Any]) -> httpx.Request:
    try:
        return http.build_request(
            call.method, base + call.path, params=call.params(), content=call.content(), headers=call.all_headers()
        )
    except httpx.InvalidURL as error:
        raise Unreachable(f"{base!r} is not an address: {error}", pointer="--api") from error


def pause_of(attempt: int, answer: httpx.Response) -> float:
    return retrying.wait_before(attempt, answer.headers.get("Retry-After"), datetime.now(UTC))
