"""The decision table of a spec, held against the finished graph: what it names is there, and its examples hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lepton.decision.examples import run_examples
from lepton.decision.vocabulary import Vocabulary, check
from lepton.model_package.manifest import Signature
from lepton.training.spec import TrainingSpec
from trainer.dataset import Array
from trainer.progress import Watch
from trainer.session import Session
from trainer.trained import Trained


def hold_to_examples(spec: TrainingSpec, trained: Trained, watch: Watch) -> None:
    """Raises InvalidSpec with a pointer to the rule or example that does not hold."""
    if spec.decisions is None:
        return
    vocabulary = Vocabulary.of_signature(trained.signature)
    check(spec.decisions, vocabulary)
    session = Session(trained.onnx)

    def ask(values: Mapping[str, Any]) -> Mapping[str, Any]:
        return _outputs(session.run(one_row(values, trained.signature)), trained.signature)

    held, _ = run_examples(spec.decisions, vocabulary, ask)
    watch.say(f"{len(spec.decisions.rules)} decision rules, {held} examples of them hold")


def one_row(values: Mapping[str, Any], signature: Signature) -> dict[str, Array]:
    """The graph's inputs for one row; what is not given is missing, pixels are black."""
    row: dict[str, Array] = {}
    for spec in signature.inputs:
        shape = (1, *spec.shape[1:])
        value = values.get(spec.name)
        if spec.datatype == "BYTES":
            row[spec.name] = np.full(shape, "" if value is None else value, dtype=object)
        elif spec.datatype == "UINT8":
            row[spec.name] = np.zeros(shape, dtype=np.uint8)
        else:
            row[spec.name] = np.full(shape, np.nan if value is None else value, dtype=np.float32)
    return row


def _outputs(answer: Mapping[str, Array], signature: Signature) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, array in answer.items():
        values = array[0].tolist() if array.ndim > 1 else array.tolist()[0]
        told[name] = dict(zip(signature.classes, values, strict=True)) if isinstance(values, list) else values
    return told
