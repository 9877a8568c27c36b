"""Whole files against a bare loop: `python -m benchmarks.serving.transform`.

The bare loop is what one would write without us: DuckDB reads the same Parquet file into NumPy, onnxruntime's own
binding predicts it in pieces, the answers are held in memory; nothing is checked, nothing is written. Ours checks every
cell against the signature, writes the parts as Parquet, the progress behind each of them and the report. The file lies
on this disk for both. They take turns in one process on one thread; a bar is the ratio of their CPU seconds, the best
round of each.

Two models: telco churn as the trainer makes it (LightGBM, 3 columns of numbers and 16 of text, and missing values),
and a small network over 20 columns of numbers.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import onnxruntime

from benchmarks.serving import bars, tables
from lepton import lake
from lepton.directory import DirectoryObjectStore
from lepton.endpoint.artifacts import ArtifactCache
from lepton.endpoint.endpoint import Bounds, Endpoint
from lepton.endpoint.jobs.closing import cost
from lepton.endpoint.jobs.worker import Answered, Worker
from lepton.endpoint.telemetry import Telemetry
from lepton.memory import MemoryEventBus
from lepton.model_package.manifest import ModelManifest
from lepton.ports import Entry, ObjectStore
from lepton.registry import Registry
from tests.integration.trainer_lake import AT

BOUND = 0.85
ROUNDS = 5
PIECE = 8_192


def main() -> int:
    found = []
    with tempfile.TemporaryDirectory(prefix="lepton-transform-") as made:
        folder = Path(made)
        store = DirectoryObjectStore(folder / "lake")
        for name, rows in tables.published(store, folder):
            ours, bare = _measured(store, name, folder / f"{name}.parquet", folder)
            told = f"{rows / min(ours):,.0f} rows/s, bare loop {rows / min(bare):,.0f} rows/s of CPU"
            print(f"transform of {rows:,} rows of {name}: {told}")
            found.append(_bar(name, min(bare) / min(ours)))
    return bars.write(found)


def _bar(name: str, ratio: float) -> bars.Bar:
    return {
        "bar": f"serving/transform of {name}, share of a bare loop's rows/s",
        "value": round(ratio, 3),
        "bound": BOUND,
        "holds": ratio >= BOUND,
    }


def _measured(store: DirectoryObjectStore, name: str, table: Path, folder: Path) -> tuple[list[float], list[float]]:
    """CPU seconds of each round, ours and the bare loop's; the first round of both warms up and does not count."""
    manifest, graph = _package(store, name)
    landing = _Linked(folder / "landing")
    worker = _worker(store, landing, folder)
    bare = _bare(manifest, graph, table)
    ours_seconds, bare_seconds = [], []
    for turn in range(ROUNDS + 1):
        key = f"predict-in/{name}/{turn}.parquet"
        landing.link(key, table)
        ours_seconds.append(_cpu(lambda key=key: _done(worker, key)))  # type: ignore[misc]
        bare_seconds.append(_cpu(bare))
    return ours_seconds[1:], bare_seconds[1:]


def _cpu(do: Callable[[], Any]) -> float:
    started = time.process_time()
    do()
    return time.process_time() - started


def _done(worker: Worker, key: str) -> None:
    report = worker.handle([key], lambda: 1e9)
    if report is None or report.state != "done":
        raise SystemExit(f"the file was not predicted: {report}")


def _bare(manifest: ModelManifest, graph: bytes, table: Path) -> Callable[[], list[Any]]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    specs = manifest.signature.inputs

    def loop() -> list[Any]:
        with duckdb.connect(config={"threads": 1}) as connection:
            read = connection.execute(f"SELECT * FROM read_parquet('{table}')").fetchnumpy()
        columns = {spec.name: _column(read[spec.name], spec.datatype) for spec in specs}
        return [session.run(None, piece) for piece in _pieces(columns)]

    return loop


def _column(read: Any, datatype: str) -> Any:
    if datatype == "BYTES":
        return read.reshape(-1, 1)
    return np.ma.filled(read.astype(np.float32), np.nan).reshape(-1, 1)


def _pieces(columns: dict[str, Any]) -> Iterator[dict[str, Any]]:
    rows = len(next(iter(columns.values())))
    for first in range(0, rows, PIECE):
        yield {name: column[first : first + PIECE] for name, column in columns.items()}


def _package(store: DirectoryObjectStore, name: str) -> tuple[ModelManifest, bytes]:
    alias, _ = Registry(store).alias(name, "live")
    blob = store.get(lake.package_manifest(name, alias.version))
    graph = store.get(lake.package_prefix(name, alias.version) + "model.onnx")
    assert blob is not None
    assert graph is not None
    return ModelManifest.model_validate_json(blob.body), graph.body


def _worker(store: DirectoryObjectStore, landing: ObjectStore, folder: Path) -> Worker:
    artifacts = ArtifactCache(store, folder / "models", 1 << 30)
    bounds = Bounds(staleness=3600, memory=1 << 30, threads=1)
    endpoint = Endpoint(store, artifacts, Telemetry(MemoryEventBus), bounds, time.time)
    return Worker(landing, store, endpoint, _no_request, cost("us-east-1", 3008))


class _Linked(DirectoryObjectStore):
    """A bucket whose files are there already: fetching one is a link, and its etag is its name."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self._files: dict[str, Path] = {}

    def link(self, key: str, path: Path) -> None:
        self._files[key] = path

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        return (self._entry(key) for key in self._files if key.startswith(prefix) and key > after)

    def fetch(self, key: str, to: Path) -> Entry:
        to.hardlink_to(self._files[key])
        return self._entry(key)

    def _entry(self, key: str) -> Entry:
        return Entry(key, key.rsplit("/", 1)[-1], self._files[key].stat().st_size, AT)


def _no_request(*_: object) -> Answered:
    raise SystemExit("there are only files here")


if __name__ == "__main__":
    sys.exit(main())
