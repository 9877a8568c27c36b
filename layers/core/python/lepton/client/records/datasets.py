"""Records of the datasets API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Column(TypedDict):
    """A typed column."""

    name: str
    type: Literal["int64", "float64", "bool", "string", "timestamp"]
    nullable: bool
    categories: NotRequired[list[str] | None]


class DatasetList(TypedDict):
    """Every dataset, by name."""

    datasets: list[DatasetSummary]


class DatasetManifest(TypedDict):
    """An immutable dataset version."""

    schema_version: NotRequired[Literal[1]]
    name: str
    version: str
    kind: Literal["table", "images"]
    rows: int
    quarantined: int
    quarantine: str | None
    splits: dict[str, int]
    columns: NotRequired[list[Column]]
    classes: NotRequired[list[str]]
    image: NotRequired[ImageFormat | None]
    parts: list[Part]
    profile: str
    source: Source
    created_at: str


class DatasetSummary(TypedDict):
    """A dataset: the version that `latest` is, and how many there are."""

    name: str
    latest: str | None
    versions: int


class DatasetVersion(TypedDict):
    """A version's manifest, and its profile: figures of every column, or of the images."""

    manifest: DatasetManifest
    profile: dict[str, Any]


class DatasetVersionSummary(TypedDict):
    """One version of a dataset."""

    version: str
    kind: Literal["table", "images"]
    rows: int
    quarantined: int
    created_at: str


class DatasetVersions(TypedDict):
    """A dataset's versions, newest first."""

    name: str
    latest: str | None
    versions: list[DatasetVersionSummary]


class ImageFormat(TypedDict):
    """What every image of a version was brought to: uint8, `height` x `width` x `channels` (1 gray, 3 RGB)."""

    height: int
    width: int
    channels: Literal[1, 3]


class Part(TypedDict):
    """One object of the version."""

    key: str
    bytes: int
    rows: int
    sha256: str


class Quarantine(TypedDict):
    """How many rows were set aside for each reason, and the first 100 of them."""

    reasons: dict[str, int]
    rows: list[QuarantinedRow]


class QuarantinedRow(TypedDict):
    """One row that was set aside, one JSON line each."""

    source: str
    line: int
    member: NotRequired[str | None]
    column: NotRequired[str | None]
    reason: str
    message: str
    raw: str


class Source(TypedDict):
    """The upload that a version was made from."""

    bucket: str
    key: str
    etag: str
    bytes: int
    upload: str


class UploadOffer(TypedDict):
    """A form to send a file with: `fields` in order and then the file, as multipart/form-data to `url`."""

    upload: str
    key: str
    url: str
    fields: dict[str, str]
    expires_at: str
    max_bytes: int


class UploadReceipt(TypedDict):
    """What became of an upload: where its sender looks, at GET /datasets/{name}/uploads/{upload}."""

    schema_version: NotRequired[Literal[1]]
    dataset: str
    upload: str
    key: str
    state: Literal["waiting", "ready", "rejected"]
    version: NotRequired[str | None]
    rows: NotRequired[int]
    quarantined: NotRequired[int]
    quarantine: NotRequired[str | None]
    reason: NotRequired[str | None]
    message: NotRequired[str | None]
    pointer: NotRequired[str | None]
    hint: NotRequired[str | None]
    etag: NotRequired[str | None]
    at: NotRequired[str | None]
    sequencer: NotRequired[str | None]
