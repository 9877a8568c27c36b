"""Two table models in a lake and a Parquet file of rows for each: what the batch benchmark runs over."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from onnx import TensorProto, helper, numpy_helper

from lepton import lake
from lepton.endpoint.endpoint import LIVE
from lepton.model_package.manifest import ModelManifest, Signature, TensorSpec
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict
from tests.integration.trainer_lake import AT, NUMBERS, trainer_lake

TELCO = Path(__file__).parents[2] / "examples/data/telco-churn/telco-churn.csv"
ROWS = {"telco-churn": 281_720, "numbers": 500_000}
COLUMNS, HIDDEN = 20, 64


def published(store: ObjectStore, folder: Path) -> Iterator[tuple[str, int]]:
    """Each model's name and number of rows; its rows lie in `folder` as NAME.parquet."""
    _telco(store)
    copies = ROWS["telco-churn"] // 7043
    numbers = ", ".join(f"{name}::{kind} AS {name}" for name, kind in NUMBERS.items())
    table = f"read_csv('{TELCO}', all_varchar = true, nullstr = ' ')"
    select = f"SELECT t.* REPLACE ({numbers}) FROM range({copies}), {table} t"
    _written(select, folder / "telco-churn.parquet")
    yield "telco-churn", ROWS["telco-churn"]
    _numbers(store)
    cells = ", ".join(f"random() AS x{at}" for at in range(COLUMNS))
    _written(f"SELECT {cells} FROM range({ROWS['numbers']})", folder / "numbers.parquet")
    yield "numbers", ROWS["numbers"]


def _written(select: str, path: Path) -> None:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.execute(f"COPY ({select}) TO '{path}' (FORMAT parquet)")


def _telco(store: ObjectStore) -> None:
    """Trained by the trainer's own process, from its lake into ours."""
    logging.getLogger("werkzeug").setLevel("ERROR")
    with trainer_lake() as trained:
        spec = {"model": "telco-churn", "task": "classification", "target": "Churn", "exclude": ["customerID"]}
        run = trained.submit(trained.telco(), **spec, algorithm="lightgbm")
        code, printed = trained.train(run)
        version = trained.runs.state(run).version
        if code != 0 or version is None:
            raise SystemExit(f"the training failed:\n{printed}")
        for entry in trained.store.list(lake.package_prefix("telco-churn", version)):
            blob = trained.store.get(entry.key)
            store.put(entry.key, blob.body if blob else b"")
    _live(store, "telco-churn", version)


def _numbers(store: ObjectStore) -> None:
    inputs = tuple(TensorSpec(name=f"x{at}", datatype="FP32", shape=(-1, 1)) for at in range(COLUMNS))
    signature = Signature(inputs=inputs, outputs=(TensorSpec(name="prediction", datatype="FP32", shape=(-1,)),))
    content = _network(signature)
    version = lake.short_digest(content, signature.model_dump_json().encode())
    store.put(lake.package_prefix("numbers", version) + "model.onnx", content)
    manifest = _manifest(version, signature, content)
    store.put(lake.package_manifest("numbers", version), manifest.model_dump_json().encode())
    _live(store, "numbers", version)


def _network(signature: Signature) -> bytes:
    random = np.random.default_rng(7)
    weights = {"w0": (COLUMNS, HIDDEN), "w1": (HIDDEN, HIDDEN), "w2": (HIDDEN, 1)}
    held = [
        numpy_helper.from_array((random.normal(size=size) / size[0] ** 0.5).astype(np.float32), name)
        for name, size in weights.items()
    ]
    held.append(numpy_helper.from_array(np.array([-1], np.int64), "flat"))
    nodes = [
        helper.make_node("Concat", [spec.name for spec in signature.inputs], ["x"], axis=1),
        helper.make_node("MatMul", ["x", "w0"], ["m0"]),
        helper.make_node("Relu", ["m0"], ["h0"]),
        helper.make_node("MatMul", ["h0", "w1"], ["m1"]),
        helper.make_node("Relu", ["m1"], ["h1"]),
        helper.make_node("MatMul", ["h1", "w2"], ["m2"]),
        helper.make_node("Reshape", ["m2", "flat"], ["prediction"]),
    ]
    given = [helper.make_tensor_value_info(one.name, TensorProto.FLOAT, ["N", 1]) for one in signature.inputs]
    made = helper.make_tensor_value_info("prediction", TensorProto.FLOAT, ["N"])
    graph = helper.make_graph(nodes, "numbers", given, [made], held)
    content: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    ).SerializeToString()
    return content


def _manifest(version: str, signature: Signature, content: bytes) -> ModelManifest:
    nothing: dict[str, Any] = {"rows": 0, "flips": 0, "p999_difference": 0.0}
    size = len(content)
    measured = {"metrics": {}, "primary_metric": "none", "parity": nothing, "latency_ms": 0.05, "load_ms": 1.0}
    artifact = {"file": "model.onnx", "bytes": size, "sha256": hashlib.sha256(content).hexdigest()}
    document = {
        **{"model": "numbers", "version": version, "run": "made", "dataset": "none", "dataset_version": "0" * 12},
        **{"task": "regression", "algorithm": "made", "target": "y", "signature": signature.model_dump()},
        **{"artifact": artifact, "opset": 18, "measurements": measured | {"size_bytes": size}, "learning_curve": []},
        **{"hyperparameters": {}, "trained_seconds": 0.0, "libraries": {}, "created_at": AT.isoformat()},
    }
    return ModelManifest.model_validate_json(json.dumps(document))


def _live(store: ObjectStore, model: str, version: str) -> None:
    registry = Registry(store)
    verdict = Verdict(model=model, version=version, run="made", passed=True, checks=(), at=AT)
    registry.promote(model, LIVE, registry.record(verdict).version, by="made", at=AT)
