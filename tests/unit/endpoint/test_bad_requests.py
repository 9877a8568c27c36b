"""Every way a protocol request can be wrong that we thought of: never a 200, never a 5xx, always a pointer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lepton.endpoint import document, oip
from lepton.endpoint.request import Limits
from lepton.errors import CallerError, InvalidRequest, TooLarge
from tests.unit.endpoint.packages import CHURN, TONE

LIMITS = Limits(rows=5)
AGE = {"name": "age", "shape": [2, 1], "datatype": "FP32", "data": [30, None]}
PLAN = {"name": "plan", "shape": [2, 1], "datatype": "BYTES", "data": ["pro", "basic"]}
CALLS = {"name": "calls", "shape": [2, 1], "datatype": "FP32", "data": [1, 2]}


def request(age: Any = AGE, plan: Any = PLAN, calls: Any = CALLS, **more: Any) -> dict[str, Any]:
    return {"inputs": [age, plan, calls]} | more


def age(**changes: Any) -> dict[str, Any]:
    return request(age=AGE | changes)


def plan(*data: Any) -> dict[str, Any]:
    return request(plan=PLAN | {"data": list(data)})


def calls(*data: Any, **changes: Any) -> dict[str, Any]:
    return request(calls=CALLS | {"data": list(data)} | changes)


def without(member: str) -> dict[str, Any]:
    return request(age={key: value for key, value in AGE.items() if key != member})


BAD: list[tuple[str, Any, str]] = [
    ("a body that is an array", [], ""),
    ("a body that is a string", "inputs", ""),
    ("a body that is null", None, ""),
    ("no inputs", {"id": "1"}, "/inputs"),
    ("inputs that are an object", {"inputs": {}}, "/inputs"),
    ("inputs that are empty", {"inputs": []}, "/inputs"),
    ("an input that is a number", request(age=7), "/inputs/0"),
    ("an unknown member", request(input=[]), "/input"),
    ("a member that needs escaping", request(**{"a/b~c": 1}), "/a~1b~0c"),
    ("an unknown member of an input", age(values=[1]), "/inputs/0/values"),
    ("an input without a name", without("name"), "/inputs/0/name"),
    ("an input without a shape", without("shape"), "/inputs/0/shape"),
    ("an input without a datatype", without("datatype"), "/inputs/0/datatype"),
    ("an input without data", without("data"), "/inputs/0/data"),
    ("a name that is a number", age(name=1), "/inputs/0/name"),
    ("a name that the model does not know", age(name="agee"), "/inputs/0/name"),
    ("a name twice", {"inputs": [AGE, PLAN, CALLS, CALLS]}, "/inputs/3/name"),
    ("an input missing", {"inputs": [AGE, PLAN]}, "/inputs"),
    ("a datatype that does not exist", age(datatype="FLOAT"), "/inputs/0/datatype"),
    ("a datatype in lower case", age(datatype="fp32"), "/inputs/0/datatype"),
    ("a datatype that is null", age(datatype=None), "/inputs/0/datatype"),
    ("text for a number", age(datatype="BYTES", data=["1", "2"]), "/inputs/0/datatype"),
    ("numbers for text", request(plan=PLAN | {"datatype": "INT64", "data": [1, 2]}), "/inputs/1/datatype"),
    ("a shape that is a number", age(shape=2), "/inputs/0/shape"),
    ("a shape with a string", age(shape=["2", 1]), "/inputs/0/shape/0"),
    ("a shape with a fraction", age(shape=[2.0, 1]), "/inputs/0/shape/0"),
    ("a shape with true", age(shape=[2, True]), "/inputs/0/shape/1"),
    ("a shape with -1", age(shape=[-1, 1]), "/inputs/0/shape/0"),
    ("a shape of too low a rank", age(shape=[2]), "/inputs/0/shape"),
    ("a shape of too high a rank", age(shape=[2, 1, 1]), "/inputs/0/shape"),
    ("a shape that is empty", age(shape=[], data=[1]), "/inputs/1/shape"),
    ("a fixed dimension that is another", age(shape=[2, 2], data=[1, 2, 3, 4]), "/inputs/0/shape"),
    ("no rows", {"inputs": [one | {"shape": [0, 1], "data": []} for one in (AGE, PLAN, CALLS)]}, "/inputs/0/shape"),
    ("another number of rows than the others", age(shape=[1, 1], data=[1]), "/inputs/1/shape"),
    ("too few elements", age(data=[1]), "/inputs/0/data"),
    ("too many elements", age(data=[1, 2, 3]), "/inputs/0/data"),
    ("no elements", age(data=[]), "/inputs/0/data"),
    ("data that is a string", age(data="12"), "/inputs/0/data"),
    ("data that is null", age(data=None), "/inputs/0/data"),
    ("nesting that is deeper than the shape", age(data=[[[1]], [[2]]]), "/inputs/0/data/0/0"),
    ("nesting that is ragged", age(data=[[1], [2, 3]]), "/inputs/0/data"),
    ("nesting of only some", age(data=[[1], 2]), "/inputs/0/data"),
    ("nesting against the shape", age(data=[[1, 2]]), "/inputs/0/data"),
    ("a string among numbers", age(data=[1, "2"]), "/inputs/0/data/1"),
    ("a boolean among numbers", age(data=[1, True]), "/inputs/0/data/1"),
    ("an object among numbers", age(data=[{}, 1]), "/inputs/0/data/0"),
    ("a number among nested ones that is a string", age(data=[[1], ["2"]]), "/inputs/0/data/1/0"),
    ("a missing value where one is needed", calls(1, None), "/inputs/2/data/1"),
    ("a number over FP32", age(data=[1, 1e39]), "/inputs/0/data/1"),
    ("a number over FP64", age(data=[10**400, 1]), "/inputs/0/data/0"),
    ("a number that JSON reads as infinity", age(data=[1, float("1e999")]), "/inputs/0/data/1"),
    ("an INT64 that FP32 does not hold", calls(1, 2**24 + 1, datatype="INT64"), "/inputs/2/data/1"),
    ("an INT64 beyond 64 bits", calls(1, 2**63, datatype="INT64"), "/inputs/2/data/1"),
    ("an INT8 of 200", calls(1, 200, datatype="INT8"), "/inputs/2/data/1"),
    ("a UINT8 below zero", calls(-1, 2, datatype="UINT8"), "/inputs/2/data/0"),
    ("an INT64 with a fraction", calls(1.0, 2, datatype="INT64"), "/inputs/2/data/0"),
    ("a BOOL of 1", calls(1, True, datatype="BOOL"), "/inputs/2/data/0"),
    ("a number for text", plan("pro", 1), "/inputs/1/data/1"),
    ("a category that a closed input does not know", plan("pro", "gold"), "/inputs/1/data/1"),
    ("half a surrogate pair", plan("pro", "\ud800"), "/inputs/1/data/1"),
    ("an id that is a number", request(id=7), "/id"),
    ("parameters that are an array", request(parameters=[]), "/parameters"),
    ("an input's parameters that are a string", age(parameters="x"), "/inputs/0/parameters"),
    ("outputs that are an object", request(outputs={}), "/outputs"),
    ("an output that is a string", request(outputs=["label"]), "/outputs/0"),
    ("an output without a name", request(outputs=[{}]), "/outputs/0/name"),
    ("an output that the model does not have", request(outputs=[{"name": "labels"}]), "/outputs/0/name"),
    ("an output twice", request(outputs=[{"name": "label"}] * 2), "/outputs/1/name"),
    ("an output with an unknown member", request(outputs=[{"name": "label", "top": 1}]), "/outputs/0/top"),
]


@pytest.mark.parametrize(("body", "pointer"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_request_is_refused_with_a_pointer(body: Any, pointer: str) -> None:
    parsed = document.read(json.dumps(body).replace("Infinity", "1e999").encode())
    with pytest.raises(CallerError) as refused:
        oip.decode(parsed, CHURN, LIMITS)
    assert (refused.value.status, refused.value.code, refused.value.pointer) == (400, "invalid_request", pointer)
    assert refused.value.message


def test_too_many_rows_are_413() -> None:
    wide = [one | {"shape": [6, 1], "data": [one["data"][0]] * 6} for one in (AGE, PLAN, CALLS)]
    with pytest.raises(TooLarge) as refused:
        oip.decode({"inputs": wide}, CHURN, LIMITS)
    assert (refused.value.status, refused.value.pointer) == (413, "/inputs/0/shape")


@pytest.mark.parametrize(
    ("shape", "pointer"),
    [
        ([1, 2**31 - 1, 8, 1], "/inputs/0/shape"),
        ([1, 10**4000, 10**4000, 1], "/inputs/0/shape/1"),
        ([1] * 100_000, "/inputs/0/shape"),
    ],
)
def test_a_shape_of_astronomic_size_costs_nothing(shape: list[int], pointer: str) -> None:
    huge = {"inputs": [{"name": "image", "shape": shape, "datatype": "UINT8", "data": [1]}]}
    with pytest.raises(InvalidRequest) as refused:
        oip.decode(huge, TONE, LIMITS)
    assert refused.value.pointer == pointer
    assert len(refused.value.message) < 300


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"inputs": [NaN]}', "NaN is not JSON"),
        (b'{"inputs": [-Infinity]}', "-Infinity is not JSON"),
        (b'{"id": "1", "id": "2"}', "'id' stands twice"),
        (b"[" * 100_000, "not JSON"),
        (b'{"inputs": []} x', "not JSON"),
        (b"[" + b"9" * 5000 + b"]", "not JSON"),
    ],
)
def test_body_that_is_not_strict_json_is_refused(body: bytes, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told) as refused:
        document.read(body)
    assert (refused.value.status, refused.value.pointer) == (400, "")
