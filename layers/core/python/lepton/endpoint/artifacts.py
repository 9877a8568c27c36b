"""Packages from the lake: the manifest, and the ONNX file kept on disk under its digest, checked each time."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from lepton import lake
from lepton.errors import CorruptArtifact, NotFound
from lepton.model_package import served

if TYPE_CHECKING:
    from pathlib import Path

    from lepton.model_package.manifest import ModelManifest
    from lepton.ports import ObjectStore


class ArtifactCache:
    """Files in `folder`, at most `max_bytes` in all: the least recently used go first."""

    def __init__(self, store: ObjectStore, folder: Path, max_bytes: int) -> None:
        self._store = store
        self._folder = folder
        self._max_bytes = max_bytes

    def check(self) -> None:
        """The store answers. Raises TransientError, OperatorError."""
        next(iter(self._store.list("registry/")), None)

    def manifest(self, model: str, version: str) -> ModelManifest:
        """Raises CorruptArtifact (a version that passed the gate has one), TransientError."""
        key = lake.package_manifest(model, version)
        try:
            blob = self._store.get(key)
        except NotFound as error:
            raise CorruptArtifact(f"{key} is missing", hint="publish the version again") from error
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        try:
            manifest = served.read(blob.body)
        except ValueError as error:  # pydantic's ValidationError is one
            raise CorruptArtifact(f"{key} is not a model manifest", hint="publish the version again") from error
        if (manifest.model, manifest.version) != (model, version):
            raise CorruptArtifact(f"{key} is the manifest of {manifest.model} {manifest.version}")
        return manifest

    def graph(self, manifest: ModelManifest) -> bytes:
        """The ONNX file, its digest checked. Raises CorruptArtifact, TransientError."""
        wanted = manifest.artifact
        key = lake.package_prefix(manifest.model, manifest.version) + wanted.file
        if "/" in wanted.file or wanted.bytes > self._max_bytes:
            raise CorruptArtifact(f"{key}: {wanted.bytes:,} bytes do not fit into {self._max_bytes:,}")
        path = self._folder / f"{wanted.sha256}.onnx"
        if path.exists() and (kept := _checked(path, wanted.sha256)) is not None:
            path.touch()
            return kept
        self._make_room(wanted.bytes)
        return self._fetched(key, path, wanted.sha256)

    def _fetched(self, key: str, path: Path, sha256: str) -> bytes:
        arriving = path.with_suffix(f".{os.getpid()}.arriving")
        try:
            self._store.fetch(key, arriving)
            graph = _checked(arriving, sha256)
            if graph is None:
                raise CorruptArtifact(f"{key} is not what its manifest's digest says", hint="publish the version again")
            arriving.replace(path)
        except NotFound as error:
            raise CorruptArtifact(f"{key} is missing", hint="publish the version again") from error
        finally:
            arriving.unlink(missing_ok=True)
        return graph

    def _make_room(self, needed: int) -> None:
        """Other processes may keep their files here too, and take them away at any time."""
        self._folder.mkdir(parents=True, exist_ok=True)
        files = []
        for path in self._folder.glob("*.onnx"):
            with suppress(FileNotFoundError):
                status = path.stat()
                files.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total + needed <= self._max_bytes:
                return
            total -= size
            path.unlink(missing_ok=True)


def _checked(path: Path, sha256: str) -> bytes | None:
    """The file's bytes when they are the ones wanted."""
    content = path.read_bytes()
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
