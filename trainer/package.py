"""A model package into the lake: the graph first, the manifest last, so that what has a manifest is whole."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from lepton import lake
from lepton.dataset.manifest import DatasetManifest
from lepton.model_package.manifest import Artifact, Measurements, ModelManifest, Signature
from lepton.ports import ObjectStore
from lepton.training.run import TrainingRequest
from trainer.graph import OPSET
from trainer.trained import Trained

GRAPH = "model.onnx"


def version_of(onnx: bytes, signature: Signature) -> str:
    """The content address of a model: of its graph and its signature, so not of when or by whom it was trained."""
    canonical = json.dumps(signature.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return lake.short_digest(onnx, canonical.encode())


def package_manifest(
    request: TrainingRequest,
    dataset: DatasetManifest,
    trained: Trained,
    measurements: Measurements,
    *,
    seconds: float,
    now: datetime,
) -> ModelManifest:
    """The manifest as a value: nothing is written."""
    spec = request.spec
    artifact = Artifact(file=GRAPH, bytes=len(trained.onnx), sha256=hashlib.sha256(trained.onnx).hexdigest())
    return ModelManifest(
        model=spec.model,
        version=version_of(trained.onnx, trained.signature),
        run=request.run,
        dataset=dataset.name,
        dataset_version=dataset.version,
        task=spec.task,
        algorithm=spec.resolved_algorithm,
        target=spec.target or "folder",
        signature=trained.signature,
        artifact=artifact,
        opset=OPSET,
        measurements=measurements,
        learning_curve=trained.curve,
        hyperparameters=spec.parameters().model_dump(),
        trained_seconds=round(seconds, 3),
        libraries=dict(trained.libraries),
        created_at=now.isoformat(),
    )


def write_package(store: ObjectStore, manifest: ModelManifest, onnx: bytes) -> None:
    """Write both objects. The same version again replaces them with the same graph and newer measurements."""
    prefix = lake.package_prefix(manifest.model, manifest.version)
    store.put(prefix + manifest.artifact.file, onnx)
    body = manifest.model_dump_json(indent=1).encode()
    store.put(lake.package_manifest(manifest.model, manifest.version), body, content_type="application/json")
