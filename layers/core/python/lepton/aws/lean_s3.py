"""ObjectStore on Amazon S3 without boto3, whose import costs more than the rest of a first answer together.

It does what the port promises and nothing else, with credentials from the environment. Errors are those of
`lepton.aws.clients.translated`.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_plus, urlsplit

from lepton.aws.connection import Connections
from lepton.aws.http_wire import Answer, Body, Host
from lepton.aws.kinds import KINDS
from lepton.aws.signature import NOTHING, Credentials, Message, encoded, query_text, signed
from lepton.errors import Conflict, NotFound, Unavailable
from lepton.ports import Blob, Entry

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

_CHUNK = 1 << 20
_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: at for at, name in enumerate(_MONTH_NAMES, 1)}


class Access(NamedTuple):
    """How to reach S3. `endpoint` empty: AWS's own in the region; `virtual`: the bucket is part of the host's name."""

    credentials: Credentials
    region: str
    endpoint: str = ""
    virtual: bool = False
    ca_bundle: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Access | None:
        """As Lambda gives it; None where the credentials are somewhere else, which boto3 knows to find."""
        key, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
        region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
        if not (key and secret and region) or environment.get("AWS_PROFILE"):
            return None
        credentials = Credentials(key, secret, environment.get("AWS_SESSION_TOKEN") or None)
        endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL") or ""
        return cls(credentials, region, endpoint, ca_bundle=environment.get("AWS_CA_BUNDLE") or None)


class LeanS3:
    """One bucket. Keys are used as they are; `clock` gives seconds since 1970."""

    def __init__(
        self,
        bucket: str,
        access: Access,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.bucket = bucket
        self._access = access
        self._clock = clock
        self.host, self.root, host = _place(bucket, access)
        self._connections = Connections(host, sleep)

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        condition = {"if-none-match": unless_etag} if unless_etag else {}
        with self._asked("read", "GET", key, headers=condition) as answer:
            if answer.status == 304:
                return None
            return Blob(answer.read(), answer.headers["etag"], _moment(answer.headers["last-modified"]))

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        content_type: str = "application/octet-stream",
        if_absent: bool = False,
        if_etag: str | None = None,
    ) -> str:
        headers = {"content-type": content_type} | ({"if-none-match": "*"} if if_absent else {})
        if if_etag is not None:
            headers["if-match"] = if_etag
        try:
            with self._asked("write", "PUT", key, headers=headers, body=body) as answer:
                return answer.headers["etag"]
        except NotFound as error:
            if if_etag is None:
                raise
            raise Conflict(f"object {key!r} is gone, not at {if_etag}") from error

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        query = {"list-type": "2", "prefix": prefix, "encoding-type": "url"}
        query |= {"start-after": after} if after else {}
        while True:
            page = self._page(prefix, query)
            for item in page.findall("{*}Contents"):
                name, etag, size, at = (
                    item.findtext("{*}" + tag, "") for tag in ("Key", "ETag", "Size", "LastModified")
                )
                yield Entry(unquote_plus(name), etag, int(size), datetime.fromisoformat(at).astimezone(UTC))
            token = page.findtext("{*}NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def fetch(self, key: str, to: Path) -> Entry:
        temporary = to.with_name(f".{to.name}.{os.getpid()}.part")
        try:
            with self._asked("read", "GET", key) as answer, temporary.open("wb") as out:
                while chunk := answer.read(_CHUNK):
                    out.write(chunk)
                size = out.tell()
                etag, at = answer.headers["etag"], _moment(answer.headers["last-modified"])
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        temporary.replace(to)
        return Entry(key, etag, size, at)

    def _page(self, prefix: str, query: Mapping[str, str]) -> Element:
        from xml.etree.ElementTree import fromstring

        with self._asked("list", "GET", prefix, query=query) as answer:
            return fromstring(answer.read())  # noqa: S314  # what S3 itself says

    @contextmanager
    def _asked(
        self,
        verb: str,
        method: str,
        key: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Path = b"",
    ) -> Iterator[Answer]:
        """S3's answer when it is one; else one of our errors, told as `verb s3://bucket/key`."""
        what = f"{verb} s3://{self.bucket}/{key}"
        path = (self.root or "/") if query else f"{self.root}/{encoded(key, '/')}"
        given, digest, length = _given(body)
        told = {"host": self.host, **(headers or {})} | ({"content-length": str(length)} if method == "PUT" else {})
        message = Message(method, path, query or {}, told, digest)
        target = f"{path}?{query_text(query)}" if query else path
        try:
            with self._connections.asked(method, target, lambda: self._signed(message), given) as answer:
                if answer.status not in (200, 304):
                    raise _failure(what, answer)
                yield answer
        except Unavailable as error:
            if error.message.startswith(what):
                raise
            raise Unavailable(f"{what}: {error.message}") from error

    def _signed(self, message: Message) -> dict[str, str]:
        return signed(message, self._access.credentials, self._access.region, self._clock())


def _place(bucket: str, access: Access) -> tuple[str, str, Host]:
    """The Host header, what every path begins with, and where to connect to."""
    suffix = "amazonaws.com.cn" if access.region.startswith("cn-") else "amazonaws.com"
    url = urlsplit(access.endpoint or f"https://s3.{access.region}.{suffix}")
    secure, name = url.scheme == "https", url.hostname or ""
    port = url.port or (443 if secure else 80)
    root = url.path.rstrip("/")
    if access.virtual:
        name = f"{bucket}.{name}"
    else:
        root = f"{root}/{bucket}"
    shown = name if port == (443 if secure else 80) else f"{name}:{port}"
    return shown, root, Host(name, port, secure, access.ca_bundle)


def _given(body: bytes | Path) -> tuple[Body, str, int]:
    """The body as it is sent, its SHA-256 and its length; a file is read twice, and never held."""
    if isinstance(body, bytes):
        return body, hashlib.sha256(body).hexdigest() if body else NOTHING, len(body)
    digest, length = hashlib.sha256(), 0
    for chunk in _chunks(body):
        digest.update(chunk)
        length += len(chunk)
    return lambda: _chunks(body), digest.hexdigest(), length


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _failure(what: str, answer: Answer) -> Exception:
    from xml.etree.ElementTree import ParseError, fromstring

    try:
        told = fromstring(answer.read())  # noqa: S314  # what S3 itself says
        code, message = told.findtext("{*}Code", ""), told.findtext("{*}Message", "")
    except ParseError:
        code = message = ""
    code = code or str(answer.status)
    return KINDS.get(code, Unavailable)(f"{what}: {message or code}")


def _moment(text: str) -> datetime:
    """An HTTP date: `Wed, 21 Oct 2015 07:28:00 GMT`."""
    _, day, month, year, clock, _ = text.split()
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return datetime(int(year), _MONTHS[month], int(day), hours, minutes, seconds, tzinfo=UTC)
