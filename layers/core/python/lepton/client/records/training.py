"""Records of the training API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from lepton.client.records.rollout import Rule


class BrokenSpec(TypedDict):
    model: str
    error: str


Clause = TypedDict(
    "Clause",
    {
        "input": "NotRequired[str | None]",
        "output": "NotRequired[str | None]",
        "class": "NotRequired[str | None]",
        "op": 'NotRequired[Literal["<", "<=", ">", ">=", "==", "!=", "in", "is_missing"] | None]',
        "value": "NotRequired[bool | int | float | str | list[bool | int | float | str] | None]",
        "all": "NotRequired[list[Clause] | None]",
        "any": "NotRequired[list[Clause] | None]",
    },
)


class CostRange(TypedDict):
    low_usd: float
    high_usd: float
    per_hour_usd: float
    prices: str


class DecisionRule(TypedDict):
    rule: str
    when: list[Clause]
    decision: str
    reason: str


class Decisions(TypedDict):
    schema_version: NotRequired[Literal[1]]
    rules: list[DecisionRule]
    otherwise: Otherwise
    tests: NotRequired[list[Example]]


class DryRun(TypedDict):
    plan: TrainingPlan


class Example(TypedDict):
    inputs: NotRequired[dict[str, bool | int | float | str | None]]
    outputs: NotRequired[dict[str, bool | int | float | str | dict[str, float]] | None]
    decision: str
    rule: NotRequired[str | None]


class Feature(TypedDict):
    name: str
    type: Literal["int64", "float64", "bool", "string", "timestamp"]
    used: bool
    reason: str
    warning: NotRequired[str | None]


class Gate(TypedDict):
    metric_at_least: NotRequired[float | None]
    metric_at_most: NotRequired[float | None]
    max_flip_rate: NotRequired[float]
    max_score_difference: NotRequired[float | None]
    max_regression: NotRequired[float]
    max_size_mb: NotRequired[float]
    max_latency_ms: NotRequired[float]


class JobRequest(TypedDict):
    name: str
    queue: str
    definition: str
    command: list[str]
    environment: NotRequired[dict[str, str]]
    vcpus: NotRequired[int]
    memory_mib: NotRequired[int]
    gpus: NotRequired[int]
    timeout: NotRequired[int]
    nodes: NotRequired[int]
    tags: NotRequired[dict[str, str]]


class KeptSpec(TypedDict):
    spec: TrainingSpec


class LogLine(TypedDict):
    at: str
    level: NotRequired[Literal["debug", "info", "warning", "error"]]
    message: str
    progress: NotRequired[Progress | None]


class LogPage(TypedDict):
    lines: list[LogLine]
    next: int


class Otherwise(TypedDict):
    decision: str
    reason: NotRequired[str]


class Progress(TypedDict):
    step: int
    steps: int
    loss: NotRequired[float | None]
    metric: NotRequired[float | None]
    eta_seconds: NotRequired[float | None]
    dollars: NotRequired[float | None]


class PutSpec(TypedDict):
    spec: TrainingSpec
    waiting_for: str | None


class Resources(TypedDict):
    gpus: NotRequired[int]
    vcpus: NotRequired[int]
    memory_mib: NotRequired[int]
    spot: NotRequired[bool]
    max_hours: NotRequired[float]


class RunList(TypedDict):
    runs: list[RunState]


class RunState(TypedDict):
    schema_version: NotRequired[Literal[1]]
    run: str
    model: str
    dataset: str
    dataset_version: str
    state: Literal["submitted", "running", "succeeded", "published", "refused", "failed", "cancelled"]
    job_id: NotRequired[str | None]
    attempt: NotRequired[int]
    progress: NotRequired[Progress | None]
    reason: NotRequired[str | None]
    exit_code: NotRequired[int | None]
    version: NotRequired[str | None]
    log_tail: NotRequired[list[str]]
    submitted_at: str
    started_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    cost_usd: NotRequired[float | None]


class SpecList(TypedDict):
    specs: list[TrainingSpec | BrokenSpec]


class TrainingPlan(TypedDict):
    run: str
    model: str
    dataset: str
    dataset_version: str
    algorithm: str
    metric: str
    classes: int
    features: list[Feature]
    job: JobRequest
    cost: CostRange
    reasons: list[str]
    warnings: list[str]


class TrainingRollout(TypedDict):
    alias: NotRequired[str]
    strategy: NotRequired[Literal["direct", "canary", "shadow"]]
    percent: NotRequired[float]
    rule: NotRequired[Rule]


class TrainingSpec(TypedDict):
    schema_version: NotRequired[Literal[1]]
    model: str
    task: Literal["classification", "regression", "image_classification"]
    dataset: str
    target: NotRequired[str | None]
    exclude: NotRequired[list[str]]
    algorithm: NotRequired[Literal["auto", "logistic", "linear", "lightgbm", "cnn"]]
    hyperparameters: NotRequired[dict[str, Any]]
    metric: NotRequired[str | None]
    seed: NotRequired[int]
    gate: NotRequired[Gate]
    resources: NotRequired[Resources]
    rollout: NotRequired[TrainingRollout]
    decisions: NotRequired[Decisions | None]
    explanations: NotRequired[bool]
    on_new_data: NotRequired[Literal["train", "ignore"]]
