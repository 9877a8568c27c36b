"""The client against the real endpoint, over a real socket."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from PIL import Image

from lepton.client import AsyncClient, Client, Unreachable
from lepton.errors import Conflict, InvalidRequest, NotFound, Unavailable
from tests.integration.client_server import Endpoint
from tests.unit.endpoint.wire_world import world
from tests.unit.openapi.contract import answer_schema, misfits

ROWS = [{"age": 30, "plan": "pro", "calls": 1, "id": "a"}, {"age": None, "plan": "", "calls": 9, "id": "b"}]
COLUMNS = {"age": [30.0, None], "plan": ["pro", ""], "calls": [1.0, 9.0]}
BUSY = (503, {"Retry-After": "7", "Content-Type": "application/json"}, b'{"error": "busy", "code": "unavailable"}')


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    with world():  # a folder for artifacts and an environment of its own
        made = Endpoint()
        for name in ("churn", "price", "tone"):
            made.publish(name)
        yield made
        made.close()


@pytest.fixture
def client(endpoint: Endpoint) -> Iterator[Client]:
    waited: list[float] = []
    with Client(endpoint.url, pause=waited.append) as made:
        made.waited = waited  # type: ignore[attr-defined]
        yield made


def test_it_lists_the_models_and_tells_what_one_takes(client: Client) -> None:
    assert [model["name"] for model in client.models()] == ["churn", "price", "tone"]
    assert [one["name"] for one in client.metadata("churn")["inputs"]] == ["age", "plan", "calls"]
    assert client.ready("churn") is True


def test_rows_columns_and_arrays_give_one_answer(client: Client) -> None:
    answer = client.infer("churn", ROWS)
    arrays = {"age": np.array([30, np.nan], np.float32), "plan": np.array(["pro", ""]), "calls": np.array([1, 9])}
    for same in (client.infer("churn", COLUMNS), client.infer("churn", arrays)):
        assert same.labels == answer.labels
        assert np.array_equal(same["probabilities"], answer["probabilities"])
    assert (len(answer), answer.ignored, list(answer.probabilities[0])) == (2, ("id",), ["No", "Yes"])


def test_without_numpy_the_outputs_are_lists(endpoint: Endpoint) -> None:
    with Client(endpoint.url, numpy=False) as client:
        answer = client.infer("churn", COLUMNS)
    assert [type(answer.outputs[name]) for name in answer.outputs] == [list, list]
    assert [len(row) for row in answer["probabilities"]] == [2, 2]


@pytest.mark.parametrize("numpy", [True, False])
def test_as_bytes_or_as_json_a_picture_gives_the_same(endpoint: Endpoint, numpy: bool) -> None:
    image = np.arange(128, dtype=np.uint8).reshape(2, 8, 8, 1)
    with Client(endpoint.url, numpy=numpy) as client:
        as_json, as_bytes = client.infer("tone", image, binary=False), client.infer("tone", image, binary=True)
    assert as_json.labels == as_bytes.labels
    assert np.allclose(as_json["probabilities"], as_bytes["probabilities"], atol=1e-7)
    assert "inference-header-content-length" in endpoint.asked[-1][2]


def test_large_arrays_go_as_bytes_by_themselves_and_small_ones_do_not(client: Client, endpoint: Endpoint) -> None:
    client.infer("tone", np.zeros((1, 8, 8, 1), np.uint8))
    assert endpoint.asked[-1][2]["content-type"] == "application/json"
    client.infer("tone", np.zeros((300, 8, 8, 1), np.uint8))
    assert endpoint.asked[-1][2]["content-type"] == "application/octet-stream"


def test_an_image_file_is_sent_as_it_is(client: Client, tmp_path: Path) -> None:
    held = io.BytesIO()
    Image.new("L", (8, 8), 250).save(held, "PNG")
    (tmp_path / "light.png").write_bytes(held.getvalue())
    assert client.infer_image("tone", tmp_path / "light.png").labels == ["light"]
    assert client.infer_image("tone", held.getvalue()).labels == ["light"]


def test_errors_are_those_of_the_tree_with_what_the_api_said(client: Client) -> None:
    with pytest.raises(InvalidRequest) as refused:
        client.infer("churn", COLUMNS | {"calls": ["many", "few"]})
    assert (refused.value.pointer or "").startswith("/inputs/2")
    with pytest.raises(NotFound):
        client.metadata("nobody")
    with pytest.raises((Conflict, NotFound)):
        client.infer("churn", COLUMNS, version="0" * 12)


def test_a_prediction_is_asked_again_when_the_api_says_later(client: Client, endpoint: Endpoint) -> None:
    client.metadata("churn")
    endpoint.faults = [BUSY, (429, {"Retry-After": "2"}, b"{}")]
    assert client.infer("churn", COLUMNS).labels
    assert client.waited == [7.0, 2.0]  # type: ignore[attr-defined]


def test_it_gives_up_after_five_tries(client: Client, endpoint: Endpoint) -> None:
    endpoint.faults = [BUSY] * 5
    with pytest.raises(Unavailable, match="busy"):
        client.models()
    assert len(endpoint.asked) == 5


def test_a_rollback_is_never_sent_twice(client: Client, endpoint: Endpoint) -> None:
    endpoint.faults = [BUSY] * 2
    with pytest.raises(Unavailable):
        client.rollback("churn")
    with pytest.raises(Unavailable):
        client.promote("churn", "0" * 12, if_generation=3)
    assert len(endpoint.asked) == 2


def test_another_version_that_answers_is_noticed(client: Client, endpoint: Endpoint) -> None:
    first = client.infer("churn", COLUMNS).version
    second = endpoint.publish("churn", 1.0)
    assert first != client.infer("churn", COLUMNS).version == second
    assert client.infer("churn", COLUMNS, version=first).version == first


def test_a_server_of_its_own_tells_only_of_what_it_answers(endpoint: Endpoint) -> None:
    told = httpx.get(f"{endpoint.url}/openapi.json", trust_env=False).json()
    assert {it["x-lepton-function"] for methods in told["paths"].values() for it in methods.values()} == {
        "PredictFunction"
    }
    assert ("security" in told, "RunState" in told["components"]["schemas"]) == (False, False)
    assert "/v2/models/{model}/infer" in told["paths"]


@pytest.mark.parametrize("name", ["churn", "price", "tone"])
def test_what_a_models_document_gives_as_an_example_is_answered_as_it_says(endpoint: Endpoint, name: str) -> None:
    told = httpx.get(f"{endpoint.url}/v2/models/{name}/openapi.json", trust_env=False).json()
    posts = {path: it["post"] for path, it in told["paths"].items() if "requestBody" in it.get("post", {})}
    examples = {
        path: it["requestBody"]["content"].get("application/json", {}).get("example") for path, it in posts.items()
    }
    asked = {path: example for path, example in examples.items() if example}
    assert len(asked) >= (1 if name == "tone" else 2)
    for path, example in asked.items():
        answer = httpx.post(endpoint.url + path, json=example, trust_env=False)
        assert answer.status_code == 200, answer.text
        assert misfits(told, answer_schema(told, posts[path], 200), answer.json()) == []


def test_nobody_there_is_told_as_such() -> None:
    with Client("http://127.0.0.1:9", pause=lambda _: None) as client, pytest.raises(Unreachable):
        client.models()


def test_the_asynchronous_one_asks_many_at_once_and_gets_the_same(endpoint: Endpoint, client: Client) -> None:
    async def many() -> list[list[str]]:
        async with AsyncClient(endpoint.url) as other:
            return [one.labels for one in await asyncio.gather(*(other.infer("churn", COLUMNS) for _ in range(8)))]

    assert asyncio.run(many()) == [client.infer("churn", COLUMNS).labels] * 8
