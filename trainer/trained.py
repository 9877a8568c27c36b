"""What a training gives, whatever the algorithm: a graph, and the model it was made from to hold the graph against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lepton.explanation.explainer import Explainer
from lepton.model_package.manifest import LearningPoint, Signature
from trainer.dataset import Array


@dataclass(frozen=True, slots=True)
class Trained:
    """`scores` is the trained model itself: inputs to (N, C) probabilities, or to (N,) predictions for regression.

    `libraries` are those that the result depends on, with their versions. `explainer`: what answers are explained by,
    where there is more to it than running the graph.
    """

    onnx: bytes
    signature: Signature
    scores: Callable[[Mapping[str, Array]], Array]
    curve: tuple[LearningPoint, ...]
    libraries: Mapping[str, str]
    explainer: Explainer | None = None
