"""The same upload delivered again, at the same time, out of order or after a kill: the same lake, byte for byte."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from lepton.dataset.arrivals import Arrival
from lepton.dataset.catalog import Catalog
from lepton.dataset.ingest import Ingest
from lepton.errors import Unavailable
from lepton.events import DatasetReady, DatasetRejected
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.ports import ObjectStore

KEY = "shop/0123456789abcdef/orders.csv"
FIRST = b"id,price\n" + b"".join(b"%d,%d.5\n" % (at, at) for at in range(60)) + b"61\n"
SECOND = FIRST + b"62,7.5\n"


class Killed(BaseException):
    """The process dies: nothing after it runs, nobody catches it."""


class Dying:
    """A store whose process dies just before, or just after, its n-th write."""

    def __init__(self, store: ObjectStore, writes: int, *, after: bool) -> None:
        self._store, self._left, self._after = store, writes, after

    def __getattr__(self, name):
        return getattr(self._store, name)

    def put(self, *args, **options):
        self._left -= 1
        if self._left == 0 and not self._after:
            raise Killed
        etag = self._store.put(*args, **options)
        if self._left == 0:
            raise Killed
        return etag


class World:
    """A landing bucket whose clock a test sets, a lake and a bus."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, tzinfo=UTC)
        self.landing = MemoryObjectStore(lambda: self.now)
        self.lake, self.bus = MemoryObjectStore(), MemoryEventBus()
        self.ingest = Ingest(self.landing, self.lake, self.bus)

    def put(self, body: bytes, sequencer: str, key: str = KEY) -> Arrival:
        self.now += timedelta(seconds=1)
        etag = self.landing.put(key, body).strip('"')
        return Arrival("landing", (key,), len(body), etag, sequencer)

    def objects(self) -> dict[str, bytes]:
        return {entry.key: self.lake.get(entry.key).body for entry in self.lake.list("")}


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def once() -> dict[str, bytes]:
    """The lake after one undisturbed delivery."""
    world = World()
    world.ingest.receive(world.put(FIRST, "01"))
    return world.objects()


def test_second_delivery_changes_nothing_and_tells_again(world, once):
    arrival = world.put(FIRST, "01")
    first, second = world.ingest.receive(arrival), world.ingest.receive(arrival)
    assert first == second
    assert world.objects() == once
    assert [type(event) for event in world.bus.published] == [DatasetReady, DatasetReady]
    assert world.bus.published[0] == world.bus.published[1]


def test_eight_deliveries_at_once_give_one_lake(world, once):
    arrival = world.put(FIRST, "01")
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(world.ingest.receive, [arrival] * 8))
    assert len(set(receipts)) == 1
    assert world.objects() == once


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("write", range(1, 8))
def test_kill_at_any_write_leaves_a_lake_that_the_next_delivery_completes(world, once, write, after):
    arrival = world.put(FIRST, "01")
    with pytest.raises(Killed):
        Ingest(world.landing, Dying(world.lake, write, after=after), world.bus).receive(arrival)
    assert world.bus.published == []
    versions = Catalog(world.lake).datasets()
    assert versions == [] or any(key.endswith("manifest.json") for key in world.objects())
    world.ingest.receive(arrival)
    assert world.objects() == once
    assert len(world.bus.published) == 1


def test_part_left_by_another_build_is_replaced_before_the_manifest(world, once):
    part = next(key for key in once if key.endswith(".parquet"))
    world.lake.put(part, b"written by another version of the library")
    world.ingest.receive(world.put(FIRST, "01"))
    assert world.objects() == once


@pytest.mark.parametrize("backwards", [False, True])
def test_latest_follows_the_order_of_writing_not_of_delivery(world, backwards):
    other = "shop/fedcba9876543210/orders.csv"
    arrivals = [world.put(FIRST, "0A"), world.put(SECOND, "0B", key=other)]
    for arrival in reversed(arrivals) if backwards else arrivals:
        world.ingest.receive(arrival)
    newest = Catalog(world.lake).receipt("shop", "fedcba9876543210")
    assert Catalog(world.lake).dataset("shop")["latest"] == newest.version
    assert len(Catalog(world.lake).dataset("shop")["versions"]) == 2


def test_receipt_of_an_overwritten_key_is_that_of_the_newer_object(world):
    older = world.put(b"", "0062E9")
    newer = world.put(FIRST, "0062E99A")
    world.ingest.receive(newer)
    world.ingest.receive(replace(older, size=10**12))
    receipt = Catalog(world.lake).receipt("shop", "0123456789abcdef")
    assert (receipt.state, receipt.sequencer) == ("ready", "0062E99A")


def test_same_content_from_another_upload_is_the_same_version(world):
    first = world.ingest.receive(world.put(FIRST, "01"))
    second = world.ingest.receive(world.put(FIRST, "02", key="shop/fedcba9876543210/again.csv"))
    assert (first.version, first.upload) != (second.version, second.upload)
    assert first.version == second.version
    assert len(Catalog(world.lake).dataset("shop")["versions"]) == 1


def test_rejected_upload_leaves_a_receipt_and_nothing_else(world):
    receipt = world.ingest.receive(world.put(b"%PDF-1.7", "01"))
    assert (receipt.state, receipt.reason) == ("rejected", "unsupported_format")
    assert list(world.objects()) == ["uploads/shop/0123456789abcdef.json"]
    assert [type(event) for event in world.bus.published] == [DatasetRejected]


def test_upload_that_vanished_is_rejected_and_told(world):
    gone = Arrival("landing", (KEY,), 5, "e", "01")
    assert world.ingest.receive(gone).reason == "object_missing"
    assert world.bus.published[0].reason == "object_missing"


def test_upload_that_vanished_after_it_was_read_keeps_its_receipt(world):
    arrival = world.put(FIRST, "01")
    receipt = world.ingest.receive(arrival)
    again = Ingest(MemoryObjectStore(), world.lake, world.bus).receive(replace(arrival, etag="another"))
    assert again == receipt


def test_fault_of_ours_is_told_and_replaced_by_the_next_success(world):
    arrival = world.put(FIRST, "01")
    world.ingest.failed(arrival)
    assert Catalog(world.lake).receipt("shop", "0123456789abcdef").reason == "internal_error"
    assert world.ingest.receive(arrival).state == "ready"
    assert Catalog(world.lake).receipt("shop", "0123456789abcdef").state == "ready"


def test_store_that_is_away_is_a_transient_fault(world):
    class Away(MemoryObjectStore):
        def put(self, *args, **options):
            raise Unavailable("the lake does not answer")

    with pytest.raises(Unavailable):
        Ingest(world.landing, Away(), world.bus).receive(world.put(FIRST, "01"))
    assert world.bus.published == []
