"""Binary tensors: bytes in are bytes out for every datatype, and mean what the same values mean as JSON."""

from __future__ import annotations

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton.endpoint import binary, frame, oip
from lepton.endpoint.arrays import NUMPY
from lepton.endpoint.document import read
from lepton.endpoint.request import InferRequest, Limits
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature, TensorSpec
from tests.unit.endpoint.test_tensors import OUT, tensors


def asked(body: dict[str, Any], tail: bytes, *specs: TensorSpec) -> InferRequest:
    text = json.dumps(body).encode()
    head, rest = frame.split(text + tail, str(len(text)))
    return oip.decode(read(head), Signature(inputs=specs, outputs=OUT), Limits(), rest)


def sent(datatype: str, shape: list[int], data: list[Any], pad: int = 0) -> InferRequest:
    """One tensor as bytes, behind JSON that is `pad` bytes longer than it has to be."""
    tail = binary.encoded(datatype, np.array(data, dtype=NUMPY[datatype]).reshape(shape))
    one = {"name": "x", "shape": shape, "datatype": datatype, "parameters": {"binary_data_size": len(tail)}}
    spec = TensorSpec(name="x", datatype=datatype, shape=(-1,) * len(shape))
    return asked({"inputs": [one], "parameters": {"p": "x" * pad}}, tail, spec)


@settings(deadline=None, max_examples=300)
@given(tensors(), st.integers(0, 8))
def test_a_tensor_comes_back_from_bytes_as_it_was_sent(tensor: tuple[str, list[int], list[Any]], pad: int) -> None:
    datatype, shape, data = tensor
    array = sent(datatype, shape, data, pad).inputs["x"]
    assert (array.dtype, array.shape) == (NUMPY[datatype], tuple(shape))
    assert array.reshape(-1).tolist() == data
    assert array.flags.aligned


@settings(deadline=None, max_examples=300)
@given(tensors())
def test_bytes_and_json_are_the_same_tensor(tensor: tuple[str, list[int], list[Any]]) -> None:
    datatype, shape, data = tensor
    spec = TensorSpec(name="x", datatype=datatype, shape=(-1,) * len(shape))
    body = {"inputs": [{"name": "x", "shape": shape, "datatype": datatype, "data": data}]}
    plain = oip.decode(read(json.dumps(body).encode()), Signature(inputs=(spec,), outputs=OUT), Limits())
    np.testing.assert_array_equal(plain.inputs["x"], sent(datatype, shape, data).inputs["x"])


@settings(deadline=None)
@given(tensors())
def test_encoded_bytes_are_little_endian_and_row_major(tensor: tuple[str, list[int], list[Any]]) -> None:
    datatype, shape, data = tensor
    array = np.array(data, dtype=NUMPY[datatype]).reshape(shape)
    encoded = binary.encoded(datatype, np.asfortranarray(array))
    if datatype == "BYTES":
        parts = [text.encode() for text in data]
        assert encoded == b"".join(struct.pack("<I", len(part)) + part for part in parts)
    else:
        assert encoded == array.astype(array.dtype.newbyteorder("<")).tobytes()


@pytest.mark.parametrize(
    ("declared", "wanted"), [("FP64", "FP32"), ("INT64", "FP32"), ("UINT8", "INT32"), ("BOOL", "FP16")]
)
def test_casts_that_keep_the_value_are_made_for_bytes_too(declared: str, wanted: str) -> None:
    spec = TensorSpec(name="x", datatype=wanted, shape=(-1,))
    tail = np.array([0, 1, 1], NUMPY[declared]).tobytes()
    one = {"name": "x", "shape": [3], "datatype": declared, "parameters": {"binary_data_size": len(tail)}}
    array = asked({"inputs": [one]}, tail, spec).inputs["x"]
    assert (array.dtype, array.tolist()) == (NUMPY[wanted], [0, 1, 1])


@pytest.mark.parametrize(
    ("declared", "value", "wanted"),
    [("FP64", 1e39, "FP32"), ("INT64", 2**24 + 1, "FP32"), ("INT64", 2**40, "INT32"), ("INT8", -1, "UINT8")],
)
def test_a_cast_that_changes_a_value_is_refused(declared: str, value: Any, wanted: str) -> None:
    spec = TensorSpec(name="x", datatype=wanted, shape=(-1,))
    tail = np.array([1, value], NUMPY[declared]).tobytes()
    one = {"name": "x", "shape": [2], "datatype": declared, "parameters": {"binary_data_size": len(tail)}}
    with pytest.raises(InvalidRequest, match="element 1") as refused:
        asked({"inputs": [one]}, tail, spec)
    assert refused.value.pointer == "/inputs/0"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("datatype", ["FP16", "FP32", "FP64"])
@pytest.mark.parametrize("leave", [{}, {"nullable": True}, {"infinity": True}])
def test_nan_and_infinity_need_the_signatures_leave(datatype: str, value: float, leave: dict[str, bool]) -> None:
    spec = TensorSpec(name="x", datatype=datatype, shape=(-1,), **leave)
    tail = np.array([value], NUMPY[datatype]).tobytes()
    one = {"name": "x", "shape": [1], "datatype": datatype, "parameters": {"binary_data_size": len(tail)}}
    if (spec.nullable and math.isnan(value)) or (spec.infinity and math.isinf(value)):
        np.testing.assert_array_equal(asked({"inputs": [one]}, tail, spec).inputs["x"], [value])
        return
    with pytest.raises(InvalidRequest):
        asked({"inputs": [one]}, tail, spec)


def test_an_aligned_tensor_shares_the_bodys_memory() -> None:
    body = b"x" * 8 + np.arange(4, dtype=np.float32).tobytes()
    assert frame.Tail(body, 8).take(16, "FP32", "").obj is body
    assert frame.Tail(b"x" + body, 9).take(16, "FP32", "").obj is not body
