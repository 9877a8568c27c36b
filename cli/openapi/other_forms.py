"""JSON schemas of what others' protocols have and the Open Inference Protocol has not: repositories, jobs, files."""

from __future__ import annotations

from typing import get_args

from cli.openapi.protocol import TEXT, Schema, listed, record, ref
from lepton.endpoint.jobs.records import State

COUNT: Schema = {"type": "integer", "minimum": 0}
_STATE: Schema = {"type": "string", "enum": list(get_args(State))}
_LINK = record("An object of the lake, and where it can be fetched for a while.", "key url", key=TEXT, url=TEXT)

SCHEMAS: dict[str, Schema] = {
    "IndexRequest": record("What to list.", "", ready={"type": "boolean", "description": "Only those that answer."}),
    "IndexedVersion": record(
        "A version that was judged.", "name version state reason", name=TEXT, version=TEXT, state=TEXT, reason=TEXT
    ),
    "VersionStatus": record(
        "TensorFlow Serving's status of a version.",
        "version state status",
        version=TEXT,
        state=TEXT,
        status=record("", "error_code error_message", error_code=TEXT, error_message=TEXT),
    ),
    "ModelStatus": record(
        "TensorFlow Serving's status of a model.",
        "model_version_status",
        model_version_status=listed(ref("VersionStatus")),
    ),
    "PredictRequest": record(
        "TensorFlow Serving's request: `instances`, a row each, or `inputs`, a list for each input.",
        "",
        signature_name=TEXT,
        instances=listed({}),
        inputs={},
    ),
    "PredictResponse": record(
        "`predictions` for instances, `outputs` for inputs.", "", predictions=listed({}), outputs={}
    ),
    "JobAccepted": record(
        "It will be answered: look at `path`.",
        "job state model_name model_version path",
        job=TEXT,
        state=_STATE,
        model_name=TEXT,
        model_version=TEXT,
        path=TEXT,
        id=TEXT,
    ),
    "Job": record(
        "How far a job is; `report` when it has ended.",
        "job kind state model_name model_version submitted_at",
        job=TEXT,
        kind={"type": "string", "enum": ["infer", "transform"]},
        state=_STATE,
        model_name=TEXT,
        model_version=TEXT,
        submitted_at=TEXT,
        key=TEXT,
        bytes=COUNT,
        rows=COUNT,
        rejected=COUNT,
        parts=COUNT,
        at=TEXT,
        report={"type": "object", "additionalProperties": True},
    ),
    "JobFiles": record(
        "What came of a file: links that hold for `expires_in` seconds.",
        "job state model_name model_version predictions rejected_rows report expires_in",
        job=TEXT,
        state=_STATE,
        model_name=TEXT,
        model_version=TEXT,
        predictions=listed(_LINK),
        rejected_rows=listed(_LINK),
        report=_LINK,
        expires_in=COUNT,
    ),
    "JobLink": record(
        "Where an answer that is too long for one can be fetched.",
        "url bytes status headers expires_in",
        url=TEXT,
        bytes=COUNT,
        status=COUNT,
        headers={"type": "object", "additionalProperties": TEXT},
        expires_in=COUNT,
    ),
}
