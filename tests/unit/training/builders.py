"""Datasets, packages and job changes as tests need them: whole and valid, with one thing changed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from lepton import lake
from lepton.dataset.manifest import Column, DatasetManifest, LatestVersion, Source
from lepton.memory import MemoryEventBus, MemoryJobQueue, MemoryObjectStore
from lepton.model_package.manifest import (
    Artifact,
    LiveComparison,
    Measurements,
    ModelManifest,
    Parity,
    Signature,
    TensorSpec,
)
from lepton.ports import ObjectStore
from lepton.training.control import Control
from lepton.training.job import JobChange
from lepton.training.plan import TrainingLimits
from lepton.training.prices import stored_prices
from lepton.training.run import RunState
from lepton.training.spec import TrainingSpec, spec_from

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIMITS = TrainingLimits("lepton-cpu", "lepton-gpu", "lepton-trainer", "lake")
FIRST, SECOND = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
GRAPH = b"an onnx graph"


def a_spec(**changes: Any) -> TrainingSpec:
    """Churn by gradient boosting."""
    plain = {"model": "churn", "task": "classification", "dataset": "telco-churn", "target": "Churn"}
    return spec_from({key: value for key, value in (plain | changes).items() if value is not None})


def columns() -> tuple[Column, ...]:
    return (
        Column(name="customerID", type="string", nullable=False),
        Column(name="gender", type="string", nullable=False, categories=("Female", "Male")),
        Column(name="tenure", type="int64", nullable=False),
        Column(name="TotalCharges", type="float64", nullable=True),
        Column(name="since", type="timestamp", nullable=False),
        Column(name="Partner", type="bool", nullable=False),
        Column(name="region", type="string", nullable=False, categories=("north",)),
        Column(name="Churn", type="string", nullable=False, categories=("No", "Yes")),
    )


def a_dataset(**changes: Any) -> DatasetManifest:
    """A table with a column of every type; `region` has a single value."""
    plain: dict[str, Any] = {
        "name": "telco-churn",
        "version": FIRST,
        "kind": "table",
        "rows": 2493,
        "quarantined": 7,
        "quarantine": None,
        "splits": {"train": 1745, "validation": 249, "test": 499},
        "columns": columns(),
        "parts": (),
        "profile": "profile.json",
        "source": Source(bucket="landing", key="telco-churn/u/f.csv", etag="e", bytes=1, upload="0" * 16),
        "created_at": NOW.isoformat(),
    }
    return DatasetManifest(**(plain | changes))


def images(**changes: Any) -> DatasetManifest:
    plain: dict[str, Any] = {"name": "digits", "kind": "images", "columns": (), "classes": ("0", "1", "2")}
    return a_dataset(**(plain | changes))


def put_dataset(store: ObjectStore, manifest: DatasetManifest) -> None:
    """As ingest leaves it: the manifest, and `latest` pointing to it."""
    store.put(lake.dataset_manifest(manifest.name, manifest.version), manifest.model_dump_json().encode())
    latest = LatestVersion(name=manifest.name, version=manifest.version, at=NOW.isoformat(), sequencer="1")
    store.put(f"datasets/{manifest.name}/latest.json", latest.model_dump_json().encode())


def a_control(*datasets: DatasetManifest, store: ObjectStore | None = None) -> Control:
    """A control in memory, with these datasets in its lake."""
    lake_store = store or MemoryObjectStore()
    for manifest in datasets:
        put_dataset(lake_store, manifest)
    return Control(lake_store, MemoryJobQueue(), MemoryEventBus(), LIMITS, stored_prices())


def measured(**changes: Any) -> Measurements:
    plain: dict[str, Any] = {
        "metrics": {"auc": 0.84},
        "primary_metric": "auc",
        "parity": Parity(rows=499, flips=0, p999_difference=1e-6),
        "latency_ms": 0.4,
        "load_ms": 12.0,
        "size_bytes": 400_000,
    }
    return Measurements(**(plain | changes))


def against(version: str, difference: float, low: float, high: float) -> LiveComparison:
    return LiveComparison(version=version, metric="auc", difference=difference, low=low, high=high, rows=499)


def a_package(run: str, version: str, graph: bytes = GRAPH, **changes: Any) -> ModelManifest:
    floats = TensorSpec(name="tenure", datatype="FP32", shape=(-1, 1))
    plain: dict[str, Any] = {
        "model": "churn",
        "version": version,
        "run": run,
        "dataset": "telco-churn",
        "dataset_version": FIRST,
        "task": "classification",
        "algorithm": "lightgbm",
        "target": "Churn",
        "signature": Signature(inputs=(floats,), outputs=(), classes=("No", "Yes")),
        "artifact": Artifact(file="model.onnx", bytes=len(graph), sha256=hashlib.sha256(graph).hexdigest()),
        "opset": 18,
        "measurements": measured(size_bytes=len(graph)),
        "learning_curve": (),
        "hyperparameters": {},
        "trained_seconds": 3.0,
        "libraries": {},
        "created_at": NOW.isoformat(),
    }
    return ModelManifest(**(plain | changes))


def train(control: Control, run: str, version: str, graph: bytes = GRAPH, **changes: Any) -> RunState:
    """What the trainer does to the lake when all goes well."""
    package = a_package(run, version, graph, **changes)
    control.lake.put(lake.package_prefix("churn", version) + "model.onnx", graph)
    control.lake.put(lake.package_manifest("churn", version), package.model_dump_json().encode())
    return control.runs.update(run, lambda state: state.model_copy(update={"state": "succeeded", "version": version}))


def job_of(
    state: RunState, status: str = "SUCCEEDED", code: int | None = 0, seconds: float = 90, **more: Any
) -> JobChange:
    """The end of a run's job, one attempt long."""
    began = int(NOW.timestamp() * 1000)
    ended = int((NOW + timedelta(seconds=seconds)).timestamp() * 1000)
    container = {"exitCode": code} | more.pop("container", {})
    attempt = {"container": container, "startedAt": began, "stoppedAt": ended}
    plain = {"jobName": f"lepton-{state.run}", "jobId": state.job_id or "job-0", "status": status}
    times = {"startedAt": began, "stoppedAt": ended, "attempts": [attempt], "container": container}
    return JobChange.model_validate(plain | times | more)
