"""A bucket as a plain directory: for `lepton serve` at the edge, in a container, without any store to run.

Keys are paths below the root. Writes are atomic, conditional ones too, among threads and processes of one machine
(flock on a file in the root; a file is written beside its place and moved into it). As a directory cannot be a file,
a key and the same key with `/…` behind it cannot both be there; the lake has no such keys.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from lepton.errors import Conflict, Forbidden, InvalidRequest, NotFound
from lepton.ports import Blob, Entry

_OWN = ".lepton"  # the folder in the root for what is not an object
_PIECE = 1 << 20


class DirectoryObjectStore:
    """Nothing is written before the first `put`: a read-only directory can be read."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        try:
            with self._path(key).open("rb") as file:
                body, status = file.read(), os.fstat(file.fileno())
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound(f"no object {key!r}") from error
        except PermissionError as error:
            raise Forbidden(f"object {key!r} may not be read") from error
        etag = _etag(hashlib.md5(body, usedforsecurity=False).hexdigest())
        return None if etag == unless_etag else Blob(body, etag, _time(status))

    def put(
        self,
        key: str,
        body: bytes | Path,
        *,
        content_type: str = "application/octet-stream",  # noqa: ARG002  # part of the port
        if_absent: bool = False,
        if_etag: str | None = None,
    ) -> str:
        target = self._path(key)
        try:
            with self._arriving(body) as arrived, self._alone():
                present = self._present(target) if if_etag is not None else None
                if if_absent and target.exists():
                    raise Conflict(f"object {key!r} exists already")
                if if_etag is not None and present != if_etag:
                    raise Conflict(f"object {key!r} is not at {if_etag}")
                etag = _digest(arrived)
                target.parent.mkdir(parents=True, exist_ok=True)
                arrived.replace(target)
        except PermissionError as error:
            raise Forbidden(f"object {key!r} may not be written") from error
        return etag

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        for key in sorted(key for key in self._keys(prefix) if key.startswith(prefix) and key > after):
            try:
                path = self._root / key
                yield Entry(key, _digest(path), path.stat().st_size, _time(path.stat()))
            except FileNotFoundError:
                continue  # gone since

    def fetch(self, key: str, to: Path) -> Entry:
        arriving = to.with_name(f".{to.name}.{uuid.uuid4().hex}")
        try:
            shutil.copyfile(self._path(key), arriving)
            etag, status = _digest(arriving), self._path(key).stat()
            arriving.replace(to)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            raise NotFound(f"no object {key!r}") from error
        except PermissionError as error:
            raise Forbidden(f"object {key!r} may not be read") from error
        finally:
            arriving.unlink(missing_ok=True)
        return Entry(key, etag, to.stat().st_size, _time(status))

    def _path(self, key: str) -> Path:
        steps = key.split("/")
        if steps[0] == _OWN or "\0" in key or {"", ".", ".."} & set(steps):
            raise InvalidRequest(f"{key[:80]!r} cannot be a file below a directory", hint="no empty step, no `..`")
        return self._root / key

    def _keys(self, prefix: str) -> Iterator[str]:
        """Every key in the folder that the prefix leads into."""
        folder, _, _ = prefix.rpartition("/")
        if {".", ".."} & set(folder.split("/")):
            return
        for found, folders, names in os.walk(self._root / folder):
            folders[:] = [name for name in folders if name != _OWN]
            below = Path(found).relative_to(self._root).as_posix()
            yield from (name if below == "." else f"{below}/{name}" for name in names)

    def _present(self, target: Path) -> str | None:
        try:
            return _digest(target)
        except FileNotFoundError:
            return None

    @contextmanager
    def _arriving(self, body: bytes | Path) -> Iterator[Path]:
        """The new content in a file of its own; gone afterwards unless it was moved to its place."""
        folder = self._root / _OWN
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / uuid.uuid4().hex
        try:
            if isinstance(body, Path):
                shutil.copyfile(body, path)
            else:
                path.write_bytes(body)
            yield path
        finally:
            path.unlink(missing_ok=True)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time: the lock belongs to the open file, so it holds among threads too."""
        with (self._root / _OWN / "lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _digest(path: Path) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return _etag(digest.hexdigest())


def _etag(hexadecimal: str) -> str:
    return f'"{hexadecimal}"'


def _time(status: os.stat_result) -> datetime:
    return datetime.fromtimestamp(status.st_mtime, UTC)
