"""What a dataset version is: a frozen manifest beside its parts, content-addressed and never changed.

Lake layout of a version (see `lepton.lake`):
    manifest.json            this model, written last: a version without one is not there
    profile.json             figures per column or image set
    part-00000.parquet …     kind "table"
    shard-00000.tar …        kind "images"
Readers take the names from `parts` (in order); they verify `sha256` and never list the prefix.

**Table part** (Parquet, zstd, one row group for every 122,880 rows). Columns in this order:
    each of `columns`, by its name:
        int64      INT64, nullable
        float64    DOUBLE, nullable (never NaN or infinite: those are null)
        bool       BOOLEAN, nullable
        string     BYTE_ARRAY UTF-8, nullable (never the empty string: that is null)
        timestamp  INT64 TIMESTAMP(us), UTC without a zone, nullable
    `_split`       BYTE_ARRAY UTF-8: train | validation | test
    `_line`        INT64: 1-based physical line of the source where the row begins (a header is line 1; a Parquet
                   source counts rows from 1). Rows are in the order of `_line`.
`nullable` in the manifest says whether a null occurs; Parquet itself marks every column optional. A Parquet file
can be read by itself: nothing else is needed but the manifest.

**Image shard** (tar, ustar/pax, uncompressed, no folders): members `{split}/{class}/{digest}.png`, sorted by name
over all shards, `digest` = 16 hexadecimal digits of SHA-256 of the uploaded file. Each member is a PNG of exactly
`image.height` x `image.width`, 8 bit, mode L (`channels` 1) or RGB (3), as made by `lepton.dataset.pixels`
(orientation applied, alpha laid over white, bilinear resize): whoever serves the model brings its input to the same
form with the same function. `classes` is sorted; the index of a class there is its label.

**Splits** are 70/10/20 by a hash of the row's own content (the stripped text of all its cells with their column
names, or the bytes of the image file): no row's split depends on any other row, so adding, removing and reordering
rows never moves one, and equal rows are never on both sides.

**Version** is a digest of the schema and, for a table, of every row's content with its line (so the order of rows
counts), for images of the format and the set of (split, class, digest) (the order in the archive does not count).
Not of the file's name, its encoding or dialect, nor of the rows set aside.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

ColumnType = Literal["int64", "float64", "bool", "string", "timestamp"]
Split = Literal["train", "validation", "test"]
Kind = Literal["table", "images"]

SPLIT_COLUMN = "_split"
LINE_COLUMN = "_line"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Frozen):
    """A typed column. `categories` lists the distinct values (sorted) of a string column with at most 100 of them."""

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
    """An immutable dataset version. `rows` counts usable rows (or images), `quarantined` those set aside.

    `quarantine` and `profile` are keys in the lake; `created_at` is when the upload was written, ISO 8601 UTC.
    A second upload with the same content is the same version: its receipt points here, the manifest stays.
    """

    schema_version: Literal[1] = 1
    name: str
    version: str
    kind: Kind
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


class QuarantineSummary(_Frozen):
    """reason.json: how many rows were set aside for each reason, and how many of them rows.jsonl holds."""

    schema_version: Literal[1] = 1
    source: str
    total: int
    recorded: int
    reasons: dict[str, int]


class LatestVersion(_Frozen):
    """datasets/{name}/latest.json: the version of the newest upload. `at` and `sequencer` are that upload's."""

    schema_version: Literal[1] = 1
    name: str
    version: str
    at: str
    sequencer: str


class UploadReceipt(_Frozen):
    """What became of an upload: where its sender looks, at GET /datasets/{name}/uploads/{upload}.

    `etag`, `at` and `sequencer` tell which writing of the key it speaks of: an older one never replaces a newer.
    """

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
    etag: str | None = None
    at: str | None = None
    sequencer: str | None = None
