"""The answers of the datasets' HTTP API that are no object of the lake themselves."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from lepton.dataset.manifest import DatasetManifest, Kind, QuarantinedRow


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class UploadOffer(_Answer):
    """A form to send a file with: `fields` in order and then the file, as multipart/form-data to `url`."""

    upload: str
    key: str
    url: str
    fields: dict[str, str]
    expires_at: str
    max_bytes: int


class DatasetSummary(_Answer):
    """A dataset: the version that `latest` is, and how many there are."""

    name: str
    latest: str | None
    versions: int


class DatasetList(_Answer):
    """Every dataset, by name."""

    datasets: tuple[DatasetSummary, ...]


class DatasetVersionSummary(_Answer):
    """One version of a dataset."""

    version: str
    kind: Kind
    rows: int
    quarantined: int
    created_at: str


class DatasetVersions(_Answer):
    """A dataset's versions, newest first."""

    name: str
    latest: str | None
    versions: tuple[DatasetVersionSummary, ...]


class DatasetVersion(_Answer):
    """A version's manifest, and its profile: figures of every column, or of the images."""

    manifest: DatasetManifest
    profile: dict[str, Any]


class Quarantine(_Answer):
    """How many rows were set aside for each reason, and the first 100 of them."""

    reasons: dict[str, int]
    rows: tuple[QuarantinedRow, ...]
