"""Records of the models API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from lepton.client.records.rollout import Alias


class Artifact(TypedDict):
    """A file of the package; `sha256` of its bytes, in full."""

    file: str
    bytes: int
    sha256: str


class Check(TypedDict):
    """One check of the gate: its figure, its bound, and whether it held."""

    check: str
    figure: float | str
    bound: float | str
    holds: bool
    reason: str


class ImageInput(TypedDict):
    """How an image file becomes the input `input`: decoded, brought to `channels`, resized, uint8 NHWC."""

    input: str
    height: int
    width: int
    channels: Literal[1, 3]


class LearningPoint(TypedDict):
    """One point of the learning curves: an epoch or a boosting round."""

    step: int
    train_loss: float
    validation_loss: NotRequired[float | None]
    metric: NotRequired[float | None]


class LiveComparison(TypedDict):
    """This version minus the live one on the same test rows (positive: better), paired bootstrap 95 % interval."""

    version: str
    metric: str
    difference: float
    low: float
    high: float
    rows: int


class Measurements(TypedDict):
    """Figures that the gate judges."""

    metrics: dict[str, float]
    primary_metric: str
    parity: Parity
    live: NotRequired[LiveComparison | None]
    latency_ms: float
    load_ms: float
    size_bytes: int


class ModelList(TypedDict):
    """Every model, by name."""

    models: list[ModelSummary]


class ModelManifest(TypedDict):
    """An immutable model version: what it is, what it takes, where it came from, how good it is."""

    schema_version: NotRequired[Literal[1]]
    model: str
    version: str
    run: str
    dataset: str
    dataset_version: str
    task: Literal["classification", "regression", "image_classification"]
    algorithm: str
    target: str
    signature: Signature
    artifact: Artifact
    opset: int
    measurements: Measurements
    learning_curve: list[LearningPoint]
    hyperparameters: dict[str, Any]
    trained_seconds: float
    libraries: dict[str, str]
    created_at: str
    explainer: NotRequired[Artifact | None]
    decisions: NotRequired[Artifact | None]


class ModelSummary(TypedDict):
    """A model: the version that `live` points to, and how many versions there are."""

    model: str
    live: str | None
    versions: int


class ModelVersion(TypedDict):
    """A version's manifest (null when the package is gone) and what the gate said of it."""

    manifest: ModelManifest | None
    verdict: Verdict


class ModelVersionSummary(TypedDict):
    """One version: whether it passed the gate, and its primary metric."""

    version: str
    passed: bool
    run: str
    at: str
    primary_metric: str | None
    metric: float | None


class ModelVersions(TypedDict):
    """A model's aliases, and its versions, newest first."""

    model: str
    aliases: list[Alias]
    versions: list[ModelVersionSummary]


class Parity(TypedDict):
    """The ONNX graph against the trained model on the same held-out rows."""

    rows: int
    flips: int
    p999_difference: float


class Signature(TypedDict):
    """The whole contract of a model's wire."""

    inputs: list[TensorSpec]
    outputs: list[TensorSpec]
    image: NotRequired[ImageInput | None]
    classes: NotRequired[list[str]]


class TensorSpec(TypedDict):
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
    nullable: NotRequired[bool]
    categories: NotRequired[list[str] | None]
    closed: NotRequired[bool]
    minimum: NotRequired[float | None]
    maximum: NotRequired[float | None]
    on_violation: NotRequired[Literal["refuse", "warn"]]
    infinity: NotRequired[bool]
    description: NotRequired[str]


class Verdict(TypedDict):
    """What the gate said of a version."""

    schema_version: NotRequired[Literal[1]]
    model: str
    version: str
    run: str
    passed: bool
    checks: list[Check]
    at: str
