"""What the functions tell each other over the bus: one frozen, versioned model for each kind of event.

On the wire: EventBridge `source` is `lepton.<function>`, `detail-type` is `Event.detail_type`, and `detail`
is the model as JSON. The JSON schemas are generated into docs/events/, golden files lie in events/.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """The root of all events: never published itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    detail_type: ClassVar[str]
    source: ClassVar[str]
    schema_version: Literal[1] = 1


class DatasetReady(Event):
    """A dataset version is complete in the lake."""

    detail_type = "Dataset Ready"
    source = "lepton.ingest"
    name: str
    version: str
    kind: Literal["table", "images"]
    rows: int
    quarantined: int
    manifest: str
    upload: str


class DatasetRejected(Event):
    """An upload gave no dataset version; the upload's receipt says why."""

    detail_type = "Dataset Rejected"
    source = "lepton.ingest"
    name: str
    upload: str
    key: str
    reason: str
    message: str


class TrainingSubmitted(Event):
    """A run was handed to Batch."""

    detail_type = "Training Submitted"
    source = "lepton.train_trigger"
    model: str
    run: str
    dataset: str
    dataset_version: str
    job_id: str


class TrainingFailed(Event):
    """A run ended without a package; its state and log lie in the lake."""

    detail_type = "Training Failed"
    source = "lepton.train_trigger"
    model: str
    run: str
    exit_code: int | None
    reason: str


class ModelPublished(Event):
    """A package passed the gate."""

    detail_type = "Model Published"
    source = "lepton.train_trigger"
    model: str
    version: str
    run: str


class ModelRefused(Event):
    """A package did not pass the gate: each reason names the check, the figure and the bound."""

    detail_type = "Model Refused"
    source = "lepton.train_trigger"
    model: str
    version: str
    run: str
    reasons: tuple[str, ...]


class AliasMoved(Event):
    """An alias points elsewhere now, was pinned or let go, or a rollout beside it began or ended: `reason` says why."""

    detail_type = "Alias Moved"
    source = "lepton.train_trigger"
    model: str
    alias: str
    version: str
    previous: str | None
    generation: int
    by: str
    at: datetime
    reason: str = ""
    rollout: str | None = None


class DriftDetected(Event):
    """What comes in no longer looks like what was trained on."""

    detail_type = "Drift Detected"
    source = "lepton.predict"
    model: str
    version: str
    feature: str
    score: float
    bound: float


class FaultDetected(Event):
    """Something is wrong that a person should see; the system goes on with what it has."""

    detail_type = "Fault Detected"
    source = "lepton.predict"
    component: str
    what: str
    where: str
    action: str


class CapacityPlanChanged(Event):
    """A new plan is advised (or was applied) for a resource."""

    detail_type = "Capacity Plan Changed"
    source = "lepton.scale_advisor"
    resource: str
    plan: str
    action: Literal["do_nothing", "schedule"]
    cost_usd_per_day: float
    saving_usd_per_day: float
    breach_probability: float
    applied: bool


KINDS: tuple[type[Event], ...] = (
    DatasetReady,
    DatasetRejected,
    TrainingSubmitted,
    TrainingFailed,
    ModelPublished,
    ModelRefused,
    AliasMoved,
    DriftDetected,
    FaultDetected,
    CapacityPlanChanged,
)
