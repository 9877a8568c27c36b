"""The answers of the training and model HTTP API that are no object of the lake themselves."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from lepton.model_package.manifest import ModelManifest
from lepton.registry import Alias, Verdict
from lepton.training.plan import TrainingPlan
from lepton.training.run import LogLine, RunState
from lepton.training.spec import TrainingSpec


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class KeptSpec(_Answer):
    """The spec that is kept for a model."""

    spec: TrainingSpec


class PutSpec(_Answer):
    """The spec as it is kept; `waiting_for` says what must come before it can be trained."""

    spec: TrainingSpec
    waiting_for: str | None


class BrokenSpec(_Answer):
    """A kept spec that is not one any more, and why."""

    model: str
    error: str


class SpecList(_Answer):
    """Every kept spec."""

    specs: tuple[TrainingSpec | BrokenSpec, ...]


class DryRun(_Answer):
    """What would be done."""

    plan: TrainingPlan


class RunList(_Answer):
    """Runs, newest first."""

    runs: tuple[RunState, ...]


class LogPage(_Answer):
    """Log lines, and the `after` to ask with next."""

    lines: tuple[LogLine, ...]
    next: int


class ModelSummary(_Answer):
    """A model: the version that `live` points to, and how many versions there are."""

    model: str
    live: str | None
    versions: int


class ModelList(_Answer):
    """Every model, by name."""

    models: tuple[ModelSummary, ...]


class ModelVersionSummary(_Answer):
    """One version: whether it passed the gate, and its primary metric."""

    version: str
    passed: bool
    run: str
    at: datetime
    primary_metric: str | None
    metric: float | None


class ModelVersions(_Answer):
    """A model's aliases, and its versions, newest first."""

    model: str
    aliases: tuple[Alias, ...]
    versions: tuple[ModelVersionSummary, ...]


class ModelVersion(_Answer):
    """A version's manifest (null when the package is gone) and what the gate said of it."""

    manifest: ModelManifest | None
    verdict: Verdict
