"""AWS Signature Version 4 for API Gateway, as an `httpx.Auth`: without boto3, by the standard library.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, quote

import httpx

_SERVICE = "execute-api"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Keys of an IAM identity; `token` comes with those that expire."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


def _utc() -> datetime:
    return datetime.now(UTC)


class SigV4(httpx.Auth):
    """Signs each request anew, a repeated one too. `credentials` is asked each time, so they may be renewed."""

    requires_request_body = True

    def __init__(
        self,
        credentials: Credentials | Callable[[], Credentials],
        region: str,
        *,
        now: Callable[[], datetime] = _utc,
    ) -> None:
        self._credentials = credentials
        self._region = region
        self._now = now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        held = self._credentials if isinstance(self._credentials, Credentials) else self._credentials()
        # In one spelling only, so that nobody can read it otherwise than it was signed: a space is %20, never "+".
        query = _query(request.url)
        request.url = request.url.copy_with(query=query.encode() or None)
        stamp = f"{self._now():%Y%m%dT%H%M%SZ}"
        request.headers["X-Amz-Date"] = stamp
        if held.token:
            request.headers["X-Amz-Security-Token"] = held.token
        scope = f"{stamp[:8]}/{self._region}/{_SERVICE}/aws4_request"
        signed, canonical = _canonical(request, query)
        text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{held.secret_key}".encode()
        for part in scope.split("/"):
            key = _hmac(key, part)
        signature = _hmac(key, text).hex()
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={held.access_key}/{scope}, SignedHeaders={signed}, Signature={signature}"
        )
        yield request


def _canonical(request: httpx.Request, query: str) -> tuple[str, str]:
    """The names of the signed headers, and the canonical request."""
    names = [name for name in ("content-type", "host", "x-amz-date", "x-amz-security-token") if name in request.headers]
    headers = "".join(f"{name}:{' '.join(request.headers[name].split())}\n" for name in names)
    path = request.url.raw_path.decode("ascii").partition("?")[0]
    digest = hashlib.sha256(request.content).hexdigest()
    # Every service but S3 signs the path as it is sent, encoded once more.
    told = (request.method, quote(path, safe="/-_.~"), query, headers, ";".join(names), digest)
    return ";".join(names), "\n".join(told)


def _query(url: httpx.URL) -> str:
    """The query, sorted, each name and value quoted as RFC 3986 has it."""
    pairs = parse_qsl(url.query.decode("ascii"), keep_blank_values=True)
    quoted = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
