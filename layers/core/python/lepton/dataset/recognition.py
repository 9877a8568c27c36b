"""What a file is, from its first bytes: names lie. Packed files are unpacked on the way, within limits."""

from __future__ import annotations

import gzip
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

from lepton.dataset.limits import Limits
from lepton.dataset.text import is_text
from lepton.errors import RejectedUpload

Form = Literal["delimited", "json_lines", "parquet", "zip"]

_HEAD = 1 << 16
_BLOCK = 1 << 20
TAKEN = "upload a table (CSV, TSV, JSON lines, Parquet, also gzipped) or a zip of images with a folder for each class"
# What people do send, by its first bytes: told by name, with what to do instead.
_KNOWN = (
    (b"%PDF", "a PDF document", TAKEN),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file", "save the sheet as CSV and upload that"),
    (b"\x89PNG", "a single PNG image", "put the images into a zip with a folder for each class"),
    (b"\xff\xd8\xff", "a single JPEG image", "put the images into a zip with a folder for each class"),
    (b"GIF8", "a single GIF image", "put PNG or JPEG images into a zip with a folder for each class"),
    (b"BZh", "a bzip2 file", "unpack it, or pack it with gzip"),
    (b"\xfd7zXZ", "an xz file", "unpack it, or pack it with gzip"),
    (b"\x28\xb5\x2f\xfd", "a zstandard file", "unpack it, or pack it with gzip"),
    (b"7z\xbc\xaf", "a 7z archive", "pack the files as zip"),
    (b"Rar!", "a RAR archive", "pack the files as zip"),
    (b"SQLite format 3", "an SQLite database", "export the table as CSV"),
    (b"ARROW1", "an Arrow file", "write it as Parquet"),
    (b"\x93NUMPY", "a NumPy array", TAKEN),
    (b"\x7fELF", "a program", TAKEN),
)


@dataclass(frozen=True, slots=True)
class Recognised:
    """A file on disk, unpacked, and its form."""

    path: Path
    form: Form


def recognised(path: Path, workspace: Path, limits: Limits) -> Recognised:
    """Raises RejectedUpload when it is nothing that can become a dataset."""
    head = _head(path)
    if head.startswith(b"\x1f\x8b"):
        path = _gunzipped(path, workspace / "unpacked", limits)
        head = _head(path)
    return Recognised(path, _form(head))


def write_limited(source: IO[bytes] | gzip.GzipFile, to: Path, limit: int) -> Path:
    """Copy a stream into a file. Raises RejectedUpload beyond `limit` bytes."""
    written = 0
    with to.open("wb") as out:
        while block := source.read(_BLOCK):
            written += len(block)
            if written > limit:
                raise RejectedUpload(
                    f"it unpacks to more than {limit / 1e6:,.0f} MB",
                    reason="too_large",
                    hint="split it into several uploads",
                )
            out.write(block)
    return to


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)


def _gunzipped(path: Path, to: Path, limits: Limits) -> Path:
    try:
        with gzip.open(path, "rb") as stream:
            return write_limited(stream, to, limits.unpacked)
    except (EOFError, zlib.error, OSError) as error:
        raise RejectedUpload(
            f"the gzip file is damaged: {error}", reason="damaged_archive", hint="pack and upload it again"
        ) from error


def _form(head: bytes) -> Form:
    if not head.strip(b" \t\r\n\x00\xef\xbb\xbf\xff\xfe"):
        raise RejectedUpload("the file is empty", reason="empty_file", hint=TAKEN)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(b"PAR1"):
        return "parquet"
    for magic, what, hint in _KNOWN:
        if head.startswith(magic):
            raise RejectedUpload(f"the file is {what}", reason="unsupported_format", hint=hint)
    if head[257:262] == b"ustar":
        raise RejectedUpload("the file is a tar archive", reason="unsupported_format", hint="pack the files as zip")
    if not is_text(head):
        raise RejectedUpload(
            "the file is neither text nor in a format known here", reason="unsupported_format", hint=TAKEN
        )
    return _text_form(head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"))


def _text_form(start: bytes) -> Form:
    if start.startswith(b"{"):
        return "json_lines"
    if start.startswith((b"[{", b"[\n", b"[\r\n", b"[ ")):
        raise RejectedUpload(
            "the file is one JSON array", reason="json_array", hint="write one object a line, as `jq -c '.[]'` does"
        )
    if start[:200].lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise RejectedUpload("the file is a web page or XML", reason="unsupported_format", hint=TAKEN)
    return "delimited"
