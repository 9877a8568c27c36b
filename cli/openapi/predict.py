"""The routes of the predict function: what each says of itself stands here, as its code is imported before a start's
first answer and pays for every line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from cli.openapi.protocol import Schema, listed, ref
from lepton.dataset.answers import UploadOffer
from lepton.endpoint.jobs.desk import ReferenceAsked, TransformAsked, UploadAsked
from lepton.endpoint.routes import ROUTES
from lepton.operation import JSON, Operation
from lepton.receipt.receipt import Kept

_IMAGE: Schema = {"type": "string", "description": "The file as it is, for a model of images."}
_IMAGES = {f"image/{kind}": _IMAGE for kind in ("png", "jpeg", "webp")}
_CSV: Schema = {"type": "string", "description": "A header line, then a line for each row."}
_LINES: Schema = {"type": "string", "description": "A JSON object on each line, one for each row."}
_NPY: Schema = {
    "type": "string",
    "description": "One array [rows, columns], never a pickle.",
}
_BYTES: Schema = {
    "type": "string",
    "description": "The JSON, as long as Inference-Header-Content-Length says, and the raw tensors behind it.",
}
_FORM: Schema = {"type": "object", "properties": {"file": {"type": "string"}, "id": {"type": "string"}}}
_LATER = {"Prefer": "`respond-async`: a job now, the answer later", "Idempotency-Key": "The same key is the same job"}
_OF_MODEL = "/v2/models/{model}"
_OF_VERSION = "/v2/models/{model}/versions/{version}"
_TF = "/v1/models/{model}"
_JOB = "/v2/models/{model}/jobs/{job}"


def _shown(summary: str, *names: str, status: int = 200) -> Operation:
    bodies = [ref(name) for name in names]
    return Operation(summary, gives={status: {JSON: bodies[0] if len(bodies) == 1 else {"anyOf": bodies}}})


def _asked(
    summary: str, takes: Mapping[str, Any], gives: Mapping[str, Any], query: Mapping[str, str] | None = None
) -> Operation:
    answers = {200: gives, 202: {JSON: ref("JobAccepted")}}
    return Operation(summary, takes=takes, gives=answers, query=query or {}, headers=_LATER)


_METADATA = _shown("Inputs and outputs of a model", "ModelMetadata")
_READY = _shown("Whether a model answers", "ModelReady")
_STATUS = _shown("Versions of a model, as TensorFlow Serving tells them", "ModelStatus")
_CANCEL = _shown("Stop a job before its next part", "Job")
_INDEX = Operation("Every version that was judged", gives={200: {JSON: listed(ref("IndexedVersion"))}})
_INFER = _asked(
    "Predict, by the Open Inference Protocol",
    {JSON: (ref("InferenceRequest"), ReferenceAsked), "application/octet-stream": _BYTES, **_IMAGES},
    {JSON: ref("InferenceResponse"), "application/octet-stream": _BYTES},
)
_INVOKE = _asked(
    "Predict, in other servers' forms",
    {
        **{JSON: (ref("Invocation"), ReferenceAsked), "text/csv": _CSV, "application/jsonlines": _LINES},
        **{"application/x-npy": _NPY, "multipart/form-data": _FORM, **_IMAGES},
    },
    {JSON: ref("InvocationAnswer"), "text/csv": _CSV, "application/jsonlines": _LINES, "application/x-npy": _NPY},
    {"top_k": "So many of the best classes instead of all probabilities"},
)
_TF_PREDICT = _asked(
    "Predict, as TensorFlow Serving does",
    {JSON: ref("PredictRequest")},
    {JSON: ref("PredictResponse")},
)

# What follows a path's last parameter, where API Gateway hands it over with the parameter.
VERBS = {"lepton.endpoint.routes_tf:predict": ":predict"}

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("GET", "/v2"): _shown("The server, its version and extensions", "ServerMetadata"),
    ("GET", "/v2/health/live"): _shown("Is it there", "Live"),
    ("GET", "/v2/health/ready"): _shown("Can it answer", "Ready"),
    ("GET", "/ping"): _shown("Can it answer", "Pong"),
    ("GET", "/v2/models"): _shown("Models with a live version", "ServedModelList"),
    ("GET", "/openapi.json"): _shown("This API as an OpenAPI document", "OpenApi"),
    ("GET", "/docs"): Operation("This API as a page", gives={200: {"text/html": {"type": "string"}}}),
    ("GET", f"{_OF_MODEL}/openapi.json"): _shown("A model's own OpenAPI document", "OpenApi"),
    ("GET", f"{_OF_VERSION}/openapi.json"): _shown("A version's own OpenAPI document", "OpenApi"),
    ("GET", _OF_MODEL): _METADATA,
    ("GET", _OF_VERSION): _METADATA,
    ("GET", f"{_OF_MODEL}/ready"): _READY,
    ("GET", f"{_OF_VERSION}/ready"): _READY,
    ("POST", f"{_OF_MODEL}/infer"): _INFER,
    ("POST", f"{_OF_VERSION}/infer"): _INFER,
    ("POST", "/models/{model}/invocations"): _INVOKE,
    ("GET", "/v2/repository/index"): _INDEX,
    ("POST", "/v2/repository/index"): Operation(
        "Every version that was judged, or that answers", takes={JSON: ref("IndexRequest")}, gives=_INDEX.gives
    ),
    ("GET", _TF): _STATUS,
    ("GET", f"{_TF}/versions/{{version}}"): _STATUS,
    ("POST", f"{_TF}:predict"): _TF_PREDICT,
    ("POST", f"{_TF}/versions/{{version}}:predict"): _TF_PREDICT,
    ("GET", "/models/{model}/receipts/{receipt}"): Operation(
        "A receipt that was kept, and its request", gives={200: {JSON: Kept}}
    ),
    ("POST", "/models/{model}/uploads"): Operation(
        "A form to send a file to predict by", takes={JSON: UploadAsked}, gives={201: {JSON: UploadOffer}}
    ),
    ("POST", "/models/{model}/transforms"): Operation(
        "Predict for a whole file", takes={JSON: TransformAsked}, gives={202: {JSON: ref("JobAccepted")}}
    ),
    ("GET", "/models/{model}/transforms/{job}"): _shown("How far a file is", "Job"),
    ("GET", _JOB): _shown("How far a job is", "Job"),
    ("GET", f"{_JOB}/result"): Operation(
        "What came of a job: the answer itself, or links to it",
        gives={200: {JSON: {"anyOf": [ref(n) for n in ("InferenceResponse", "JobFiles", "JobLink")]}}},
    ),
    ("POST", f"{_JOB}/cancel"): _CANCEL,
    ("DELETE", _JOB): _CANCEL,
}


def routes() -> Iterator[tuple[str, str, str, Callable[[], Any]]]:
    """(method, path, name of the handler, what loads it) of each. A path as it is asked: see `VERBS`."""
    for route in ROUTES:
        path = route.path + VERBS.get(route.handler, "")
        yield route.method, path, route.handler.rpartition(":")[2], route.load
