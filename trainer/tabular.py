"""A model of a table, from its splits to its graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING

from lepton.dataset.manifest import Column
from lepton.model_package.manifest import Signature, TensorSpec
from lepton.training.algorithms import LightgbmParameters, LinearParameters, LogisticParameters
from lepton.training.spec import TrainingSpec
from trainer.dataset import Array, Splits
from trainer.explainer import explainer_of
from trainer.features import FeaturePlan, plan_features
from trainer.graph import class_nodes, feature_nodes, graph_bytes, number_nodes
from trainer.linear import Linear, fit_logistic, fit_ridge, softmax
from trainer.progress import Watch
from trainer.trained import Trained

if TYPE_CHECKING:
    from trainer.boosting import Boosted

_LIBRARIES = {"lightgbm": "lightgbm", "logistic": "scikit-learn", "linear": "scikit-learn"}


def train_table(spec: TrainingSpec, columns: Sequence[Column], splits: Splits, watch: Watch) -> Trained:
    """Raises DataError when no column says anything, Unavailable when stopped."""
    algorithm = spec.resolved_algorithm
    plan, told = plan_features(columns, splits.train, scaled=algorithm != "lightgbm")
    for line in told:
        watch.say(line)
    watch.say(
        f"{len(plan.columns)} columns, {len(plan.names)} features; {len(splits.train)} rows to train, "
        f"{len(splits.validation)} to validate, {len(splits.test)} to test"
    )
    model = _fitted(spec, plan, splits, watch)
    signature = table_signature(plan, columns, splits.classes)
    head = class_nodes(splits.classes) if splits.classes else number_nodes()
    nodes = model.nodes()

    def scores(inputs: Mapping[str, Array]) -> Array:
        raw = model.raw(plan.apply(inputs))
        return softmax(raw) if splits.classes else raw[:, 0]

    return Trained(
        onnx=graph_bytes([*feature_nodes(plan), *nodes, *head], signature),
        signature=signature,
        scores=scores,
        curve=model.curve,
        libraries={name: version(name) for name in ("numpy", "onnx", _LIBRARIES[algorithm])},
        explainer=explainer_of(plan, nodes, splits.train) if spec.explanations else None,
    )


def _fitted(spec: TrainingSpec, plan: FeaturePlan, splits: Splits, watch: Watch) -> Boosted | Linear:
    parameters = spec.parameters()
    if isinstance(parameters, LogisticParameters):
        return fit_logistic(plan, splits, parameters, seed=spec.seed, watch=watch)
    if isinstance(parameters, LinearParameters):
        return fit_ridge(plan, splits, parameters, watch=watch)
    assert isinstance(parameters, LightgbmParameters)  # noqa: S101  # spec and dataset were held against each other
    from trainer.boosting import boost

    return boost(plan, splits, parameters, seed=spec.seed, threads=spec.resources.vcpus, watch=watch)


def table_signature(plan: FeaturePlan, columns: Sequence[Column], classes: Sequence[str]) -> Signature:
    """One input of shape (-1, 1) for each column that is read, in the dataset's order."""
    read = set(plan.columns)
    seen = {column.name: tuple(value for value in column.categories if value) for column in plan.texts}
    inputs = tuple(
        TensorSpec(
            name=column.name,
            datatype="BYTES" if column.type == "string" else "FP32",
            shape=(-1, 1),
            nullable=column.nullable,
            categories=seen.get(column.name),
            description=f"{column.type} column",
        )
        for column in columns
        if column.name in read
    )
    return Signature(inputs=inputs, outputs=outputs_for(classes), classes=tuple(classes))


def outputs_for(classes: Sequence[str]) -> tuple[TensorSpec, ...]:
    """What a model gives: a class with probabilities in the order of `classes`, or a number."""
    if not classes:
        return (TensorSpec(name="prediction", datatype="FP32", shape=(-1,)),)
    return (
        TensorSpec(name="label", datatype="BYTES", shape=(-1,), categories=tuple(classes), closed=True),
        TensorSpec(name="probabilities", datatype="FP32", shape=(-1, len(classes))),
    )
