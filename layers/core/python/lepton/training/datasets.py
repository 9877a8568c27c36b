"""Which dataset versions there are, as a training sees them: the latest, and the manifest of one."""

from __future__ import annotations

from collections.abc import Iterator

from lepton import lake
from lepton.dataset.manifest import DatasetManifest, LatestVersion
from lepton.errors import NotFound
from lepton.ports import ObjectStore
from lepton.training.spec import TrainingSpec, did_you_mean


class DatasetShelf:
    """Read only. Every method raises TransientError when the store does."""

    def __init__(self, lake_store: ObjectStore) -> None:
        self._lake = lake_store

    def wanted(self, spec: TrainingSpec) -> DatasetManifest:
        """The version that the spec names, or the latest one. Raises NotFound with what there is instead."""
        version = spec.dataset_version or self.latest(spec.dataset_name)
        if version is None:
            names = list(self._names())
            raise NotFound(
                f"there is no dataset {spec.dataset_name!r} yet",
                pointer="/dataset",
                hint=(did_you_mean(spec.dataset_name, names) + " or " if names else "")
                + f"upload one: POST /datasets/{spec.dataset_name}/uploads",
            )
        return self.manifest(spec.dataset_name, version)

    def missing(self, spec: TrainingSpec) -> str | None:
        """None when what the spec wants is there, else what it waits for."""
        try:
            self.wanted(spec)
        except NotFound as error:
            return f"dataset {spec.dataset}: {error.message}"
        return None

    def latest(self, name: str) -> str | None:
        """The latest version; None when there is none."""
        try:
            blob = self._lake.get(f"datasets/{lake.checked_name(name, 'dataset')}/latest.json")
        except NotFound:
            return None
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return LatestVersion.model_validate_json(blob.body).version

    def manifest(self, name: str, version: str) -> DatasetManifest:
        """Raises NotFound."""
        try:
            blob = self._lake.get(lake.dataset_manifest(name, version))
        except NotFound as error:
            raise NotFound(
                f"dataset {name!r} has no version {version!r}", pointer="/dataset", hint=f"GET /datasets/{name}"
            ) from error
        assert blob is not None  # noqa: S101
        return DatasetManifest.model_validate_json(blob.body)

    def _names(self) -> Iterator[str]:
        after = "datasets/"
        while (entry := next(iter(self._lake.list("datasets/", after=after)), None)) is not None:
            name = entry.key.split("/")[1]
            yield name
            after = f"datasets/{name}/\U0010ffff"
