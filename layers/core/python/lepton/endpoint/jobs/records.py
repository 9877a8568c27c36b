"""What a job keeps in the lake: what was asked, how far it is, what came of it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Format = Literal["csv", "jsonl", "parquet"]
Kind = Literal["transform", "infer"]
State = Literal["queued", "running", "done", "rejected", "failed", "cancelled"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """An object of the landing bucket, as it was when the job was made. `size` in bytes."""

    key: str
    etag: str
    size: int


class StoredCall(_Frozen):
    """A request whose body lies beside the job, or is the source.

    `path`: the last step of the route that it was sent to; `version`: the one in its path, if any.
    """

    path: str
    version: str | None
    headers: dict[str, str]
    query: dict[str, str] = Field(default_factory=dict)


class JobRecord(_Frozen):
    """What was asked for. `version` answers all of it; `digest` is of what was sent (12 hexadecimal digits)."""

    schema_version: Literal[1] = 1
    job: str
    model: str
    version: str
    kind: Kind
    digest: str
    source: Source | None = None
    output: Format | None = None
    call: StoredCall | None = None
    by: str
    at: str


class RejectedRow(_Frozen):
    """A row without a prediction. `line` counts from 1: lines of a text file, rows of Parquet, files of a zip."""

    line: int
    column: str | None
    reason: str


class Mark(_Frozen):
    """A place between two rows of a file. `row` rows lie before it.

    In text: reading goes on at the stream's position `offset`, where `line` lines are over, and `skip` more rows were
    done already.
    """

    row: int = 0
    line: int = 0
    offset: int | None = None
    skip: int = 0


class Progress(_Frozen):
    """How far a file is. Parts before `part` are written; the rows after `mark` are still to do.

    `part_rows` and `batch_rows` stay what they were at the start, so that a part is the same bytes whenever it is
    made. `predicted` and `refused` are the numbers of parts that have such a file; `runs` counts invocations.
    """

    schema_version: Literal[1] = 1
    part_rows: int
    batch_rows: int
    format: Format
    mark: Mark = Mark()
    part: int = 0
    rows: int = 0
    rejected: int = 0
    predicted: tuple[int, ...] = ()
    refused: tuple[int, ...] = ()
    classes: dict[str, int] = Field(default_factory=dict)
    errors: tuple[RejectedRow, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    seconds: float = 0.0
    runs: int = 0
    complete: bool = False
    at: str


class Told(_Frozen):
    """Why nothing came of it: an error's code, message, pointer and hint."""

    reason: str | None = None
    message: str | None = None
    pointer: str | None = None
    hint: str | None = None


class TransformReport(Told):
    """`rows` were predicted, `rejected` were not; `errors` are the first of those, `rejected_rows` the files of all.

    `seconds` and `cost_usd` are of the work on parts that were kept. `state` rejected: nothing was predicted, and
    `reason` (the error's code), `message`, `pointer` and `hint` say why.
    """

    schema_version: Literal[2] = 2
    state: Literal["done", "rejected", "cancelled"]
    model: str
    version: str | None
    job: str
    key: str
    etag: str
    rows: int = 0
    rejected: int = 0
    seconds: float = 0.0
    rows_per_second: float | None = None
    cost_usd: float | None = None
    prices: str | None = None
    runs: int = 0
    classes: dict[str, int] = Field(default_factory=dict)
    predictions: tuple[str, ...] = ()
    rejected_rows: tuple[str, ...] = ()
    ignored_columns: tuple[str, ...] = ()
    errors: tuple[RejectedRow, ...] = ()
    at: str


class InferReport(Told):
    """The answer to a single request: `status` and `headers` as HTTP has them; its body is the object `answer`."""

    schema_version: Literal[1] = 1
    state: Literal["done", "failed", "cancelled"]
    model: str
    version: str | None
    job: str
    status: int | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    answer: str | None = None
    bytes: int = 0
    seconds: float = 0.0
    at: str
