"""The HTTP API as a client sees it: one call a method, retries where they are safe, errors as ours."""

from __future__ import annotations

import ipaddress
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from cli.failures import Refused, Unreachable, kind_of
from lepton.errors import LeptonError, Unavailable

_AGAIN = frozenset({429, 502, 503, 504})
_ATTEMPTS = 5
# Nobody waits longer than this between two tries, whatever Retry-After says, seconds.
_PATIENCE = 30.0
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx: the body (decoded when it is JSON, else bytes), the status and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


class Api:
    """`base` is the API's root, stage included. `pause` sleeps so many seconds. Use as a context manager."""

    def __init__(
        self,
        base: str,
        auth: httpx.Auth | None = None,
        *,
        pause: Callable[[float], None] = time.sleep,
        seconds: float = 40.0,
    ) -> None:
        self.base = base.rstrip("/")
        self._pause = pause
        timeout = httpx.Timeout(seconds, connect=5.0)
        self._http = httpx.Client(
            auth=auth,
            timeout=timeout,
            trust_env=not is_loopback(base),
            headers={"Accept": "application/json, */*;q=0.5"},
        )

    def __enter__(self) -> Api:
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
        media: str = "application/json",
        query: Mapping[str, str | int | None] | None = None,
        repeatable: bool = False,
    ) -> Answer:
        """One call; `body` is sent as it is when bytes, else as JSON. A call that may be repeated (GET, PUT,
        and what the caller says is `repeatable`) is tried again on 429, 502, 503, 504 and broken connections."""
        request = self._request(method, path, body, media, query or {})
        attempts = _ATTEMPTS if repeatable or method in _REPEATABLE else 1
        for attempt in range(1, attempts + 1):
            last = attempt == attempts
            try:
                answer = self._http.send(request)
            except httpx.TransportError as error:
                if last or isinstance(error, httpx.UnsupportedProtocol):
                    raise self._broken(error) from error
                self._pause(0.05 * 2**attempt)
                continue
            if answer.status_code not in _AGAIN or last:
                return _decoded(answer)
            self._pause(wait_before(attempt, answer.headers.get("Retry-After"), datetime.now(UTC)))
        raise Unavailable(f"{method} {path} was not answered")  # pragma: no cover  # the loop returns or raises

    def _request(
        self, method: str, path: str, body: Any, media: str, query: Mapping[str, str | int | None]
    ) -> httpx.Request:
        params = {key: value for key, value in query.items() if value is not None}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        headers = {} if content is None else {"Content-Type": media}
        try:
            return self._http.build_request(
                method, self.base + path, params=params or None, content=content, headers=headers
            )
        except httpx.InvalidURL as error:
            raise Unreachable(f"{self.base!r} is not an address: {error}", pointer="--api") from error

    def _broken(self, error: httpx.TransportError) -> LeptonError:
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            return Unavailable(f"no answer from {self.base} in time", hint="try again")
        return Unreachable(
            f"cannot reach {self.base}: {error}",
            hint="is it running? `make up` starts the local cloud, `lepton doctor` looks closer",
        )


def is_loopback(url: str) -> bool:
    """Whether the URL's host is this machine: nothing is signed for it, and no proxy stands before it."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith((".localhost", ".localhost.localstack.cloud")):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def wait_before(attempt: int, retry_after: str | None, now: datetime) -> float:
    """Seconds before try `attempt` + 1: what Retry-After says (seconds, or an HTTP date), else 0.2 s doubling."""
    if retry_after is None:
        return min(0.2 * 2.0 ** (attempt - 1), _PATIENCE)
    try:
        asked = float(retry_after)
    except ValueError:
        try:
            asked = (parsedate_to_datetime(retry_after) - now).total_seconds()
        except (ValueError, TypeError):
            asked = 1.0
    return min(max(asked, 0.0), _PATIENCE)


def _decoded(answer: httpx.Response) -> Answer:
    """Raises Refused for everything but a 2xx."""
    if answer.is_success:
        body = answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.content
        return Answer(answer.status_code, body, answer.headers)
    raise refusal(answer)


def refusal(answer: httpx.Response) -> Refused:
    """Our error body, or API Gateway's own `{"message"}`, or whatever a proxy in between sent."""
    try:
        body = answer.json()
    except ValueError:
        body = {}
    told = dict(body) if isinstance(body, dict) else {}
    told.setdefault("request_id", answer.headers.get("x-amzn-RequestId"))
    kind = kind_of(answer.status_code, told.get("code"))
    if kind.status in (401, 403) and not told.get("hint"):
        told["hint"] = "the API asks for IAM: are the credentials of this account set, and may they execute-api:Invoke?"
    if kind.retry and not told.get("hint"):
        told["hint"] = "try again in a moment"
    message = told.get("error") or told.get("message") or f"the API answered {answer.status_code}"
    return Refused(str(message), kind=kind, answer=told)
