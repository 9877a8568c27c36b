"""What goes out, in every form that can be asked for; and one error shape for whatever comes in."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lepton.endpoint import accept, binary, classification
from lepton.errors import NotAcceptable
from tests.unit.endpoint.wire_world import World, world

ROWS = {"dataframe_records": [{"age": 30, "plan": "pro", "calls": 2}, {"age": None, "plan": "basic", "calls": 1}]}
INVOKE, INFER, TONE = "/models/churn/invocations", "/v2/models/churn/infer", "/v2/models/tone/infer"
TENSORS = [
    {"name": "age", "shape": [2, 1], "datatype": "FP32", "data": [30, None]},
    {"name": "plan", "shape": [2, 1], "datatype": "BYTES", "data": ["pro", "basic"]},
    {"name": "calls", "shape": [2, 1], "datatype": "FP32", "data": [2, 1]},
]


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    with world() as made:
        yield made


def both(served: World) -> list[dict[str, Any]]:
    predictions: list[dict[str, Any]] = served.json(INVOKE, ROWS)[1]["predictions"]
    return predictions


@pytest.mark.parametrize(
    ("said", "given"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; q=0.5", "text/csv"),
        ("application/*", "application/json"),
        ("text/html, text/csv;q=0.1", "text/csv"),
        ("application/json;q=0.1, text/csv;q=0.9", "text/csv"),
        ("*/*;q=0.1, application/x-npy", "application/x-npy"),
        ("application/json;q=0, */*", "text/csv"),
        ("text/csv;q=2, */*;q=0.1", "application/json"),
    ],
)
def test_the_best_liked_media_type_is_chosen(said: str | None, given: str) -> None:
    assert accept.chosen(said, ("application/json", "text/csv", "application/x-npy")) == given


@pytest.mark.parametrize(
    "said", ["text/html", "image/*", "application/json;q=0", ",", "application/json;q=x", "*/*;q=0"]
)
def test_what_cannot_be_given_is_406_with_the_list(said: str) -> None:
    with pytest.raises(NotAcceptable) as refused:
        accept.chosen(said, ("application/json", "text/csv"))
    assert refused.value.hint == "Accept: application/json, text/csv"


def test_predictions_as_csv_are_those_of_json(served: World) -> None:
    reply = served.post(INVOKE, ROWS, accept="text/csv")
    header, *lines = reply.body.decode().splitlines()
    assert (reply.headers["Content-Type"], header) == ("text/csv", "label,probability_No,probability_Yes")
    wanted = [f"{row['label']},{row['probabilities']['No']},{row['probabilities']['Yes']}" for row in both(served)]
    assert lines == wanted


@pytest.mark.parametrize("media", ["application/jsonlines", "application/x-ndjson"])
def test_predictions_as_json_lines_are_those_of_json(served: World, media: str) -> None:
    reply = served.post(INVOKE, ROWS, accept=media)
    assert [json.loads(line) for line in reply.body.splitlines()] == both(served)
    assert reply.headers["X-Lepton-Model-Version"] == served.versions["churn"]


def test_predictions_as_npy_are_the_probabilities(served: World) -> None:
    array = np.load(io.BytesIO(served.post(INVOKE, ROWS, accept="application/x-npy").body), allow_pickle=False)
    assert (array.dtype, array.shape) == (np.float32, (2, 2))
    assert array[:, 1].tolist() == [row["probabilities"]["Yes"] for row in both(served)]


@pytest.mark.parametrize(
    ("media", "body"),
    [
        (
            "application/jsonlines",
            b'{"age": 30, "plan": "pro", "calls": 2}\n\n{"age": null, "plan": "basic", "calls": 1}',
        ),
        (
            "application/x-ndjson; charset=utf-8",
            b'{"age":30,"plan":"pro","calls":2}\r\n{"age":null,"plan":"basic","calls":1}\n',
        ),
        ("text/csv", b"age,plan,calls\n30,pro,2\n,basic,1\n"),
        ("application/json", json.dumps({"inputs": TENSORS}).encode()),
        ("application/json", json.dumps({"instances": ROWS["dataframe_records"]}).encode()),
    ],
)
def test_every_way_in_gives_the_same_predictions(served: World, media: str, body: bytes) -> None:
    status, answer = served.json(INVOKE, body, content_type=media)
    assert (status, answer["predictions"]) == (200, both(served))


def test_an_npy_table_is_its_columns_in_order(served: World) -> None:
    for array in (
        np.array([[1, 2], [3, 4]], np.float32),
        np.asfortranarray([[1.0, 2.0], [3.0, 4.0]]),
        np.array([[1, 2], [3, 4]], ">i8"),
    ):
        made = io.BytesIO()
        np.save(made, array)
        answer = served.json("/models/price/invocations", made.getvalue(), content_type="application/x-npy")[1]
        assert [row["prediction"] for row in answer["predictions"]] == [14.0, 38.0]


def test_an_npy_image_is_the_bytes_of_it(served: World) -> None:
    made = io.BytesIO()
    np.save(made, np.zeros((1, 8, 8, 1), np.uint8))
    one = served.json("/models/tone/invocations", made.getvalue(), content_type="application/x-npy")[1]
    two = served.json("/models/tone/invocations", {"instances": np.zeros((1, 8, 8, 1), int).tolist()})[1]
    assert one == two


def parsed(reply: Any) -> tuple[dict[str, Any], bytes]:
    length = int(reply.headers["Inference-Header-Content-Length"])
    return json.loads(reply.body[:length]), reply.body[length:]


@pytest.mark.parametrize(
    "how",
    [
        ({"parameters": {"binary_data_output": True}}, {}),
        ({"outputs": [{"name": name, "parameters": {"binary_data": True}} for name in ("label", "probabilities")]}, {}),
        ({}, {"accept": "application/octet-stream"}),
    ],
)
def test_outputs_as_bytes_are_those_of_json(served: World, how: tuple[dict[str, Any], dict[str, str]]) -> None:
    plain = served.json(INFER, {"inputs": TENSORS})[1]["outputs"]
    reply = served.post(INFER, {"inputs": TENSORS} | how[0], **how[1])
    told, tail = parsed(reply)
    sizes = [one["parameters"]["binary_data_size"] for one in told["outputs"]]
    assert (reply.headers["Content-Type"], sum(sizes)) == ("application/octet-stream", len(tail))
    assert tail[: sizes[0]] == binary.texts_encoded(plain[0]["data"])
    assert list(struct.unpack("<4f", tail[sizes[0] :])) == plain[1]["data"]
    assert not any("data" in one for one in told["outputs"])


def test_an_outputs_own_wish_goes_before_the_requests(served: World) -> None:
    outputs = [{"name": "label", "parameters": {"binary_data": False}}, {"name": "probabilities"}]
    reply = served.post(INFER, {"inputs": TENSORS, "outputs": outputs, "parameters": {"binary_data_output": True}})
    told, tail = parsed(reply)
    assert (told["outputs"][0]["data"], len(tail)) == (["No", "No"], 16)


def test_bytes_that_are_asked_for_and_not_accepted_are_406(served: World) -> None:
    wanted = {"inputs": TENSORS, "parameters": {"binary_data_output": True}}
    assert served.json(INFER, wanted, accept="application/json")[0] == 406


def test_raw_bytes_are_answered_by_bytes(served: World) -> None:
    for headers in ({}, {"inference_header_content_length": "0"}):
        reply = served.post(TONE, bytes(128), content_type="application/octet-stream", **headers)
        told, tail = parsed(reply)
        assert (told["outputs"][0]["shape"], tail[:8]) == ([2], b"\x04\x00\x00\x00dark")


def test_the_best_classes_are_told_as_triton_tells_them(served: World) -> None:
    scores = [[1, 5, 10, 4], [2, 2, 1, 2]]
    assert classification.strings(scores, 2, ()) == [["10:2", "5:1"], ["2:0", "2:1"]]
    assert classification.strings([[0.1, 0.5, 1.0, math.nan]], 1, ("a", "b", "pear", "d")) == [["1.000000:2:pear"]]
    wish = {"name": "probabilities", "parameters": {"classification": 5}}
    output = served.json(INFER, {"inputs": TENSORS, "outputs": [wish]})[1]["outputs"][0]
    assert (output["datatype"], output["shape"]) == ("BYTES", [2, 2])
    assert [text.split(":")[1:] for text in output["data"]] == [["0", "No"], ["1", "Yes"], ["0", "No"], ["1", "Yes"]]


def test_the_best_classes_go_out_as_bytes_too(served: World) -> None:
    wish = {"name": "probabilities", "parameters": {"classification": 1, "binary_data": True}}
    told, tail = parsed(served.post(INFER, {"inputs": TENSORS, "outputs": [wish]}))
    plain = served.json(INFER, {"inputs": TENSORS, "outputs": [wish | {"parameters": {"classification": 1}}]})[1]
    assert tail == binary.texts_encoded(plain["outputs"][0]["data"])
    assert told["outputs"][0]["shape"] == [2, 1]


@pytest.mark.parametrize(
    ("body", "query"),
    [(ROWS | {"params": {"top_k": 1}}, {}), (ROWS | {"parameters": {"top_k": 1}}, {}), (ROWS, {"top_k": "1"})],
)
def test_top_k_takes_the_place_of_the_probabilities(served: World, body: Any, query: dict[str, str]) -> None:
    answer = json.loads(served.post(INVOKE, body, query).body)
    for row, whole in zip(answer["predictions"], both(served), strict=True):
        assert row == {"label": "No", "top_k": [{"class": "No", "probability": whole["probabilities"]["No"]}]}


@pytest.mark.parametrize("top", [0, -1, True, "2", 1.5, [], {}])
def test_a_top_k_that_is_none_is_refused(served: World, top: Any) -> None:
    status, answer = served.json(INVOKE, ROWS | {"parameters": {"top_k": top}})
    assert (status, answer["pointer"]) == (400, "/parameters/top_k")
    assert (
        served.json("/models/price/invocations", {"inputs": {"rooms": [1], "area": [1]}, "params": {"top_k": 1}})[0]
        == 400
    )


def test_an_id_and_parameters_of_an_invocation_are_read(served: World) -> None:
    assert served.json(INVOKE, ROWS | {"id": "7"})[1]["id"] == "7"
    assert served.json(INVOKE, ROWS | {"id": 7})[1]["pointer"] == "/id"
    assert served.json(INVOKE, ROWS | {"params": []})[1]["pointer"] == "/params"


def test_the_server_says_what_it_can(served: World) -> None:
    for path in ("/v2", "/v2/"):
        assert {"binary_tensor_data", "classification"} <= set(served.json(path)[1]["extensions"])
    assert served.json("/v2/health/live")[1] == {"live": True}
    assert served.json("/v2/health/ready")[1] == {"ready": True, "live": True}
