"""What a caller has becomes the tensors that the model's metadata tells of."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.client.columns import listed, tensors
from lepton.client.inference import Ask, infer
from lepton.errors import InvalidRequest

CHURN: Any = {
    "name": "churn",
    "inputs": [
        {"name": "age", "datatype": "FP32", "shape": [-1, 1]},
        {"name": "plan", "datatype": "BYTES", "shape": [-1, 1]},
    ],
}
TONE: Any = {"name": "tone", "inputs": [{"name": "image", "datatype": "UINT8", "shape": [-1, 2, 2, 1]}]}
ROWS = [{"age": 30, "plan": "pro", "id": "a"}, {"age": None, "plan": "", "id": "b"}]


def _sent(inputs: Any, metadata: Any = CHURN) -> dict[str, tuple[str, tuple[int, ...], list[Any]]]:
    return {one.name: (one.datatype, one.shape, listed(one)) for one in tensors(inputs, metadata)[0]}


def test_columns_of_plain_values_become_tensors_of_one_column() -> None:
    sent = _sent({"age": [30, None], "plan": ["pro", ""]})
    assert sent == {"age": ("FP32", (2, 1), [30, None]), "plan": ("BYTES", (2, 1), ["pro", ""])}


def test_rows_become_the_same_and_what_the_model_does_not_use_is_named() -> None:
    assert _sent(ROWS) == _sent({"age": [30, None], "plan": ["pro", ""]})
    assert tensors(ROWS, CHURN)[1] == ("id",)


def test_a_single_row_of_bare_values_is_one_row() -> None:
    assert _sent({"age": 30, "plan": "pro"})["age"] == ("FP32", (1, 1), [30])


def test_arrays_are_sent_as_what_they_are() -> None:
    sent = _sent({"age": np.array([1.5, math.nan]), "plan": np.array(["a", "b"])})
    assert sent == {"age": ("FP64", (2, 1), [1.5, None]), "plan": ("BYTES", (2, 1), ["a", "b"])}
    assert _sent({"age": np.array([1, 2], np.int16), "plan": ["a", "b"]})["age"][0] == "INT16"


def test_one_picture_is_a_batch_of_one() -> None:
    assert _sent(np.zeros((2, 2, 1), np.uint8), TONE)["image"] == ("UINT8", (1, 2, 2, 1), [0, 0, 0, 0])
    assert _sent([[[[0], [1]], [[2], [3]]]], TONE)["image"] == ("UINT8", (1, 2, 2, 1), [0, 1, 2, 3])


@pytest.mark.parametrize(
    ("inputs", "pointer"),
    [
        ({"age": [1]}, "/plan"),
        ({"age": [1], "plan": ["a"], "size": [2]}, "/size"),
        ([{"age": 1, "plan": "a"}, {"age": 1}], "/1/plan"),
        ({"age": [[1], [2, 3]], "plan": ["a", "b"]}, "/age"),
        ({"age": [[1], 2], "plan": ["a", "b"]}, "/age"),
        ([1, 2], None),
    ],
    ids=["missing", "unknown", "missing in a row", "ragged", "half nested", "not named"],
)
def test_what_cannot_be_the_models_input_is_refused_before_it_is_sent(inputs: Any, pointer: str | None) -> None:
    with pytest.raises(InvalidRequest) as refused:
        tensors(inputs, CHURN)
    assert refused.value.pointer == pointer


@given(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_lists_and_arrays_of_the_same_figures_are_the_same_request(values: list[float]) -> None:
    plan = ["x"] * len(values)
    plain = _sent({"age": values, "plan": plan})["age"]
    array = _sent({"age": np.array(values, np.float32), "plan": plan})["age"]
    assert plain == array


def test_a_binary_request_is_the_json_and_the_bytes_behind_it() -> None:
    image = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
    call = infer(image, TONE, None, Ask(binary=True))
    length = int(call.headers["Inference-Header-Content-Length"])
    assert isinstance(call.body, bytes)
    assert call.body[length:] == bytes(range(4))
    assert b'"binary_data_size":4' in call.body[:length]
    assert b'"data"' not in call.body[:length]


def test_bytes_of_an_array_are_little_endian_and_in_row_order() -> None:
    big = np.arange(6, dtype=">f4").reshape(2, 3).T[:, :1]
    (one,) = tensors(big, {"name": "m", "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 1]}]})[0]
    assert one.raw() == np.array([0, 1, 2], "<f4").tobytes()
