"""The files beside a version's graph, read when they are first needed and kept for as many versions as are in use."""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from lepton import lake
from lepton.decision.table import DecisionTable, compiled
from lepton.endpoint.buffers import Tensor, Tensors
from lepton.endpoint.model import Model
from lepton.endpoint.request import InferRequest
from lepton.errors import CorruptArtifact, NotFound
from lepton.model_package.manifest import Artifact, ModelManifest
from lepton.ports import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lepton.endpoint.buffers import Array
    from lepton.explanation.exact import ExactScores
    from lepton.explanation.explainer import Explainer
    from lepton.explanation.explaining import Explanations

KEPT = 16
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class _Key:
    kind: str
    model: str
    version: str


class Beside:
    """One for each process; safe for several threads. All methods raise CorruptArtifact, TransientError."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._kept: OrderedDict[_Key, Any] = OrderedDict()
        self._lock = threading.Lock()

    def decisions(self, manifest: ModelManifest) -> DecisionTable | None:
        """The version's table; None when it has none."""
        artifact = manifest.decisions
        if artifact is None:
            return None
        signature = manifest.signature
        datatypes = {("input", spec.name): spec.datatype for spec in signature.inputs}
        datatypes |= {("output", spec.name): spec.datatype for spec in signature.outputs}
        return self._made(
            _Key("decisions", manifest.model, manifest.version),
            lambda: compiled(json.loads(self._read(manifest, artifact)), datatypes),
        )

    def explanations(self, model: Model) -> Explanations:
        """What explains this version; without explain.json it can only be asked."""
        from lepton.explanation.explaining import Explanations

        manifest = model.manifest
        key = _Key("explainer", manifest.model, manifest.version)
        explainer, exact = self._made(key, lambda: self._explainer(manifest))
        return Explanations(manifest.signature, explainer, exact, _runner(model), time.perf_counter)

    def _explainer(self, manifest: ModelManifest) -> tuple[Explainer | None, ExactScores | None]:
        from lepton.explanation.exact import ExactScores
        from lepton.explanation.explainer import Explainer

        if manifest.explainer is None:
            return None, None
        explainer = Explainer.model_validate_json(self._read(manifest, manifest.explainer))
        return explainer, ExactScores.of(explainer, manifest.signature)

    def _made(self, key: _Key, make: Callable[[], Made]) -> Made:
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                held: Made = self._kept[key]
                return held
        made = make()  # not under the lock: reading one model's files holds up no other
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def _read(self, manifest: ModelManifest, artifact: Artifact) -> bytes:
        key = lake.package_prefix(manifest.model, manifest.version) + artifact.file
        try:
            blob = self._store.get(key)
        except NotFound as error:
            raise CorruptArtifact(f"{key} is missing", hint="publish the version again") from error
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        if hashlib.sha256(blob.body).hexdigest() != artifact.sha256:
            raise CorruptArtifact(f"{key} is not what its manifest's digest says", hint="publish the version again")
        return blob.body


def _runner(model: Model) -> Callable[[Mapping[str, Array]], Mapping[str, Array]]:
    """The model as a function of arrays; texts among its outputs are left out, as nothing explains them."""
    specs = {spec.name: spec for spec in model.manifest.signature.inputs}
    outputs = tuple(spec.name for spec in model.manifest.signature.outputs if spec.datatype != "BYTES")

    def run(inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        tensors = Tensors({name: Tensor.of(specs[name].datatype, array) for name, array in inputs.items()})
        rows = len(next(iter(inputs.values())))
        return model.run(InferRequest(tensors, rows, outputs=outputs)).outputs

    return run
