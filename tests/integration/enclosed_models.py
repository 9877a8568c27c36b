"""Packages of really trained models in a lake, with explain.json and decisions.json beside the graph."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lepton.dataset.manifest import DatasetManifest, Source
from lepton.model_package.manifest import Measurements
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict
from lepton.training.run import TrainingRequest
from lepton.training.spec import spec_from
from trainer.package import files_beside, package_manifest, write_package
from trainer.trained import Trained

AT = datetime(2026, 1, 1, tzinfo=UTC)
RULES = {
    "rules": [
        {
            "rule": "sure",
            "when": [{"output": "probabilities", "class": "b", "op": ">=", "value": 0.9}],
            "decision": "call",
            "reason": "nearly certain",
        },
        {
            "rule": "old-and-unsure",
            "when": [{"any": [{"input": "age", "op": ">", "value": 60}, {"input": "age", "op": "is_missing"}]}],
            "decision": "write",
            "reason": "age over 60 or unknown",
        },
    ],
    "otherwise": {"decision": "nothing", "reason": "no rule holds"},
    "tests": [{"inputs": {"age": 70}, "outputs": {"probabilities": {"b": 0.5}}, "decision": "write"}],
}
ROW = {"age": 70.0, "fee": 40.0, "plan": "pro", "calls": 3.0, "town": "x"}
OTHER = {"age": 20.0, "fee": 5.0, "plan": "", "calls": 0.0, "town": "y"}


def spec(name: str, **fields: Any) -> dict[str, Any]:
    return {"model": name, "task": "classification", "dataset": "d", "target": "t", "algorithm": "logistic"} | fields


def published(store: ObjectStore, name: str, trained: Trained, **fields: Any) -> str:
    """Written as the trainer writes it, passed and live; the version."""
    wanted = spec_from(spec(name, **fields))
    source = Source(bucket="b", key="k", etag="e", bytes=1, upload="0" * 16)
    facts: dict[str, Any] = {"quarantined": 0, "quarantine": None, "splits": {}, "parts": (), "profile": "p"}
    dataset = DatasetManifest(
        name="d", version="0" * 12, kind="table", rows=1, columns=(), source=source, created_at="", **facts
    )
    request = TrainingRequest(
        run=f"{name}-0123456789ab", spec=wanted, dataset="d", dataset_version="0" * 12, submitted_at=AT
    )
    measured = Measurements.model_validate(
        {
            "metrics": {"auc": 0.9},
            "primary_metric": "auc",
            "parity": {"rows": 1, "flips": 0, "p999_difference": 0.0},
            "latency_ms": 0.1,
            "load_ms": 1.0,
            "size_bytes": len(trained.onnx),
        }
    )
    manifest = package_manifest(request, dataset, trained, measured, seconds=1, now=AT)
    write_package(store, manifest, trained.onnx, files_beside(wanted, trained))
    registry = Registry(store)
    registry.record(Verdict(model=name, version=manifest.version, run=request.run, passed=True, checks=(), at=AT))
    registry.promote(name, "live", manifest.version, by="test", at=AT)
    return manifest.version


def tensors(*rows: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows as inputs of the protocol."""
    return [
        {
            "name": name,
            "shape": [len(rows), 1],
            "datatype": "BYTES" if isinstance(rows[0][name], str) else "FP32",
            "data": [row[name] for row in rows],
        }
        for name in rows[0]
    ]
