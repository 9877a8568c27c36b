"""A model package into the lake: the graph first, the manifest last, so that what has a manifest is whole."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from lepton import lake
from lepton.dataset.manifest import DatasetManifest
from lepton.decision import rules
from lepton.explanation import explainer
from lepton.model_package.manifest import Artifact, Measurements, ModelManifest, Signature
from lepton.ports import ObjectStore
from lepton.training.run import TrainingRequest
from lepton.training.spec import TrainingSpec
from trainer.graph import OPSET
from trainer.trained import Trained

GRAPH = "model.onnx"


def version_of(onnx: bytes, signature: Signature, beside: Mapping[str, bytes] | None = None) -> str:
    """The content address of a model: of its graph, its signature and the files beside it by name.

    So not of when or by whom it was trained; and other rules on the same graph are another version.
    """
    canonical = json.dumps(signature.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    parts = [part for name, body in sorted((beside or {}).items()) for part in (name.encode(), body)]
    return lake.short_digest(onnx, canonical.encode(), *parts)


def files_beside(spec: TrainingSpec, trained: Trained) -> dict[str, bytes]:
    """What is published beside the graph, by file name."""
    made = {}
    if trained.explainer is not None:
        made[explainer.FILE] = trained.explainer.model_dump_json(exclude_none=True).encode()
    if spec.decisions is not None:
        made[rules.FILE] = spec.decisions.body()
    return made


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
    beside = files_beside(spec, trained)
    artifacts = {name: _artifact(name, body) for name, body in beside.items()}
    return ModelManifest(
        model=spec.model,
        version=version_of(trained.onnx, trained.signature, beside),
        run=request.run,
        dataset=dataset.name,
        dataset_version=dataset.version,
        task=spec.task,
        algorithm=spec.resolved_algorithm,
        target=spec.target or "folder",
        signature=trained.signature,
        artifact=_artifact(GRAPH, trained.onnx),
        opset=OPSET,
        measurements=measurements,
        learning_curve=trained.curve,
        hyperparameters=spec.parameters().model_dump(),
        trained_seconds=round(seconds, 3),
        libraries=dict(trained.libraries),
        created_at=now.isoformat(),
        explainer=artifacts.get(explainer.FILE),
        decisions=artifacts.get(rules.FILE),
    )


def _artifact(name: str, body: bytes) -> Artifact:
    return Artifact(file=name, bytes=len(body), sha256=hashlib.sha256(body).hexdigest())


def write_package(
    store: ObjectStore, manifest: ModelManifest, onnx: bytes, beside: Mapping[str, bytes] | None = None
) -> None:
    """Write all objects. The same version again replaces them with the same files and newer measurements."""
    prefix = lake.package_prefix(manifest.model, manifest.version)
    store.put(prefix + manifest.artifact.file, onnx)
    for name, content in (beside or {}).items():
        store.put(prefix + name, content, content_type="application/json")
    body = manifest.model_dump_json(indent=1).encode()
    store.put(lake.package_manifest(manifest.model, manifest.version), body, content_type="application/json")
