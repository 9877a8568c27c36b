"""Which kind of file it is, from its first bytes, and its rows. Names lie; what is packed is unpacked on the way."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from lepton.dataset.recognition import write_limited
from lepton.dataset.text import is_text
from lepton.endpoint.jobs.batch import RowSource
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature

# Of a file as it was sent, and of what it unpacks to. Both lie in /tmp for a while, which template.yaml gives 10 GB.
MAX_BYTES = 5_000_000_000
_HEAD = 1 << 16
_TAKEN = "upload CSV with a header, JSON lines or Parquet, each also gzipped, or a zip of images"


@contextmanager
def opened(path: Path, signature: Signature, connection: Any) -> Iterator[RowSource]:
    """The file's rows; a packed file is replaced by what was in it. `connection` is one to DuckDB.

    Raises InvalidRequest, RejectedUpload when it is nothing that the model can read.
    """
    head = _head(path)
    if head.startswith(b"\x1f\x8b"):
        _unpack(path)
        head = _head(path)
    with _rows(head, path, signature, connection) as rows:
        yield rows


def _rows(head: bytes, path: Path, signature: Signature, connection: Any) -> AbstractContextManager[RowSource]:
    if not head.strip():
        raise InvalidRequest("the file is empty", pointer="line 1", hint=_TAKEN)
    if head.startswith(b"PAR1"):
        from lepton.endpoint.jobs.parquet_rows import parquet_rows

        return nullcontext(parquet_rows(connection, path, signature))
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        from lepton.endpoint.jobs.image_rows import image_rows

        return image_rows(path, signature)
    if not is_text(head):
        raise InvalidRequest("the file is neither CSV, JSON lines, Parquet nor a zip", hint=_TAKEN)
    from lepton.endpoint.jobs.text_rows import csv_rows, json_rows, not_an_array

    start = head.lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00")
    not_an_array(start[:1].decode("ascii", "replace"))
    return json_rows(path, signature) if start.startswith(b"{") else csv_rows(path, signature)


def _unpack(path: Path) -> None:
    unpacked = path.with_name(path.name + ".unpacked")
    try:
        with gzip.open(path, "rb") as stream:
            write_limited(stream, unpacked, MAX_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidRequest(f"the gzip file is damaged: {error}", hint="pack and upload it again") from error
    unpacked.replace(path)


def _head(path: Path) -> bytes:
    with path.open("rb") as stream:
        return stream.read(_HEAD)
