"""What a dataset version is: a frozen manifest beside its parts, content-addressed and never changed.

Lake layout of a version (see `lepton.lake`):
    manifest.json            this model
    profile.json             figures per column or image set
    part-00000.parquet …     kind "table": the typed columns plus `_split` (train | validation | test) and
                             `_line` (1-based line of the source, int64)
    shard-00000.tar …        kind "images": members `{split}/{class}/{digest}.png`, sorted by name
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ColumnType = Literal["int64", "float64", "bool", "string", "timestamp"]
Split = Literal["train", "validation", "test"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Frozen):
    """A typed column. `categories` lists the distinct values (sorted) of a string column with few of them."""

    name: str
    type: ColumnType
    nullable: bool
    categories: tuple[str, ...] | None = None


class Part(_Frozen):
    """One object of the version. `key` is relative to the version's prefix; `sha256` of its bytes, in full."""

    key: str
    bytes: int
    rows: int
    sha256: str


class Source(_Frozen):
    """The upload that a version was made from."""

    bucket: str
    key: str
    etag: str
    bytes: int
    upload: str


class ImageFormat(_Frozen):
    """What every image of a version was brought to: uint8, `height` x `width` x `channels` (1 gray, 3 RGB)."""

    height: int
    width: int
    channels: Literal[1, 3]


class DatasetManifest(_Frozen):
    """An immutable dataset version. `rows` counts usable rows (or images), `quarantined` those set aside."""

    schema_version: Literal[1] = 1
    name: str
    version: str
    kind: Literal["table", "images"]
    rows: int
    quarantined: int
    quarantine: str | None
    splits: dict[Split, int]
    columns: tuple[Column, ...] = ()
    classes: tuple[str, ...] = ()
    image: ImageFormat | None = None
    parts: tuple[Part, ...]
    profile: str
    source: Source
    created_at: str


class QuarantinedRow(_Frozen):
    """One row that was set aside, one JSON line each. `line` is 1-based in the source (0: not a line, see `member`)."""

    source: str
    line: int
    member: str | None = None
    column: str | None = None
    reason: str
    message: str
    raw: str


class UploadReceipt(_Frozen):
    """What became of an upload: where its sender looks, at GET /datasets/{name}/uploads/{upload}."""

    schema_version: Literal[1] = 1
    dataset: str
    upload: str
    key: str
    state: Literal["waiting", "ready", "rejected"]
    version: str | None = None
    rows: int = 0
    quarantined: int = 0
    quarantine: str | None = None
    reason: str | None = None
    message: str | None = None
    pointer: str | None = None
    hint: str | None = None
