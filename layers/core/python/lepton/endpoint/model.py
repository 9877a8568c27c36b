"""A model version in memory: its manifest and an onnxruntime session, proved to fit each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from lepton.endpoint.request import NUMPY, Array, InferAnswer, InferRequest
from lepton.errors import CorruptArtifact
from lepton.model_package.manifest import ModelManifest, TensorSpec

# onnxruntime's exceptions have no root of their own.
_ORT = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.InvalidGraph,
    ort_errors.InvalidProtobuf,
    ort_errors.NoSuchFile,
    ort_errors.NotImplemented,
    ort_errors.RuntimeException,
    RuntimeError,
)


@dataclass(frozen=True, slots=True)
class Model:
    """Loaded, warm, and safe to run from several threads."""

    manifest: ModelManifest
    session: Any

    def run(self, request: InferRequest) -> InferAnswer:
        """Raises CorruptArtifact when the graph fails on, or answers beside, what its signature promises."""
        specs = {spec.name: spec for spec in self.manifest.signature.outputs}
        names = list(request.outputs or specs)
        try:
            arrays = self.session.run(names, dict(request.inputs))
        except _ORT as error:
            raise self._broken(f"failed on an input that fits its signature: {error}") from error
        for name, array in zip(names, arrays, strict=True):
            self._check(specs[name], array, request.rows)
        return InferAnswer(dict(zip(names, arrays, strict=True)), request.rows)

    def _check(self, spec: TensorSpec, array: Array, rows: int) -> None:
        if not isinstance(array, np.ndarray):
            raise self._broken(f"gave {spec.name!r} as {type(array).__name__}, which is no tensor")
        good = len(array.shape) == len(spec.shape) and array.shape[0] == rows
        if not good or any(size not in (-1, given) for size, given in zip(spec.shape, array.shape, strict=True)):
            raise self._broken(f"gave {spec.name!r} of shape {list(array.shape)}, promised {list(spec.shape)}")
        if array.dtype != NUMPY[spec.datatype]:
            raise self._broken(f"gave {spec.name!r} as {array.dtype}, promised {spec.datatype}")

    def _broken(self, what: str) -> CorruptArtifact:
        return CorruptArtifact(f"model {self.manifest.model} {self.manifest.version} {what}")


def load(manifest: ModelManifest, graph: bytes, threads: int) -> Model:
    """Make the session, hold it against the signature, and run it once. Raises CorruptArtifact."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that spin between calls burn the CPU share that the function is billed for.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except _ORT as error:
        raise CorruptArtifact(f"model {manifest.model} {manifest.version} does not load: {error}") from error
    model = Model(manifest, session)
    _check_names(model)
    model.run(_blank(manifest))
    return model


def _check_names(model: Model) -> None:
    signature = model.manifest.signature
    graph = {one.name for one in model.session.get_inputs()}, {one.name for one in model.session.get_outputs()}
    said = {spec.name for spec in signature.inputs}, {spec.name for spec in signature.outputs}
    if graph[0] != said[0] or not said[1] <= graph[1]:
        raise CorruptArtifact(f"the graph of {model.manifest.model} {model.manifest.version} is not its signature's")


def _blank(manifest: ModelManifest) -> InferRequest:
    """One row of nothing: known categories where there are some, zeros elsewhere."""
    inputs = {}
    for spec in manifest.signature.inputs:
        shape = (1, *(1 if size == -1 else size for size in spec.shape[1:]))
        filler: Any = (spec.categories or ("",))[0] if spec.datatype == "BYTES" else 0
        inputs[spec.name] = np.full(shape, filler, dtype=NUMPY[spec.datatype])
    return InferRequest(inputs, 1)
