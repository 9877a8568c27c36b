"""What the gate wants to know of a graph: how good, how like its model, how fast, how large, how it compares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np

from lepton import lake
from lepton.errors import DataError, LeptonError, NotFound
from lepton.model_package.manifest import LiveComparison, Measurements, ModelManifest, Parity
from lepton.ports import ObjectStore
from lepton.registry.registry import Registry
from lepton.training.metrics import default_metric
from lepton.training.spec import TrainingSpec
from trainer.dataset import Array, Rows, Splits
from trainer.metrics import measured, paired_bootstrap
from trainer.progress import Watch
from trainer.session import Session, load_milliseconds, row_milliseconds
from trainer.trained import Trained

NEAR = 200  # rows of train and validation nearest to the decision boundary, added to the parity check
MANY_ROWS = 20_000  # from here on the interval is narrow, and fewer draws are enough


def measure(spec: TrainingSpec, trained: Trained, splits: Splits, store: ObjectStore, watch: Watch) -> Measurements:
    """All figures, on the test split. Raises DataError when the primary metric is not defined there."""
    session = Session(trained.onnx)
    scores = session.scores(splits.test)  # (T, C) or (T,)
    primary = spec.metric or default_metric(spec.task, len(splits.classes))
    figures = measured(spec.task, splits.test.target, scores)
    if primary not in figures:
        raise DataError(
            f"{primary} is not defined on the test split: {len(splits.test)} rows, {len(splits.classes)} classes",
            pointer="/metric",
            hint=f"choose one of {', '.join(figures)}, or upload more rows",
        )
    return Measurements(
        metrics=figures,
        primary_metric=primary,
        parity=parity(trained, session, splits),
        live=against_live(spec, primary, splits, scores, store, watch),
        latency_ms=round(row_milliseconds(session, splits.test), 4),
        load_ms=round(load_milliseconds(trained.onnx), 3),
        size_bytes=len(trained.onnx),
    )


def parity(trained: Trained, session: Session, splits: Splits) -> Parity:
    """Graph against model on the test rows and on those train and validation rows where the decision is closest."""
    rows = joined(splits.test, nearest(trained, splits.validation), nearest(trained, splits.train))
    wanted, given = trained.scores(rows.inputs), session.answers(rows)
    if splits.classes:
        names = np.array(splits.classes, dtype=object)[wanted.argmax(axis=1)]
        flips, difference = names != given["label"], np.abs(given["probabilities"] - wanted).max(axis=1)
    else:
        difference = np.abs(given["prediction"] - wanted)
        flips = difference > 1e-3 * float(splits.test.target.std())
    return Parity(
        rows=len(rows),
        flips=int(flips.sum()),
        p999_difference=float(np.quantile(difference, 0.999)),
    )


def nearest(trained: Trained, rows: Rows) -> Rows:
    """The NEAR rows whose two best classes are closest; for regression just the first ones."""
    if not trained.signature.classes:
        return rows.take(np.arange(min(NEAR, len(rows))))
    best = np.sort(trained.scores(rows.inputs), axis=1)[:, -2:]  # (N, 2)
    return rows.take(np.argsort(best[:, 1] - best[:, 0], kind="stable")[:NEAR])


def joined(*parts: Rows) -> Rows:
    """All rows of the parts, one part after another."""
    inputs = {name: np.concatenate([part.inputs[name] for part in parts]) for name in parts[0].inputs}
    return Rows(inputs, np.concatenate([part.target for part in parts]))


def against_live(
    spec: TrainingSpec, metric: str, splits: Splits, scores: Array, store: ObjectStore, watch: Watch
) -> LiveComparison | None:
    """This version against the one that the alias points to, on the same test rows; None when they do not compare."""
    try:
        alias, _ = Registry(store).alias(spec.model, spec.rollout.alias)
    except NotFound:
        watch.say(f"no version is {spec.rollout.alias!r} yet: nothing to compare with")
        return None
    try:
        manifest, live = live_session(store, spec.model, alias.version)
    except LeptonError as error:
        watch.say(f"version {alias.version} is {spec.rollout.alias!r}, but cannot be compared with: {error}")
        return None
    if (why := unlike(manifest, splits)) is not None:
        watch.say(f"version {alias.version} is {spec.rollout.alias!r}, but cannot be compared with: {why}")
        return None
    rng = np.random.default_rng(spec.seed)
    draws = 1000 if len(splits.test) < MANY_ROWS else 200
    theirs = live.scores(splits.test)
    difference, low, high = paired_bootstrap(metric, splits.test.target, scores, theirs, rng, draws)
    watch.say(f"{metric} {difference:+.4f} against {alias.version} ({low:+.4f} to {high:+.4f})")
    return LiveComparison(
        version=alias.version, metric=metric, difference=difference, low=low, high=high, rows=len(splits.test)
    )


def live_session(store: ObjectStore, model: str, version: str) -> tuple[ModelManifest, Session]:
    """A published version, its digest checked. Raises NotFound, TransientError."""
    blob = store.get(lake.package_manifest(model, version))
    assert blob is not None  # noqa: S101  # get answers None only when an etag was given
    manifest = ModelManifest.model_validate_json(blob.body)
    artifact = store.get(lake.package_prefix(model, version) + manifest.artifact.file)
    if artifact is None or hashlib.sha256(artifact.body).hexdigest() != manifest.artifact.sha256:
        raise NotFound(f"the graph of {model} {version} is not what its manifest says")
    return manifest, Session(artifact.body)


def unlike(live: ModelManifest, splits: Splits) -> str | None:
    """Why the live version cannot answer the same rows; None when it can."""
    if live.signature.classes != splits.classes:
        return "its classes are others"
    for spec in live.signature.inputs:
        column = splits.test.inputs.get(spec.name)
        if column is None:
            return f"the dataset has no column {spec.name!r} any more"
        if _datatype(column) != spec.datatype or column.shape[1:] != spec.shape[1:]:
            return f"input {spec.name!r} is of another type or size"
    return None


def _datatype(column: Array) -> str:
    kinds: Mapping[str, str] = {"f": "FP32", "O": "BYTES", "u": "UINT8"}
    return kinds[column.dtype.kind]
