"""A model version in memory: its manifest and an ONNX Runtime session, proved to fit each other."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod
from typing import TYPE_CHECKING, Any

from lepton.endpoint.buffers import SIZES, Tensor, Tensors
from lepton.endpoint.lane import Form, Lane, fits
from lepton.endpoint.request import InferAnswer
from lepton.endpoint.session import Session
from lepton.errors import CorruptArtifact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from lepton.endpoint.request import InferRequest
    from lepton.model_package.manifest import ModelManifest, TensorSpec

KINDS = 16  # how many forms of a request (rows, outputs asked for) have lanes of their own


@dataclass(frozen=True, slots=True)
class Model:
    """Loaded, warm, and safe to run from several threads."""

    manifest: ModelManifest
    session: Session
    names: tuple[str, ...]  # of the outputs, in the signature's order
    lanes: dict[tuple[Any, ...], list[Lane] | None] = field(default_factory=dict, repr=False, compare=False)

    def run(self, request: InferRequest) -> InferAnswer:
        """Raises CorruptArtifact when the graph fails on, or answers beside, what its signature promises."""
        names, rows = request.outputs or self.names, request.rows
        feeds = _tensors(request.inputs, self.manifest.signature.inputs)
        try:
            free = self._free(names, rows)
            if free is None:
                return self._checked(dict(zip(names, self.session.run(names, feeds), strict=True)), rows)
            # What a lane lays down for an output is what the signature promises: ONNX Runtime holds the graph to it.
            try:
                lane = free.pop()
            except IndexError:
                lane = Lane(self.session, *self._forms(names, rows))
            outputs = lane.run(feeds)
        except CorruptArtifact as error:
            raise self._broken(f"failed on an input that fits its signature: {error.message}") from error
        free.append(lane)
        return InferAnswer(Tensors(outputs), rows)

    def prove(self) -> None:
        """Run one row of nothing, without a lane that would lay down what is to be proved. Raises CorruptArtifact."""
        blank = _blank(self.manifest)
        try:
            outputs = self.session.run(self.names, blank)
        except CorruptArtifact as error:
            raise self._broken(f"failed on an input that fits its signature: {error.message}") from error
        self._checked(dict(zip(self.names, outputs, strict=True)), 1)

    def _free(self, names: tuple[str, ...], rows: int) -> list[Lane] | None:
        """The lanes that nobody uses; None when requests like this one have none."""
        key = (rows, names)
        if key not in self.lanes:
            if len(self.lanes) >= KINDS:
                return None
            inputs, outputs = self._forms(names, rows)
            self.lanes[key] = [] if fits([*inputs, *outputs]) else None
        return self.lanes[key]

    def _forms(self, names: tuple[str, ...], rows: int) -> tuple[list[Form], list[Form]]:
        """Inputs and outputs of so many rows; a dimension that varies stays -1."""
        signature = self.manifest.signature
        specs = {spec.name: spec for spec in signature.outputs}
        return _formed(signature.inputs, rows), _formed([specs[name] for name in names], rows)

    def _checked(self, outputs: dict[str, Tensor], rows: int) -> InferAnswer:
        for spec in self.manifest.signature.outputs:
            if spec.name in outputs:
                self._check(spec, outputs[spec.name], rows)
        return InferAnswer(Tensors(outputs), rows)

    def _check(self, spec: TensorSpec, tensor: Tensor, rows: int) -> None:
        if tensor.datatype != spec.datatype:
            raise self._broken(f"gave {spec.name!r} as {tensor.datatype}, promised {spec.datatype}")
        shape = tensor.shape
        good = len(shape) == len(spec.shape) and shape[0] == rows
        if not good or any(size not in (-1, given) for size, given in zip(spec.shape, shape, strict=True)):
            raise self._broken(f"gave {spec.name!r} of shape {list(shape)}, promised {list(spec.shape)}")

    def _broken(self, what: str) -> CorruptArtifact:
        return CorruptArtifact(f"model {self.manifest.model} {self.manifest.version} {what}")


def load(manifest: ModelManifest, graph: bytes, threads: int) -> Model:
    """Make the session, hold it against the signature, and run it once. Raises CorruptArtifact."""
    try:
        session = Session(graph, threads)
    except CorruptArtifact as error:
        raise CorruptArtifact(f"model {manifest.model} {manifest.version} does not load: {error.message}") from error
    model = Model(manifest, session, tuple(spec.name for spec in manifest.signature.outputs))
    _check_names(model)
    model.prove()
    return model


def _check_names(model: Model) -> None:
    signature = model.manifest.signature
    said = {spec.name for spec in signature.inputs}, {spec.name for spec in signature.outputs}
    if set(model.session.inputs) != said[0] or not said[1] <= set(model.session.outputs):
        raise CorruptArtifact(f"the graph of {model.manifest.model} {model.manifest.version} is not its signature's")


def _blank(manifest: ModelManifest) -> dict[str, Tensor]:
    """One row of nothing: known categories where there are some, zeros elsewhere."""
    inputs = {}
    for spec in manifest.signature.inputs:
        shape = (1, *(1 if size == -1 else size for size in spec.shape[1:]))
        texts = [(spec.categories or ("",))[0]] * prod(shape)
        data = texts if spec.datatype == "BYTES" else bytes(SIZES[spec.datatype] * prod(shape))
        inputs[spec.name] = Tensor(spec.datatype, shape, data)
    return inputs


def _formed(specs: Iterable[TensorSpec], rows: int) -> list[Form]:
    return [(spec.name, spec.datatype, (rows, *spec.shape[1:])) for spec in specs]


def _tensors(inputs: Mapping[str, Any], specs: Iterable[TensorSpec]) -> dict[str, Tensor]:
    """The inputs as they lie in memory, whether they came as tensors or as arrays."""
    if isinstance(inputs, Tensors):
        return inputs.tensors
    return {spec.name: Tensor.of(spec.datatype, inputs[spec.name]) for spec in specs}
