"""What datasets there are, read from the lake by listing: it is the only database."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lepton import lake
from lepton.dataset.manifest import DatasetManifest, LatestVersion, QuarantineSummary, UploadReceipt
from lepton.errors import NotFound
from lepton.ports import ObjectStore

SHOWN_ROWS = 100
_BEYOND = "\U0010ffff"


class Catalog:
    """Read only. Unknown names raise NotFound with what to do; illegal ones InvalidRequest."""

    def __init__(self, lake_store: ObjectStore) -> None:
        self._lake = lake_store

    def datasets(self) -> list[dict[str, Any]]:
        """Every dataset's name, latest version and number of versions, in name order."""
        names = self._folders("datasets/")
        found = [(name, self._latest(name), len(list(self._versions(name)))) for name in names]
        return [{"name": name, "latest": latest, "versions": count} for name, latest, count in found if count]

    def dataset(self, name: str) -> dict[str, Any]:
        """A dataset's versions, newest first."""
        manifests = [self.manifest(name, version) for version in self._versions(lake.checked_name(name))]
        if not manifests:
            raise NotFound(f"there is no dataset {name!r}", pointer="/name", hint="lepton datasets list")
        newest_first = sorted(manifests, key=lambda one: (one.created_at, one.version), reverse=True)
        shown = {"version", "kind", "rows", "quarantined", "created_at"}
        versions = [manifest.model_dump(mode="json", include=shown) for manifest in newest_first]
        return {"name": name, "latest": self._latest(name), "versions": versions}

    def version(self, name: str, version: str) -> dict[str, Any]:
        """A version's manifest and profile."""
        manifest = self.manifest(name, version)
        return {"manifest": manifest.model_dump(mode="json"), "profile": json.loads(self._body(manifest.profile))}

    def quarantine(self, name: str, version: str) -> dict[str, Any]:
        """The reasons with their counts, and the first rows, of what was set aside when the version was made."""
        prefix = self.manifest(name, version).quarantine
        if prefix is None:
            return {"reasons": {}, "rows": []}
        summary = QuarantineSummary.model_validate_json(self._body(prefix + "reason.json"))
        lines = self._body(prefix + "rows.jsonl").split(b"\n", SHOWN_ROWS)[:SHOWN_ROWS]
        return {"reasons": summary.reasons, "rows": [json.loads(line) for line in lines if line]}

    def manifest(self, name: str, version: str) -> DatasetManifest:
        try:
            return DatasetManifest.model_validate_json(self._body(lake.dataset_manifest(name, version)))
        except NotFound as error:
            raise NotFound(
                f"dataset {name!r} has no version {version!r}", pointer="/version", hint=f"lepton datasets show {name}"
            ) from error

    def receipt(self, dataset: str, upload: str) -> UploadReceipt:
        """What became of an upload. One that nothing is known of may still be on its way: it is `waiting`."""
        try:
            return UploadReceipt.model_validate_json(self._body(lake.upload_receipt(dataset, upload)))
        except NotFound:
            return UploadReceipt(dataset=dataset, upload=upload, key=f"{dataset}/{upload}/", state="waiting")

    def _latest(self, name: str) -> str | None:
        try:
            return LatestVersion.model_validate_json(self._body(lake.dataset_latest(name))).version
        except NotFound:
            return None

    def _versions(self, name: str) -> Iterator[str]:
        """Complete versions: those with a manifest."""
        for version in self._folders(f"datasets/{name}/"):
            key = lake.dataset_manifest(name, version)
            first = next(iter(self._lake.list(key)), None)
            if first is not None and first.key == key:
                yield version

    def _folders(self, prefix: str) -> Iterator[str]:
        after = prefix
        while (entry := next(iter(self._lake.list(prefix, after=after)), None)) is not None:
            name, folder, _ = entry.key.removeprefix(prefix).partition("/")
            if folder:
                yield name
            after = prefix + name + ("/" + _BEYOND if folder else "")

    def _body(self, key: str) -> bytes:
        blob = self._lake.get(key)
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return blob.body
