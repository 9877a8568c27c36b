"""Sending a file by a presigned form: streamed, never held in memory, and sent again where that is safe."""

from __future__ import annotations

import io
import mimetypes
import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from lepton.client.failures import NotPermitted, Unreachable
from lepton.client.retrying import wait_before
from lepton.client.transport import is_loopback
from lepton.errors import InvalidRequest, LeptonError, NotFound, RejectedUpload, TooLarge, Unavailable

_ATTEMPTS = 4
_AGAIN = frozenset({429, 500, 503})
_TIMEOUT = httpx.Timeout(60.0, connect=5.0)
_MEDIA = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet", ".zip": "application/zip"}


def checked_file(path: Path) -> Path:
    """The path itself, when it is a file with something in it. Raises NotFound, InvalidRequest, RejectedUpload."""
    if not path.exists():
        raise NotFound("no such file", pointer=str(path))
    if path.is_dir():
        raise InvalidRequest("this is a folder", pointer=str(path), hint="zip it, with one folder for each class")
    if path.stat().st_size == 0:
        raise RejectedUpload("the file is empty", reason="empty", pointer=str(path), hint="send one with rows in it")
    return path


def _unwatched(_: int) -> None:
    """Nobody looks."""


def send(
    form: Mapping[str, Any],
    path: Path,
    moved: Callable[[int], None] = _unwatched,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Stream the file to `form["url"]` with `form["fields"]`; `moved` gets how far it is, in bytes.

    The key is minted for this one upload: sending again is safe. Raises TooLarge, NotPermitted, Unreachable.
    """
    size, bound = path.stat().st_size, int(form["max_bytes"])
    if size > bound:
        raise _too_large(path, size, bound)
    for attempt in range(1, _ATTEMPTS + 1):
        answer = _post(form, path, moved, last=attempt == _ATTEMPTS)
        if answer is not None and answer.is_success:
            return
        if answer is not None and (answer.status_code not in _AGAIN or attempt == _ATTEMPTS):
            raise _refusal(answer, path, bound)
        asked = answer.headers.get("Retry-After") if answer is not None else None
        pause(wait_before(attempt, asked, datetime.now(UTC)))


class _Watched(io.BufferedReader):
    """A file that tells how far it was read."""

    def __init__(self, path: Path, moved: Callable[[int], None]) -> None:
        super().__init__(io.FileIO(path))
        self._moved = moved

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._moved(self.tell())
        return data


def _post(form: Mapping[str, Any], path: Path, moved: Callable[[int], None], *, last: bool) -> httpx.Response | None:
    """The store's answer; None when the connection broke and there is another try."""
    media = _MEDIA.get(path.suffix.lower()) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    try:
        with _Watched(path, moved) as stream:
            return httpx.post(
                form["url"],
                data=form["fields"],
                files={"file": (path.name, stream, media)},
                timeout=_TIMEOUT,
                trust_env=not is_loopback(form["url"]),
            )
    except httpx.TransportError as error:
        if not last:
            return None
        raise Unreachable(f"the upload to {form['url']} broke off: {error}", hint="push it again") from error


def _refusal(answer: httpx.Response, path: Path, bound: int) -> LeptonError:
    """S3's error, told in XML, as one of ours."""
    told = dict(re.findall(r"<(Code|Message)>([^<]*)</", answer.text))
    message = told.get("Message") or f"the store answered {answer.status_code}"
    if told.get("Code") == "EntityTooLarge":
        return _too_large(path, path.stat().st_size, bound)
    if answer.status_code in (401, 403):
        return NotPermitted(f"the store refused the upload: {message}", hint="push it again: a form is short-lived")
    kind = Unavailable if answer.status_code >= 500 else InvalidRequest
    return kind(f"the store refused the upload: {message}", pointer=str(path))


def _too_large(path: Path, size: int, bound: int) -> TooLarge:
    return TooLarge(
        f"the file is {size / 1e6:,.1f} MB, an upload may be {bound / 1e6:,.1f} MB",
        pointer=str(path),
        hint="split it, or raise UploadMaxBytes of the stack",
    )
