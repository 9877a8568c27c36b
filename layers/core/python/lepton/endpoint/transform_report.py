"""What became of a file that was uploaded for prediction: where its sender looks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RejectedRow(_Frozen):
    """A row without a prediction. `line` is 1-based in a text file, the row's number in Parquet."""

    line: int
    column: str | None
    reason: str


class TransformReport(_Frozen):
    """`rows` were predicted, `rejected` were not; `errors` are the first of those, `rejected_rows` is all of them.

    `state` rejected: nothing was predicted, `reason` (the error's code), `message`, `pointer` and `hint` say why.
    """

    schema_version: Literal[1] = 1
    state: Literal["done", "rejected"]
    model: str
    version: str | None
    job: str
    key: str
    etag: str
    rows: int = 0
    rejected: int = 0
    seconds: float
    predictions: str | None = None
    rejected_rows: str | None = None
    ignored_columns: tuple[str, ...] = ()
    errors: tuple[RejectedRow, ...] = ()
    reason: str | None = None
    message: str | None = None
    pointer: str | None = None
    hint: str | None = None
    at: str
