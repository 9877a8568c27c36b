"""Records of the jobs API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Job(TypedDict):
    """How far a job is; `report` when it has ended."""

    job: str
    kind: Literal["infer", "transform"]
    state: Literal["queued", "running", "done", "rejected", "failed", "cancelled"]
    model_name: str
    model_version: str
    submitted_at: str
    key: NotRequired[str]
    bytes: NotRequired[int]
    rows: NotRequired[int]
    rejected: NotRequired[int]
    parts: NotRequired[int]
    at: NotRequired[str]
    report: NotRequired[dict[str, Any]]


class JobFiles(TypedDict):
    """What came of a file: links that hold for `expires_in` seconds."""

    job: str
    state: Literal["queued", "running", "done", "rejected", "failed", "cancelled"]
    model_name: str
    model_version: str
    predictions: list[dict[str, Any]]
    rejected_rows: list[dict[str, Any]]
    report: dict[str, Any]
    expires_in: int


class JobLink(TypedDict):
    """Where an answer that is too long for one can be fetched."""

    url: str
    bytes: int
    status: int
    headers: dict[str, str]
    expires_in: int
