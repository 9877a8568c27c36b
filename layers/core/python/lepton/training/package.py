"""Whether the package that a run left in the lake is whole, before anybody judges it."""

from __future__ import annotations

import hashlib

from lepton import lake
from lepton.errors import CorruptArtifact, NotFound
from lepton.model_package.manifest import Artifact, ModelManifest
from lepton.ports import ObjectStore

# Bytes. A larger graph is checked by its size alone here (the function's memory), and by its digest where it is loaded.
READ_AT_MOST = 200_000_000


def checked_package(store: ObjectStore, model: str, version: str) -> ModelManifest:
    """The manifest of a package whose graph is what it says. Raises CorruptArtifact."""
    try:
        blob = store.get(lake.package_manifest(model, version))
    except NotFound as error:
        raise CorruptArtifact(f"package {model} {version} has no manifest") from error
    assert blob is not None  # noqa: S101  # get answers None only when an etag was given
    try:
        manifest = ModelManifest.model_validate_json(blob.body)
    except ValueError as error:
        raise CorruptArtifact(
            f"the manifest of package {model} {version} is not one: {error}",
            hint="trainer and functions are of different releases: deploy both",
        ) from error
    if (manifest.model, manifest.version) != (model, version):
        raise CorruptArtifact(f"package {model} {version} says that it is {manifest.model} {manifest.version}")
    _check_graph(store, manifest)
    for artifact in (manifest.explainer, manifest.decisions):
        if artifact is not None:
            _check_beside(store, lake.package_prefix(model, version) + artifact.file, artifact)
    return manifest


def _check_beside(store: ObjectStore, key: str, artifact: Artifact) -> None:
    try:
        blob = store.get(key)
    except NotFound as error:
        raise CorruptArtifact("its manifest names a file that is not there", pointer=key) from error
    assert blob is not None  # noqa: S101
    if hashlib.sha256(blob.body).hexdigest() != artifact.sha256:
        raise CorruptArtifact("the file is not what its manifest's digest says", pointer=key)


def _check_graph(store: ObjectStore, manifest: ModelManifest) -> None:
    key = lake.package_prefix(manifest.model, manifest.version) + manifest.artifact.file
    told = manifest.artifact.bytes
    size = next((entry.size for entry in store.list(key) if entry.key == key), None)
    if size is None:
        raise CorruptArtifact("its manifest names a graph that is not there", pointer=key)
    if not size == told == manifest.measurements.size_bytes:
        raise CorruptArtifact(
            f"the graph has {size} bytes, its manifest says {told}, {manifest.measurements.size_bytes} were measured",
            pointer=key,
        )
    if size > READ_AT_MOST:
        return
    blob = store.get(key)
    assert blob is not None  # noqa: S101
    digest = hashlib.sha256(blob.body).hexdigest()
    if digest != manifest.artifact.sha256:
        raise CorruptArtifact(
            f"the graph has digest {digest[:12]}…, its manifest says {manifest.artifact.sha256[:12]}…", pointer=key
        )
