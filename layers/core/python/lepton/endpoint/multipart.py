"""multipart/form-data, as a browser sends a form: bounded, and only what a prediction needs of it.

One part is the file (an image, CSV, JSON, JSON lines or .npy); the others are short fields. No part is decoded, none
is kept beyond its bytes in the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from lepton.errors import InvalidRequest

PARTS = 16
HEAD = 4_000  # bytes of a part's header lines
FIELD = 1_000  # bytes of a field's value
_BOUNDARY = re.compile(r'boundary=(?:"([^"\r\n]{1,70})"|([^\s;,"]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_SUFFIXES = {
    **{"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "webp": "image/webp"},
    **{"csv": "text/csv", "json": "application/json", "jsonl": "application/jsonlines", "npy": "application/x-npy"},
}
_UNSAID = frozenset({"", "application/octet-stream", "application/vnd.ms-excel"})  # what browsers say of many a CSV


@dataclass(frozen=True, slots=True)
class Form:
    """`content_type` of the file as its part says it, or as its name ends."""

    file: bytes
    content_type: str
    fields: dict[str, str]


def parsed(body: bytes, content_type: str) -> Form:
    """The form of a body. Raises InvalidRequest when it is none, or has not exactly one file."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise InvalidRequest("the content type names no boundary", pointer="", hint="let the browser set it")
    parts = _parts(body, b"--" + (found[1] or found[2]).encode("latin-1", "replace"))
    files: list[tuple[bytes, str]] = []
    fields: dict[str, str] = {}
    for head, data in parts:
        name, filename, media = _described(head)
        if filename is not None or media.partition(";")[0].strip() not in ("", "text/plain"):
            files.append((data, _media(media, filename or "")))
        elif name in fields or len(data) > FIELD:
            raise InvalidRequest(
                f"field {name[:80]!r} is given twice or is over {FIELD} bytes", pointer=f"/{name[:80]}"
            )
        else:
            fields[name] = data.decode("utf-8", "replace")
    if len(files) != 1:
        raise InvalidRequest(f"the form has {len(files)} files, one is needed", pointer="")
    return Form(files[0][0], files[0][1], fields)


def _parts(body: bytes, mark: bytes) -> list[tuple[bytes, bytes]]:
    """(header lines, data) of each part."""
    pieces = (b"\r\n" + body).split(b"\r\n" + mark, PARTS + 2)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        many = len(pieces) > PARTS + 1
        what = f"the form has over {PARTS} parts" if many else "the form is cut off, or is not what its header says"
        raise InvalidRequest(what, pointer="")
    found = []
    for piece in pieces[1:-1]:
        head, gap, data = piece.lstrip(b" \t").partition(b"\r\n\r\n")
        if not gap or len(head) > HEAD:
            raise InvalidRequest("a part of the form has no header lines that can be read", pointer="")
        found.append((head, data))
    return found


def _described(head: bytes) -> tuple[str, str | None, str]:
    """Name, file name and media type that a part's header lines give it."""
    name, filename, media = "", None, ""
    for line in head.decode("utf-8", "replace").split("\r\n"):
        key, _, value = line.partition(":")
        if key.strip().lower() == "content-disposition":
            said = {kind.lower(): text for kind, text in _PARAMETER.findall(value)}
            name, filename = said.get("name", ""), said.get("filename")
        elif key.strip().lower() == "content-type":
            media = value.strip()
    return name, filename, media


def _media(said: str, filename: str) -> str:
    if said.partition(";")[0].strip().lower() not in _UNSAID:
        return said
    return _SUFFIXES.get(filename.rpartition(".")[2].lower(), said or "application/octet-stream")
