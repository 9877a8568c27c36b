"""Resolving, loading, swapping and forgetting, on a store in memory and a clock that tests move."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lepton import lake
from lepton.endpoint.artifacts import ArtifactCache
from lepton.endpoint.endpoint import RETRY, Bounds, Endpoint
from lepton.endpoint.telemetry import Telemetry
from lepton.errors import CorruptArtifact, NotFound, Unavailable
from lepton.events import FaultDetected
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.observability import logger, metrics
from lepton.ports import Blob
from lepton.registry import Registry
from tests.unit.endpoint.packages import AT, SIGNATURES, graph, manifest, publish


class CountedStore(MemoryObjectStore):
    """Counts reads; while `down`, answers nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []
        self.down = False

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        self._count(key)
        return super().get(key, unless_etag=unless_etag)

    def remove(self, key: str) -> None:
        del self._objects[key]

    def _count(self, key: str) -> None:
        if self.down:
            raise Unavailable("the store is down")
        self.reads.append(key.rsplit("/", 1)[-1])


class Bench:
    """An endpoint and everything around it; `now` is its clock."""

    def __init__(self, folder: Path, *, memory: int = 10**9, disk: int = 10**9) -> None:
        self.now = 1000.0
        self.store = CountedStore()
        self.bus = MemoryEventBus()
        self.folder = folder
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        artifacts = ArtifactCache(self.store, folder, disk)
        telemetry = Telemetry(lambda: self.bus)
        self.endpoint = Endpoint(self.store, artifacts, telemetry, Bounds(10.0, memory, 1), clock)

    def served(self, name: str = "price") -> str:
        return self.endpoint.model(name).manifest.version

    def reads_while(self, call: Callable[[], object]) -> list[str]:
        self.store.reads.clear()
        call()
        return self.store.reads

    def break_graph(self, name: str, version: str, body: bytes = b"junk") -> None:
        self.store.put(lake.package_prefix(name, version) + "model.onnx", body)


@pytest.fixture(autouse=True)
def observability() -> Iterator[None]:
    """Leaves the process's logger and metrics as they were: not made yet, and empty."""
    yield
    metrics().clear_metrics()
    metrics.cache_clear()
    logger.cache_clear()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_within_the_staleness_bound_nothing_is_read(bench: Bench) -> None:
    publish(bench.store, "price")
    assert bench.reads_while(bench.served) == ["live.json", "manifest.json", "model.onnx"]
    bench.now += 9.9
    assert bench.reads_while(bench.served) == []


def test_after_the_staleness_bound_only_the_alias_is_looked_at(bench: Bench) -> None:
    publish(bench.store, "price")
    bench.served()
    bench.now += 10
    assert bench.reads_while(bench.served) == ["live.json"]
    bench.now += 9
    assert bench.reads_while(bench.served) == []


def test_a_clock_that_is_set_back_does_not_stretch_the_bound(bench: Bench) -> None:
    publish(bench.store, "price")
    bench.served()
    bench.now -= 3600
    assert bench.reads_while(bench.served) == ["live.json"]


def test_rolling_back_to_a_version_in_memory_loads_nothing(bench: Bench) -> None:
    first = publish(bench.store, "price")
    bench.served()
    publish(bench.store, "price", bias=1.0)
    bench.now += 10
    bench.served()
    Registry(bench.store).rollback("price", "live", by="test", at=AT)
    bench.now += 10
    assert bench.reads_while(lambda: bench.served() == first) == ["live.json"]
    assert bench.served() == first


def test_a_version_that_fails_is_tried_again_only_after_a_while_and_told_once(bench: Bench) -> None:
    first = publish(bench.store, "price")
    assert bench.served() == first
    second = publish(bench.store, "price", bias=1.0)
    bench.break_graph("price", second)
    for _ in range(3):
        bench.now += 15
        assert bench.served() == first
    assert [event.where for event in bench.bus.published if isinstance(event, FaultDetected)] == [f"price@{second}"]
    bench.break_graph("price", second, graph("price", 1.0))
    bench.now += RETRY
    assert bench.served() == second


@pytest.mark.parametrize("broken", ["model.onnx", "manifest.json"])
@pytest.mark.parametrize("body", [b"", b"junk", b"{}"])
def test_whatever_is_broken_the_old_version_answers(bench: Bench, broken: str, body: bytes) -> None:
    first = publish(bench.store, "price")
    assert bench.served() == first
    second = publish(bench.store, "price", bias=1.0)
    bench.store.put(lake.package_prefix("price", second) + broken, body)
    bench.now += 10
    assert bench.served() == first


