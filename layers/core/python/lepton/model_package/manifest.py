"""What a model version is: one ONNX file, one signature, and everything that was measured of it.

Lake layout of a version (see `lepton.lake`):
    model.onnx       the graph, preprocessing inside
    explain.json     what exact explanations need (optional)
    decisions.json   business rules on its answers (optional)
    manifest.json    this model
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

# The datatypes of the Open Inference Protocol v2.
Datatype = Literal[
    "BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"
]
Task = Literal["classification", "regression", "image_classification"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TensorSpec(_Frozen):
    """One input or output. `shape`: -1 is a dimension of any size (the first is the batch).

    A table's columns are inputs of shape [-1, 1] named as the column. A missing value is NaN in a float input and
    the empty string in a BYTES input; `nullable` says whether it is allowed. `categories`: values seen in training
    (others are let in, and handled inside the graph, unless `closed`). `minimum` and `maximum`, both included, bound
    every number; one outside is refused, or with `on_violation: warn` let in and named in the answer, as is then a
    category that training has not seen. `infinity`: a float input takes it; JSON cannot carry it, bytes can.
    """

    name: str
    datatype: Datatype
    shape: tuple[int, ...]
    nullable: bool = False
    categories: tuple[str, ...] | None = None
    closed: bool = False
    minimum: float | None = None
    maximum: float | None = None
    on_violation: Literal["refuse", "warn"] = "refuse"
    infinity: bool = False
    description: str = ""


class ImageInput(_Frozen):
    """How an image file becomes the input `input`: decoded, brought to `channels`, resized, uint8 NHWC."""

    input: str
    height: int
    width: int
    channels: Literal[1, 3]


class Signature(_Frozen):
    """The whole contract of a model's wire."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]
    image: ImageInput | None = None
    classes: tuple[str, ...] = ()


class Artifact(_Frozen):
    """A file of the package; `sha256` of its bytes, in full."""

    file: str
    bytes: int
    sha256: str


class Parity(_Frozen):
    """The ONNX graph against the trained model on the same held-out rows.

    `flips`: rows whose decision (label) differs; for regression, rows that differ by more than 1e-3 of the target's
    standard deviation. `p999_difference`: 99.9th percentile of the absolute difference of the scores.
    """

    rows: int
    flips: int
    p999_difference: float


class LiveComparison(_Frozen):
    """This version minus the live one on the same test rows (positive: better), paired bootstrap 95 % interval."""

    version: str
    metric: str
    difference: float
    low: float
    high: float
    rows: int


class LearningPoint(_Frozen):
    """One point of the learning curves: an epoch or a boosting round."""

    step: int
    train_loss: float
    validation_loss: float | None = None
    metric: float | None = None


class Measurements(_Frozen):
    """Figures that the gate judges. Latency: milliseconds for one row, median; size in bytes."""

    metrics: dict[str, float]
    primary_metric: str
    parity: Parity
    live: LiveComparison | None = None
    latency_ms: float
    load_ms: float
    size_bytes: int


class ModelManifest(_Frozen):
    """An immutable model version: what it is, what it takes, where it came from, how good it is.

    `explainer` and `decisions` are files beside the graph that a model may have: see `lepton.explanation.explainer` and
    `lepton.decision`.
    """

    schema_version: Literal[1] = 1
    model: str
    version: str
    run: str
    dataset: str
    dataset_version: str
    task: Task
    algorithm: str
    target: str
    signature: Signature
    artifact: Artifact
    opset: int
    measurements: Measurements
    learning_curve: tuple[LearningPoint, ...]
    hyperparameters: dict[str, Any]
    trained_seconds: float
    libraries: dict[str, str]
    created_at: str
    explainer: Artifact | None = None
    decisions: Artifact | None = None
