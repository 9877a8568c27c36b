"""The decision table of a spec against the dataset that it is planned on: what a rule names will be there."""

from __future__ import annotations

from lepton.dataset.manifest import Column, DatasetManifest
from lepton.decision.examples import run_examples
from lepton.decision.vocabulary import Vocabulary, check
from lepton.training.features import used_columns
from lepton.training.spec import TrainingSpec


def check_decisions(spec: TrainingSpec, manifest: DatasetManifest) -> str | None:
    """What was checked, in a line; None without a table. Raises InvalidSpec with a pointer into the spec.

    Examples that leave out the outputs wait for the trained model.
    """
    if spec.decisions is None:
        return None
    vocabulary = planned_vocabulary(spec, manifest)
    check(spec.decisions, vocabulary)
    held, later = run_examples(spec.decisions, vocabulary, None)
    return f"{len(spec.decisions.rules)} decision rules: {held} examples hold, {later} wait for the trained model"


def planned_vocabulary(spec: TrainingSpec, manifest: DatasetManifest) -> Vocabulary:
    """What the signature of the model will offer, as far as it is known before training."""
    inputs = {
        ("input", column.name): "BYTES" if column.type == "string" else "FP32"
        for column in (used_columns(spec, manifest) if manifest.kind == "table" else ())
    }
    if spec.task == "regression":
        return Vocabulary(inputs | {("output", "prediction"): "FP32"}, frozenset(), ())
    outputs = {("output", "label"): "BYTES", ("output", "probabilities"): "FP32"}
    target = next((column for column in manifest.columns if column.name == spec.target), None)
    classes = manifest.classes if target is None else _classes(target)
    return Vocabulary(inputs | outputs, frozenset({"probabilities"}), classes)


def _classes(target: Column) -> tuple[str, ...] | None:
    if target.type == "bool":
        return ("false", "true")
    return tuple(value for value in target.categories if value) if target.categories else None
