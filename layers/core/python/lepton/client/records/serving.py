"""Records of the serving API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Cost(TypedDict):
    usd: float
    milliseconds: int
    memory_mb: int
    region: str
    prices_of: str


class IndexedVersion(TypedDict):
    """A version that was judged."""

    name: str
    version: str
    state: str
    reason: str


class InferenceResponse(TypedDict):
    """An answer of the Open Inference Protocol v2."""

    model_name: str
    model_version: str
    id: NotRequired[str]
    parameters: NotRequired[dict[str, Any]]
    outputs: list[OutputTensor]


class InvocationAnswer(TypedDict):
    """A prediction for each row."""

    predictions: list[Any]
    model_name: str
    model_version: str
    id: NotRequired[str]
    ignored_columns: NotRequired[list[str]]
    warnings: NotRequired[list[str]]


class JobAccepted(TypedDict):
    """It will be answered: look at `path`."""

    job: str
    state: Literal["queued", "running", "done", "rejected", "failed", "cancelled"]
    model_name: str
    model_version: str
    path: str
    id: NotRequired[str]


class Kept(TypedDict):
    schema_version: NotRequired[Literal[1]]
    receipt: Receipt
    request: dict[str, Any]


class Live(TypedDict):
    """Whether it is there."""

    live: bool


class ModelMetadata(TypedDict):
    """What a model takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: NotRequired[dict[str, Any]]


class ModelReady(TypedDict):
    """Whether a version answers."""

    name: str
    version: str
    ready: bool


class ModelStatus(TypedDict):
    """TensorFlow Serving's status of a model."""

    model_version_status: list[VersionStatus]


class OutputTensor(TypedDict):
    """One output."""

    name: str
    shape: list[int]
    datatype: Literal[
        "BOOL",
        "UINT8",
        "UINT16",
        "UINT32",
        "UINT64",
        "INT8",
        "INT16",
        "INT32",
        "INT64",
        "FP16",
        "FP32",
        "FP64",
        "BYTES",
    ]
    parameters: NotRequired[dict[str, Any]]
    data: NotRequired[list[Any]]


class Pong(TypedDict):
    """Whether it can answer."""

    status: str


class PredictResponse(TypedDict):
    """`predictions` for instances, `outputs` for inputs."""

    predictions: NotRequired[list[Any]]
    outputs: NotRequired[Any]


class Ready(TypedDict):
    """Whether it can answer."""

    ready: bool


class Receipt(TypedDict):
    """`digest` of the graph, `contract` of the signature, `input` and `output` of the decoded tensors: SHA-256."""

    schema_version: NotRequired[Literal[1]]
    id: str
    model: str
    version: str
    digest: str
    contract: str
    alias: str | None
    generation: int | None
    input: str
    output: str
    runtime: dict[str, str]
    timings: Timings
    cost: Cost
    at: str


class ServedModel(TypedDict):
    """A model with a live version."""

    name: str
    version: str
    state: str


class ServedModelList(TypedDict):
    """Every model with a live version."""

    models: list[ServedModel]


class ServerMetadata(TypedDict):
    """What answers."""

    name: str
    version: str
    extensions: list[str]


class TensorMetadata(TypedDict):
    """One input or output."""

    name: str
    datatype: Literal[
        "BOOL",
        "UINT8",
        "UINT16",
        "UINT32",
        "UINT64",
        "INT8",
        "INT16",
        "INT32",
        "INT64",
        "FP16",
        "FP32",
        "FP64",
        "BYTES",
    ]
    shape: list[int]
    parameters: NotRequired[dict[str, Any]]


class Timings(TypedDict):
    """Milliseconds of wall time."""

    queue: float
    decode: float
    run: float
    enclose: float
    encode: float


class VersionStatus(TypedDict):
    """TensorFlow Serving's status of a version."""

    version: str
    state: str
    status: dict[str, Any]
