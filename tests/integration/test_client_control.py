"""The client's control methods against a server that answers by the product's own models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lepton.client import Client
from lepton.errors import Conflict, NotFound, RejectedUpload, Unavailable
from tests.integration.cli_answers import OTHER, RUN, UPLOAD, VERSION, receipt
from tests.integration.cli_server import FakeLepton


@pytest.fixture
def server() -> Iterator[FakeLepton]:
    made = FakeLepton()
    yield made
    made.close()


@pytest.fixture
def client(server: FakeLepton) -> Iterator[Client]:
    with Client(server.url, pause=lambda _: None) as made:
        yield made


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    return path


def test_an_upload_is_sent_and_waited_for(client: Client, server: FakeLepton, table: Path) -> None:
    found = client.upload("telco", table)
    assert (found["state"], found.get("version")) == ("ready", VERSION)
    assert server.paths("GET") == [f"/datasets/telco/uploads/{UPLOAD}"] * 2
    assert b'filename="t.csv"' in server.body("/s3/landing")


def test_an_upload_may_be_left_to_itself(client: Client, table: Path) -> None:
    assert client.upload("telco", table, wait=False)["state"] == "waiting"


def test_a_rejected_upload_is_raised_with_its_reason(client: Client, server: FakeLepton, table: Path) -> None:
    server.scene.receipts = [receipt("rejected", reason="empty", message="there is no row")]
    with pytest.raises(RejectedUpload, match="there is no row") as rejected:
        client.upload("telco", table)
    assert rejected.value.reason == "empty"


def test_waiting_has_an_end(client: Client, server: FakeLepton) -> None:
    server.scene.receipts = [receipt("waiting")]
    with pytest.raises(Unavailable, match="longer than 3 s"):
        client.receipt("telco", UPLOAD, wait=True, seconds=3)


def test_a_run_is_waited_for(client: Client) -> None:
    assert client.run(RUN)["state"] == "running"
    assert client.run(RUN, wait=True)["state"] == "published"


def test_datasets_models_and_aliases_are_what_the_api_says(client: Client) -> None:
    assert client.datasets() == [{"name": "telco", "latest": VERSION, "versions": 1}]
    assert client.dataset("telco")["latest"] == VERSION
    assert [one["model"] for one in client.registered()] == ["churn"]


def test_an_alias_is_moved_and_moved_back(client: Client) -> None:
    assert client.promote("churn", OTHER)["version"] == OTHER
    assert client.rollback("churn")["version"] == VERSION


def test_a_move_that_comes_too_late_is_a_conflict(client: Client) -> None:
    with pytest.raises(Conflict):
        client.promote("churn", OTHER, if_generation=1)


def test_what_is_not_there_is_not_found(client: Client) -> None:
    with pytest.raises(NotFound):
        client.spec("nobody")


def test_an_answer_with_more_in_it_than_is_known_is_still_one(client: Client, server: FakeLepton) -> None:
    body = b'{"runs": [{"run": "r", "state": "running", "mood": "good"}], "more": 1}'
    server.scene.faults = [(200, {"Content-Type": "application/json"}, body)]
    assert client.runs()[0]["state"] == "running"
