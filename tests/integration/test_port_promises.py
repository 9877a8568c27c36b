"""One promise, every adapter: what the domain relies on holds in memory, in a directory, on S3 and EventBridge."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lepton.aws.clients import CONFIG
from lepton.aws.eventbridge import EventBridgeBus
from lepton.aws.lean_s3 import Access, LeanS3
from lepton.aws.s3 import S3ObjectStore
from lepton.aws.signature import Credentials
from lepton.directory import DirectoryObjectStore
from lepton.errors import Conflict, NotFound
from lepton.events import DatasetRejected
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.ports import ObjectStore

KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["memory", "directory", "s3", "lean"])
def store(request: pytest.FixtureRequest, endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> ObjectStore:
    if request.param == "memory":
        return MemoryObjectStore()
    if request.param == "directory":
        return DirectoryObjectStore(tmp_path_factory.mktemp("lake"))
    client = boto3.client("s3", endpoint_url=endpoint, config=CONFIG, **KEYS)
    bucket = f"bucket-{abs(hash(request.node.name)) % 10**12}"
    client.create_bucket(Bucket=bucket)
    if request.param == "lean":
        return LeanS3(bucket, Access(Credentials("test", "test"), "us-east-1", endpoint))
    return S3ObjectStore(bucket, client)


def test_object_comes_back_with_its_etag_and_time(store):
    etag = store.put("a/b.txt", b"hello", content_type="text/plain")
    blob = store.get("a/b.txt")
    assert (blob.body, blob.etag, blob.modified.tzinfo) == (b"hello", etag, UTC)


def test_file_is_written_as_its_bytes(store, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    store.put("file", tmp_path / "file")
    assert store.get("file").body == b"x" * 100_000


def test_unchanged_object_is_not_sent_again(store):
    etag = store.put("a", b"1")
    assert store.get("a", unless_etag=etag) is None
    store.put("a", b"2")
    assert store.get("a", unless_etag=etag).body == b"2"


@pytest.mark.parametrize("key", ["missing", "a folder/ü+&=.txt"])
def test_missing_object_is_not_found(store, key, tmp_path):
    with pytest.raises(NotFound):
        store.get(key)
    with pytest.raises(NotFound):
        store.fetch(key, tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_create_once_refuses_the_second(store):
    store.put("a", b"1", if_absent=True)
    with pytest.raises(Conflict):
        store.put("a", b"2", if_absent=True)
    assert store.get("a").body == b"1"


def test_compare_and_swap_needs_the_etag_that_is_there(store):
    first = store.put("a", b"1")
    second = store.put("a", b"2", if_etag=first)
    with pytest.raises(Conflict):
        store.put("a", b"3", if_etag=first)
    store.put("a", b"4", if_etag=second)
    assert store.get("a").body == b"4"


def test_compare_and_swap_of_a_missing_object_is_refused(store):
    with pytest.raises(Conflict):
        store.put("missing", b"1", if_etag='"0123456789abcdef0123456789abcdef"')


def test_listing_is_in_key_order_under_the_prefix(store):
    for key in ("b/2", "b/10", "a", "b/1", "bb", "b/ü", "B/1"):
        store.put(key, b"123")
    found = list(store.list("b/"))
    assert [entry.key for entry in found] == ["b/1", "b/10", "b/2", "b/ü"]
    assert {entry.size for entry in found} == {3}
    assert found[0].etag == store.get("b/1").etag


def test_listing_goes_on_after_a_key(store):
    for key in ("p/1", "p/2", "p/3/x", "p/3/y", "p/4"):
        store.put(key, b"")
    assert [entry.key for entry in store.list("p/", after="p/2")] == ["p/3/x", "p/3/y", "p/4"]
    assert [entry.key for entry in store.list("p/", after="p/3/\U0010ffff")] == ["p/4"]
    assert list(store.list("nothing/")) == []


def test_listing_goes_beyond_a_page(store):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: store.put(f"many/{at:04d}", b""), range(1005)))
    assert len(list(store.list("many/"))) == 1005


def test_fetch_replaces_the_file_and_says_what_it_was(store, tmp_path):
    etag = store.put("big", b"y" * 3_000_000)
    target = tmp_path / "file"
    target.write_bytes(b"old")
    entry = store.fetch("big", target)
    assert (entry.key, entry.etag, entry.size) == ("big", etag, 3_000_000)
    assert target.read_bytes() == b"y" * 3_000_000
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def raced(write: Callable[[int], object]) -> list[int]:
    """The numbers of the eight threads whose write went through."""
    start = threading.Barrier(8)

    def attempt(number: int) -> int | None:
        start.wait()
        try:
            write(number)
        except Conflict:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        return [number for number in pool.map(attempt, range(8)) if number is not None]


@pytest.mark.parametrize("attempt", range(5))
def test_of_eight_racing_creators_one_wins(store, attempt):
    winners = raced(lambda number: store.put("race", b"%d" % number, if_absent=True))
    assert store.get("race").body == b"%d" % winners[0]
    assert len(winners) == 1


@pytest.mark.parametrize("attempt", range(5))
def test_of_eight_racing_swappers_one_wins(store, attempt):
    etag = store.put("race", b"start")
    winners = raced(lambda number: store.put("race", b"%d" % number, if_etag=etag))
    assert len(winners) == 1
    assert store.get("race").body == b"%d" % winners[0]


def rejections(count: int) -> list[DatasetRejected]:
    return [DatasetRejected(name="shop", upload=f"{at:016x}", key="k", reason="r", message="m") for at in range(count)]


def test_bus_in_memory_keeps_what_was_published():
    bus = MemoryEventBus()
    bus.publish(*rejections(25))
    assert bus.published == rejections(25)


def test_event_bridge_delivers_all_of_more_than_one_call(endpoint):
    events, sqs = (boto3.client(name, endpoint_url=endpoint, **KEYS) for name in ("events", "sqs"))
    queue = sqs.create_queue(QueueName="promises")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="promises")
    events.put_rule(Name="all", EventBusName="promises", EventPattern='{"detail-type": ["Dataset Rejected"]}')
    events.put_targets(Rule="all", EventBusName="promises", Targets=[{"Id": "q", "Arn": arn}])
    EventBridgeBus("promises", events).publish(*rejections(25))
    answers = [sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10) for _ in range(3)]
    bodies = [json.loads(message["Body"]) for answer in answers for message in answer.get("Messages", [])]
    assert {body["source"] for body in bodies} == {"lepton.ingest"}
    told = [DatasetRejected.model_validate(body["detail"]) for body in bodies]
    assert sorted(told, key=lambda one: one.upload) == rejections(25)
