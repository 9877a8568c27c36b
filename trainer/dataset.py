"""The dataset of a run: its parts fetched and checked, read into arrays, cut into its three splits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lepton import lake
from lepton.dataset.manifest import DatasetManifest, Part
from lepton.errors import CorruptArtifact, DataError, NotFound
from lepton.ports import ObjectStore

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as a graph takes them.

    `inputs`: by name, first axis the row: float32 or object (text) of shape (N, 1), or uint8 (N, H, W, C).
    `target`: int64 index into the classes, or float64 for regression; shape (N,).
    """

    inputs: Mapping[str, Array]
    target: Array

    def __len__(self) -> int:
        return len(self.target)

    def take(self, index: Array) -> Rows:
        """The rows at these positions (or where a mask is true)."""
        return Rows({name: column[index] for name, column in self.inputs.items()}, self.target[index])


@dataclass(frozen=True, slots=True)
class Splits:
    """A dataset as its three splits; `classes` in the order of the target's indices, empty for regression."""

    train: Rows
    validation: Rows
    test: Rows
    classes: tuple[str, ...] = ()

    def checked(self) -> Splits:
        """Itself. Raises DataError when nothing can be learned or nothing can be judged."""
        for name, rows in (("train", self.train), ("validation", self.validation), ("test", self.test)):
            if not len(rows):
                raise DataError(
                    f"the {name} split has no row with a target",
                    pointer="/dataset",
                    hint="upload more rows: about 70 % of them train, 10 % validate, 20 % test",
                )
        seen = np.unique(self.train.target)
        if len(seen) < 2:
            what = f"one class ({self.classes[int(seen[0])]!r})" if self.classes else f"one value ({seen[0]:g})"
            raise DataError(
                f"the target has only {what} in the train split: there is nothing to learn",
                pointer="/target",
                hint="choose another target or upload rows of other classes",
            )
        return self

    def absent(self) -> tuple[str, ...]:
        """Classes that the train split does not hold."""
        seen = set(self.train.target.tolist())
        return tuple(name for index, name in enumerate(self.classes) if index not in seen)


def read_manifest(store: ObjectStore, name: str, version: str) -> DatasetManifest:
    """Raises NotFound for a version that is not in the lake."""
    try:
        blob = store.get(lake.dataset_manifest(name, version))
    except NotFound as error:
        raise NotFound(
            f"dataset {name!r} has no version {version!r} in the lake",
            pointer="/dataset",
            hint=f"lepton datasets show {name}",
        ) from error
    assert blob is not None  # noqa: S101  # get answers None only when an etag was given
    return DatasetManifest.model_validate_json(blob.body)


def fetch_parts(store: ObjectStore, manifest: DatasetManifest, folder: Path) -> list[Path]:
    """All parts in order, in `folder`. Raises NotFound, CorruptArtifact."""
    prefix = lake.dataset_prefix(manifest.name, manifest.version)
    return [_fetched(store, prefix, part, folder) for part in manifest.parts]


def _fetched(store: ObjectStore, prefix: str, part: Part, folder: Path) -> Path:
    path = folder / Path(part.key).name
    try:
        store.fetch(prefix + part.key, path)
    except NotFound as error:
        raise NotFound(
            f"part {prefix + part.key} is in the dataset's manifest but not in the lake",
            pointer="/dataset",
            hint="upload the data again",
        ) from error
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != part.sha256:
        raise CorruptArtifact(
            f"part {prefix + part.key} has the digest {digest[:12]}, its manifest says {part.sha256[:12]}",
            pointer="/dataset",
            hint="upload the data again",
        )
    return path
