"""AWS Signature Version 4 of a request to S3, in headers."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import NamedTuple

NOTHING = hashlib.sha256(b"").hexdigest()
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


class Credentials(NamedTuple):
    """As AWS gives them out; `token` with temporary ones."""

    access_key: str
    secret_key: str
    token: str | None = None


class Message(NamedTuple):
    """A request to be signed. `path` is encoded already, `query` is not; header names in lower case, with `host`."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    payload: str = NOTHING  # SHA-256 of the body, in hexadecimal


def encoded(text: str, keep: str = "") -> str:
    """As RFC 3986 has it, the only form that S3 counts as the same: everything but unreserved characters."""
    safe = _UNRESERVED | frozenset(keep.encode())
    raw = text.encode()
    if safe.issuperset(raw):
        return text
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in raw)


def query_text(query: Mapping[str, str]) -> str:
    """Parameters in the order in which they are signed."""
    return "&".join(f"{name}={value}" for name, value in sorted((encoded(n), encoded(v)) for n, v in query.items()))


def signed(message: Message, credentials: Credentials, region: str, seconds: float) -> dict[str, str]:
    """The message's headers and what signs them. `seconds` since 1970 is the time it is signed at."""
    at = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(seconds))
    headers = {**message.headers, "x-amz-content-sha256": message.payload, "x-amz-date": at}
    if credentials.token:
        headers["x-amz-security-token"] = credentials.token
    names = sorted(headers)
    told = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in names)
    canonical = "\n".join(
        (message.method, message.path, query_text(message.query), told, ";".join(names), message.payload)
    )
    scope = f"{at[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = _mac(_key(credentials.secret_key, at[:8], region), text).hex()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, "
        f"SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    return headers


def _key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
