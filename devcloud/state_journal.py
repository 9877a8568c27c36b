"""S3 on disk: every object's current version, written as it happens, so that neither Ctrl-C nor kill -9 loses one.

    s3/journal.jsonl   one line for each change: {"bucket", "key", "blob", "etag", "size", "modified", "version",
                       "headers"}, `blob` null when the object is gone; a key's last line counts, a torn one does not
    s3/blobs/…         the bytes, a file for each object

What survives a restart: the current version of each object with its etag, content type, user metadata, version id and
time of writing. What does not: older versions, unfinished multipart uploads, tags and ACLs.
"""

from __future__ import annotations

import json
import shutil
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from moto.s3.models import FakeKey

from devcloud.identities import ACCOUNT, REGION
from lepton.errors import Misconfigured

Row = dict[str, Any]


class StateJournal:
    """The journal of one state directory. `record` before an answer goes out makes the answer true."""

    def __init__(self, folder: Path) -> None:
        self._blobs = folder / "blobs"
        self._blobs.mkdir(parents=True, exist_ok=True)
        self._file = folder / "journal.jsonl"
        self._lock = threading.Lock()
        self._rows = {(row["bucket"], row["key"]): row for row in _rows(self._file)}
        self._rows = {place: row for place, row in self._rows.items() if row["blob"]}
        self._compact()
        self._journal = self._file.open("a", encoding="utf-8")

    def restore(self, backend: Any) -> int:
        """Put the objects back into moto's buckets; those of buckets that the template no longer has stay on disk."""
        restored = 0
        for row in list(self._rows.values()):
            if row["bucket"] in backend.buckets:
                backend.buckets[row["bucket"]].keys.setlist(row["key"], [self._key(row)])
                restored += 1
        return restored

    def record(self, backend: Any, bucket: str, key: str) -> None:
        """Write down what the key is now: an object, or nothing."""
        current = backend.buckets[bucket].keys.get(key) if bucket in backend.buckets else None
        with self._lock:
            before = self._rows.get((bucket, key))
            if isinstance(current, FakeKey):
                row = self._written(bucket, current)
                self._rows[bucket, key] = row
            elif before is not None:
                row = {"bucket": bucket, "key": key, "blob": None}
                del self._rows[bucket, key]
            else:
                return
            self._journal.write(json.dumps(row) + "\n")
            self._journal.flush()
        if before is not None:
            (self._blobs / before["blob"]).unlink(missing_ok=True)

    def close(self) -> None:
        self._journal.close()

    def _written(self, bucket: str, key: Any) -> Row:
        name = uuid.uuid4().hex
        with (self._blobs / name).open("wb") as blob, key.lock:
            key._value_buffer.seek(0)
            shutil.copyfileobj(key._value_buffer, blob, 1 << 20)
        return {
            "bucket": bucket,
            "key": key.name,
            "blob": name,
            "etag": key.etag.strip('"'),
            "size": key.size,
            "modified": key.last_modified.isoformat(),
            "version": key.version_id,
            "headers": dict(key.metadata),
        }

    def _key(self, row: Row) -> Any:
        key = FakeKey(
            name=row["key"],
            value=(self._blobs / row["blob"]).read_bytes(),
            account_id=ACCOUNT,
            region_name=REGION,
            etag=row["etag"],
            is_versioned=row["version"] != "null",
            version_id=row["version"],
            bucket_name=row["bucket"],
        )
        key.set_metadata(row["headers"])
        key.last_modified = datetime.fromisoformat(row["modified"])
        return key

    def _compact(self) -> None:
        unfinished = self._file.with_suffix(".part")
        unfinished.write_text("".join(json.dumps(row) + "\n" for row in self._rows.values()), encoding="utf-8")
        unfinished.replace(self._file)
        known = {row["blob"] for row in self._rows.values()}
        for blob in self._blobs.iterdir():
            if blob.name not in known:
                blob.unlink()


def _rows(file: Path) -> Iterator[Row]:
    if not file.is_file():
        return
    lines = file.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        try:
            yield json.loads(line)
        except ValueError as error:
            if number == len(lines):
                return
            raise Misconfigured(
                "the journal of the local cloud's S3 is damaged",
                pointer=f"{file}:{number}",
                hint="start with --fresh, which begins with an empty state directory",
            ) from error
