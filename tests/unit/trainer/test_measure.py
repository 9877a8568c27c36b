"""What is measured of a graph: above all, that parity sees a graph that decides otherwise."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import cache
from typing import Any

import numpy as np
import pytest

from lepton.dataset.manifest import Column, DatasetManifest, Source
from lepton.errors import DataError
from lepton.memory import MemoryObjectStore
from lepton.model_package.manifest import LearningPoint
from lepton.registry.records import Verdict
from lepton.registry.registry import Registry
from lepton.training.run import TrainingRequest
from lepton.training.spec import TrainingSpec, spec_from
from trainer.dataset import Rows, Splits
from trainer.graph import class_nodes, feature_nodes, graph_bytes
from trainer.linear import Linear
from trainer.measure import measure, nearest, parity
from trainer.package import package_manifest, version_of, write_package
from trainer.session import Session
from trainer.tabular import table_signature, train_table
from trainer.trained import Trained

AT = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = [Column(name="a", type="float64", nullable=False), Column(name="b", type="float64", nullable=False)]


class Listener:
    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, message: str) -> None:
        self.said.append(message)

    def point(self, point: LearningPoint, steps: int) -> None:
        pass

    def stopping(self) -> bool:
        return False


def rows(count: int, seed: int) -> Rows:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(2, count, 1)).astype(np.float32)
    target = (columns[0, :, 0] + 0.5 * rng.normal(size=count) > 0).astype(np.int64)
    return Rows({"a": columns[0], "b": columns[1]}, target)


SPLITS = Splits(rows(600, 1), rows(100, 2), rows(300, 3), ("no", "yes"))
SPEC = spec_from({"model": "m", "task": "classification", "dataset": "d", "target": "t", "algorithm": "logistic"})


@cache
def trained() -> Trained:
    return train_table(SPEC, COLUMNS, SPLITS, Listener())


def published(store: MemoryObjectStore, onnx: Trained) -> str:
    """The model as `live` in a lake."""
    source = Source(bucket="b", key="k", etag="e", bytes=1, upload="0" * 16)
    facts: dict[str, Any] = {"quarantined": 0, "quarantine": None, "splits": {}, "parts": (), "profile": "p"}
    dataset = DatasetManifest(
        name="d", version="0" * 12, kind="table", rows=1000, columns=(), source=source, created_at="", **facts
    )
    request = TrainingRequest(run="m-0123456789ab", spec=SPEC, dataset="d", dataset_version="0" * 12, submitted_at=AT)
    figures = measure(SPEC, onnx, SPLITS, MemoryObjectStore(), Listener())
    manifest = package_manifest(request, dataset, onnx, figures, seconds=1, now=AT)
    write_package(store, manifest, onnx.onnx)
    registry = Registry(store)
    registry.record(Verdict(model="m", version=manifest.version, run=request.run, passed=True, checks=(), at=AT))
    registry.promote("m", "live", manifest.version, by="test", at=AT)
    return manifest.version


def measured(spec: TrainingSpec, store: MemoryObjectStore, splits: Splits = SPLITS) -> tuple[Any, list[str]]:
    figures = measure(spec, trained(), splits, store, listener := Listener())
    return figures, listener.said


def test_a_graph_that_decides_otherwise_is_seen() -> None:
    broken = Linear(np.array([[0.0, 1.0], [0.0, 3.0]]), np.zeros(2), ())
    from trainer.features import plan_features

    plan, _ = plan_features(COLUMNS, SPLITS.train, scaled=True)
    signature = table_signature(plan, COLUMNS, SPLITS.classes)
    graph = graph_bytes([*feature_nodes(plan), *broken.nodes(), *class_nodes(SPLITS.classes)], signature)
    assert parity(trained(), Session(graph), SPLITS).flips > 20
    assert parity(trained(), Session(trained().onnx), SPLITS).flips == 0


def test_parity_looks_where_the_decision_is_closest() -> None:
    near = nearest(trained(), SPLITS.train)
    margin = np.abs(trained().scores(near.inputs)[:, 1] - 0.5)
    everywhere = np.abs(trained().scores(SPLITS.train.inputs)[:, 1] - 0.5)
    assert len(near) == 200
    assert margin.max() <= np.sort(everywhere)[199]


def test_without_a_live_version_nothing_is_compared() -> None:
    figures, said = measured(SPEC, MemoryObjectStore())
    assert figures.live is None
    assert said == ["no version is 'live' yet: nothing to compare with"]
    assert 0 < figures.latency_ms < 50
    assert figures.load_ms > 0


def test_the_same_model_is_no_better_than_itself() -> None:
    version = published(store := MemoryObjectStore(), trained())
    live = measured(SPEC, store)[0].live
    assert (live.version, live.difference, live.low, live.high, live.rows) == (version, 0, 0, 0, 300)


def test_a_live_version_that_needs_another_column_is_not_compared_and_this_is_told() -> None:
    published(store := MemoryObjectStore(), trained())
    fewer = Splits(*(Rows({"a": r.inputs["a"]}, r.target) for r in (SPLITS.train, SPLITS.validation, SPLITS.test)))
    fewer = Splits(fewer.train, fewer.validation, fewer.test, SPLITS.classes)
    other = train_table(SPEC, COLUMNS[:1], fewer, Listener())
    figures = measure(SPEC, other, fewer, store, listener := Listener())
    assert figures.live is None
    assert "the dataset has no column 'b' any more" in listener.said[-1]


def test_a_live_version_that_was_changed_is_not_run() -> None:
    version = published(store := MemoryObjectStore(), trained())
    store.put(f"models/m/{version}/model.onnx", b"something else")
    figures, said = measured(SPEC, store)
    assert figures.live is None
    assert "is not what its manifest says" in said[-1]


def test_a_primary_metric_that_is_not_defined_is_bad_data() -> None:
    one_class = SPLITS.test.take(SPLITS.test.target == 1)
    with pytest.raises(DataError, match="auc is not defined on the test split") as error:
        measured(SPEC, MemoryObjectStore(), Splits(SPLITS.train, SPLITS.validation, one_class, SPLITS.classes))
    assert error.value.exit_code == 65


def test_the_version_is_of_the_graph_and_its_signature_only() -> None:
    signature = trained().signature
    version = version_of(trained().onnx, signature)
    assert version == version_of(bytes(trained().onnx), signature.model_copy())
    assert version != version_of(trained().onnx + b"\n", signature)
    assert version != version_of(trained().onnx, signature.model_copy(update={"classes": ("yes", "no")}))


def test_what_is_written_is_what_the_manifest_says() -> None:
    version = published(store := MemoryObjectStore(), trained())
    graph = store.get(f"models/m/{version}/model.onnx")
    manifest = store.get(f"models/m/{version}/manifest.json")
    assert graph is not None
    assert manifest is not None
    assert hashlib.sha256(graph.body).hexdigest().encode() in manifest.body