def test_an_alias_that_is_not_json_keeps_the_old_version(bench: Bench) -> None:
    first = publish(bench.store, "price")
    assert bench.served() == first
    bench.store.put(lake.registry_alias("price", "live"), b"{")
    bench.now += 10
    assert bench.served() == first


def test_a_store_that_is_down_keeps_the_old_version(bench: Bench) -> None:
    first = publish(bench.store, "price")
    assert bench.served() == first
    bench.store.down = True
    bench.now += 10
    assert bench.served() == first
    bench.store.down = False
    second = publish(bench.store, "price", bias=1.0)
    bench.now += 10
    assert bench.served() == second


def test_a_store_that_is_down_at_first_is_unavailable_and_not_remembered(bench: Bench) -> None:
    version = publish(bench.store, "price")
    bench.store.down = True
    with pytest.raises(Unavailable):
        bench.served()
    bench.store.down = False
    assert bench.served() == version


def test_a_broken_first_version_is_told_once_however_many_ask(bench: Bench) -> None:
    bench.break_graph("price", publish(bench.store, "price"))
    for _ in range(3):
        with pytest.raises(CorruptArtifact, match="digest"):
            bench.served()
    assert len(bench.bus.published) == 1


def test_two_models_live_side_by_side_until_memory_is_short(tmp_path: Path) -> None:
    bench = Bench(tmp_path, memory=len(graph("price")) + len(graph("tone")))
    for name in ("price", "tone", "churn"):
        publish(bench.store, name)
    bench.served("price"), bench.served("tone")
    assert bench.reads_while(lambda: (bench.served("price"), bench.served("tone"))) == []
    bench.served("churn")
    assert "manifest.json" in bench.reads_while(lambda: bench.served("price"))


def test_a_version_forgotten_in_memory_comes_back_from_disk(tmp_path: Path) -> None:
    bench = Bench(tmp_path, memory=1)
    publish(bench.store, "price"), publish(bench.store, "tone")
    bench.served("price"), bench.served("tone")
    assert bench.reads_while(bench.served) == ["manifest.json"]


def test_the_disk_stays_within_its_bound(tmp_path: Path) -> None:
    size = len(graph("price"))
    bench = Bench(tmp_path, disk=2 * size + 10)
    for bias in (0.0, 1.0, 2.0, 3.0):
        version = publish(bench.store, "price", bias)
        assert bench.endpoint.model("price", version).manifest.version == version
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * size + 10


def test_a_file_damaged_on_disk_is_fetched_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, memory=1)
    publish(bench.store, "price"), publish(bench.store, "tone")
    bench.served("price")
    next(tmp_path.glob("*.onnx")).write_bytes(b"junk")
    bench.served("tone")
    assert bench.reads_while(bench.served) == ["manifest.json", "model.onnx"]


def test_an_alias_taken_away_is_not_served_on(bench: Bench) -> None:
    publish(bench.store, "price")
    bench.served()
    bench.store.remove(lake.registry_alias("price", "live"))
    bench.now += 10
    with pytest.raises(NotFound):
        bench.served()


def test_an_unknown_model_is_told_where_the_known_ones_are(bench: Bench) -> None:
    with pytest.raises(NotFound) as refused:
        bench.served("nothing")
    assert (refused.value.pointer, refused.value.hint) == ("/model", "GET /v2/models lists the models that answer")


def published_beside(bench: Bench, graph_bytes: bytes, **signature: object) -> None:
    """`price` with a manifest whose digest holds, but whose signature is not the graph's."""
    version = publish(bench.store, "price")
    made = manifest("price", version, graph_bytes)
    made = made.model_copy(update={"signature": made.signature.model_copy(update=signature)})
    bench.break_graph("price", version, graph_bytes)
    bench.store.put(lake.package_manifest("price", version), made.model_dump_json().encode())


def test_a_graph_that_is_not_its_signatures_is_not_served(bench: Bench) -> None:
    published_beside(bench, graph("price"), inputs=SIGNATURES["price"].inputs[:1])
    with pytest.raises(CorruptArtifact, match="not its signature's"):
        bench.served()


@pytest.mark.parametrize("promised", [{"shape": (-1, 1)}, {"datatype": "FP64"}])
def test_a_graph_that_answers_beside_its_promise_is_not_served(bench: Bench, promised: dict[str, object]) -> None:
    output = SIGNATURES["price"].outputs[0].model_copy(update=promised)
    published_beside(bench, graph("price"), outputs=(output,))
    with pytest.raises(CorruptArtifact, match="promised"):
        bench.served()
