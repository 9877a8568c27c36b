"""An answer with everything that its enclosures are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lepton.endpoint.buffers import Tensor, Tensors
from lepton.endpoint.exchange import Reply
from lepton.endpoint.model import Model
from lepton.endpoint.request import InferAnswer, InferRequest
from lepton.model_package.manifest import ModelManifest, TensorSpec

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.receipt.digests import Described

# Encodes the answer with these extra members.
Encode = Callable[[Mapping[str, Any]], Reply]


@dataclass(frozen=True, slots=True)
class Given:
    """`media` that the answer goes out in; `seconds` when it began, when the model was at hand, decoded, and run."""

    model: Model
    request: InferRequest
    answer: InferAnswer
    media: str
    seconds: tuple[float, float, float, float]

    @property
    def manifest(self) -> ModelManifest:
        return self.model.manifest

    def output(self, name: str) -> list[Any]:
        """An output's elements in row-major order, run for once more where the request left it out."""
        if name in self.answer.outputs:
            return elements(self.answer.outputs, name)
        once_more = InferRequest(self.request.inputs, self.request.rows, outputs=(name,))
        return elements(self.model.run(once_more).outputs, name)


def elements(tensors: Mapping[str, Array], name: str) -> list[Any]:
    """The elements as Python has them, in row-major order."""
    if isinstance(tensors, Tensors):
        return tensors.tensors[name].flat()
    listed: list[Any] = tensors[name].reshape(-1).tolist()
    return listed


def described(tensors: Mapping[str, Array], specs: tuple[TensorSpec, ...]) -> Iterator[Described]:
    """Those of the tensors that are there, as a digest takes them."""
    for spec in specs:
        if spec.name in tensors:
            whole = isinstance(tensors, Tensors)
            tensor = tensors.tensors[spec.name] if whole else Tensor.of(spec.datatype, tensors[spec.name])  # type: ignore[attr-defined]
            yield spec.name, tensor.datatype, tuple(tensor.shape), tensor.data
