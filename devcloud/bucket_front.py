"""In front of moto's S3: what S3 does and moto does not. Policies of presigned forms, expiry of presigned URLs,
whole writes one after the other, the journal, and the events.
"""

from __future__ import annotations

import io
import re
import threading
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from werkzeug.formparser import parse_form_data

from devcloud import s3_events
from devcloud.http_server import Environ, StartResponse
from devcloud.moto_state import MotoState
from devcloud.post_policy import Refusal, refusal
from devcloud.state_journal import StateJournal

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
Answer = Iterable[bytes]


class BucketFront:
    """A WSGI application. `publish(event)` is called for changes in the buckets named in `announced`."""

    def __init__(
        self,
        moto: MotoState,
        journal: StateJournal | None,
        *,
        announced: set[str],
        publish: Callable[[s3_events.Event], None],
    ) -> None:
        self._moto = moto
        self._journal = journal
        self._announced = announced
        self._publish = publish
        # moto is plain dicts and lists: one request at a time keeps conditional writes atomic and listings whole.
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Answer:
        query = parse_qs(environ["QUERY_STRING"], keep_blank_values=True)
        bucket, key = _place(environ["PATH_INFO"])
        wrong = self._refused(environ, bucket, key, query)
        if wrong is not None:
            return _error(wrong, environ["PATH_INFO"], start_response)
        status: list[str] = []

        def noted(line: str, headers: Any, _: Any = None) -> None:
            status[:] = [line]
            start_response(line, headers)

        kind = _hidden_form(environ)
        with self._lock:
            before = self._versions(bucket, _deleted_keys(environ, key, query))
            self._moto.written()
            body = b"".join(self._moto(environ, noted))
            writes = self._moto.written()
            if kind and writes:
                writes[-1][2].set_metadata({"Content-Type": kind})
            done = status[0].startswith("2") or status[0].startswith("3")
            events = self._followed(bucket, writes, before, query) if done else []
        for event in events:
            self._publish(event)
        return [body]

    def _refused(self, environ: Environ, bucket: str, key: str, query: dict[str, list[str]]) -> Refusal | None:
        now = datetime.now(UTC)
        if "X-Amz-Expires" in query and "X-Amz-Date" in query:
            signed = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if now > signed + timedelta(seconds=int(query["X-Amz-Expires"][0])):
                return Refusal(403, "AccessDenied", "Request has expired")
        is_form = environ.get("CONTENT_TYPE", "").startswith("multipart/form-data")
        if environ["REQUEST_METHOD"] != "POST" or key or not is_form:
            return None
        form, files = _form(environ)
        if "key" not in form:
            return Refusal(400, "InvalidArgument", "Bucket POST must contain a field named 'key'.")
        if files != 1:
            return Refusal(400, "InvalidArgument", "POST requires exactly one file upload per request.")
        return refusal(bucket, form, _file_size(environ), now)

    def _versions(self, bucket: str, keys: list[str]) -> dict[str, Any]:
        held = self._moto.s3.buckets.get(bucket)
        return {key: held.keys.get(key) for key in keys} if held is not None else {}

    def _followed(
        self, bucket: str, writes: list[tuple[str, str, Any]], before: dict[str, Any], query: dict[str, list[str]]
    ) -> list[s3_events.Event]:
        """Writes the changes down and returns the events that tell of them."""
        # moto tells of a completed multipart upload and of a copy as of a PUT first: the last word counts.
        made = list({write[1:]: write for write in writes if write[0].startswith("s3:ObjectCreated:")}.values())
        if self._journal is not None:
            for place in dict.fromkeys([(name, key.name) for _, name, key in made] + [(bucket, key) for key in before]):
                self._journal.record(self._moto.s3, *place)
        events = [s3_events.created(event, name, key) for event, name, key in made if name in self._announced]
        if bucket in self._announced:
            events += [self._deletion(bucket, key, old, query) for key, old in before.items()]
        return [event for event in events if event is not None]

    def _deletion(self, bucket: str, key: str, old: Any, query: dict[str, list[str]]) -> s3_events.Event | None:
        now = self._moto.s3.buckets[bucket].keys.get(key)
        if now is old and "versionId" not in query:
            return None
        version = query.get("versionId", [getattr(now, "version_id", None)])[0]
        return s3_events.deleted(bucket, key, version=version, marker=now is not None and "versionId" not in query)


def _place(path: str) -> tuple[str, str]:
    text = path.encode("latin-1").decode("utf-8", errors="replace")
    bucket, _, key = text.lstrip("/").partition("/")
    return bucket, key


def _hidden_form(environ: Environ) -> str | None:
    """moto reads a PUT with a form's content type as a form, and stores nothing: the type is put on afterwards."""
    kind = str(environ.get("CONTENT_TYPE", ""))
    if environ["REQUEST_METHOD"] == "PUT" and kind.startswith(_FORMS):
        environ["CONTENT_TYPE"] = "binary/octet-stream"
        return kind
    return None


def _deleted_keys(environ: Environ, key: str, query: dict[str, list[str]]) -> list[str]:
    """The keys that this request means to delete."""
    if environ["REQUEST_METHOD"] == "DELETE" and key and not {"uploadId", "tagging"} & query.keys():
        return [key]
    if environ["REQUEST_METHOD"] == "POST" and "delete" in query:
        body = re.sub(rb' xmlns="[^"]*"', b"", environ["devcloud.body"], count=1)
        try:
            return [str(node.text) for node in ElementTree.fromstring(body).iterfind("Object/Key")]  # noqa: S314
        except ElementTree.ParseError:
            return []
    return []


def _form(environ: Environ) -> tuple[dict[str, str], int]:
    copied = dict(environ) | {"wsgi.input": io.BytesIO(environ["devcloud.body"])}
    _, form, files = parse_form_data(copied)
    environ["devcloud.size"] = sum(_size(one.stream) for one in files.values())
    for one in files.values():
        one.close()
    return dict(form.items()), len(files)


def _size(stream: Any) -> int:
    return int(stream.seek(0, 2))


def _file_size(environ: Environ) -> int:
    return int(environ["devcloud.size"])


def _error(wrong: Refusal, resource: str, start_response: StartResponse) -> Answer:
    more = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in (wrong.more or {}).items())
    request = uuid.uuid4().hex[:16].upper()
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{wrong.code}</Code>'
        f"<Message>{escape(wrong.message)}</Message>{more}<Resource>{escape(resource)}</Resource><RequestId>{request}</RequestId></Error>"
    )
    start_response(f"{wrong.status} Refused", [("Content-Type", "application/xml"), ("x-amz-request-id", request)])
    return [text.encode()]
