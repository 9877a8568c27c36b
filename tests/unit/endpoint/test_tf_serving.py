"""TensorFlow Serving's way of asking, and the lists of what there is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.endpoint.test_answer_forms import ROWS
from tests.unit.endpoint.wire_world import World, world


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    with world() as made:
        yield made


@pytest.mark.parametrize("named", [{"rooms": [1, 2], "area": [1, 2]}, {"rooms": [[1], [2]], "area": [[1], [2]]}])
def test_tensorflows_columns_are_answered_by_columns(served: World, named: Any) -> None:
    assert served.json("/v1/models/price:predict", {"inputs": named}) == (200, {"outputs": [12.0, 24.0]})
    rows = [dict(zip(named, cells, strict=True)) for cells in zip(*named.values(), strict=True)]
    assert served.json("/v1/models/price:predict", {"instances": rows}) == (200, {"predictions": [12.0, 24.0]})


def test_tensorflows_rows_of_several_outputs_are_objects(served: World) -> None:
    path = f"/v1/models/churn/versions/{served.versions['churn']}:predict"
    answer = served.json(path, {"signature_name": "serving_default", "instances": ROWS["dataframe_records"]})[1]
    assert [sorted(row) for row in answer["predictions"]] == [["label", "probabilities"]] * 2
    columns = {name: [row[name] for row in ROWS["dataframe_records"]] for name in ("age", "plan", "calls")}
    assert served.json(path, {"inputs": columns})[1]["outputs"]["label"] == ["No", "No"]


@pytest.mark.parametrize(
    ("path", "body", "status", "pointer"),
    [
        ("price:predict", {}, 400, ""),
        ("price:predict", {"instances": [1], "inputs": [1]}, 400, ""),
        ("price:predict", {"signature_name": "other", "instances": [{}]}, 400, "/signature_name"),
        ("price:predict", {"signature_name": 7, "instances": [{}]}, 400, "/signature_name"),
        ("price:predict", {"examples": []}, 400, "/examples"),
        ("price:predict", {"instances": [{"rooms": 1}]}, 400, "/instances/0"),
        ("price:predict", {"instances": [{"rooms": [1, 2], "area": 1}]}, 400, "/instances/0/rooms"),
        ("tone:predict", {"instances": [{"image": [[1]]}]}, 400, "/instances"),
        ("tone:predict", {"instances": [{"image": 1}, {"pixels": 1}]}, 400, "/instances/1"),
        ("price:classify", {"instances": [1]}, 404, "/model"),
        ("price", {"instances": [1]}, 404, "/model"),
        ("nothing:predict", {"instances": [1]}, 404, "/model"),
        ("price/versions/000000000000:predict", {"instances": [1]}, 404, "/version"),
    ],
)
def test_a_bad_tensorflow_request_is_refused(served: World, path: str, body: Any, status: int, pointer: str) -> None:
    given, answer = served.json("/v1/models/" + path, body)
    assert (given, answer.get("pointer") if pointer is not None else None) == (status, pointer)
    assert answer["error"]


def test_status_and_index_name_every_version(served: World) -> None:
    version = served.versions["churn"]
    state = {"version": version, "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
    for path in ("/v1/models/churn", f"/v1/models/churn/versions/{version}"):
        assert served.json(path) == (200, {"model_version_status": [state]})
    index = served.json("/v2/repository/index")[1]
    assert {"name": "churn", "version": version, "state": "READY", "reason": ""} in index
    assert served.json("/v2/repository/index", {"ready": True})[1] == index
    assert served.json("/v2/repository/index", {"ready": 1})[1]["pointer"] == "/ready"
    assert served.json("/v1/models/nothing")[0] == 404
