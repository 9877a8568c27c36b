"""The same rows in every form that callers know give the same inputs; what is wrong is pointed to in its own form."""

from __future__ import annotations

from typing import Any

import pytest

from lepton.endpoint import invocations
from lepton.endpoint.request import InferRequest, Limits
from lepton.errors import CallerError, TooLarge
from tests.unit.endpoint.packages import CHURN, PRICE, TONE

LIMITS = Limits(rows=5)
ROWS = [{"age": 30, "plan": "pro", "calls": 1.5}, {"age": None, "plan": None, "calls": 2}]
FORMS: dict[str, dict[str, Any]] = {
    "records": {"dataframe_records": ROWS},
    "instances": {"instances": ROWS},
    "split": {"dataframe_split": {"columns": list(ROWS[0]), "data": [list(row.values()) for row in ROWS]}},
    "split with index": {
        "dataframe_split": {"index": [0, 1], "columns": list(ROWS[0]), "data": [list(row.values()) for row in ROWS]}
    },
    "inputs": {"inputs": {name: [row[name] for row in ROWS] for name in ROWS[0]}},
    "inputs of one column each": {"inputs": {name: [[row[name]] for row in ROWS] for name in ROWS[0]}},
    "protocol": {
        "inputs": [
            {"name": name, "shape": [2, 1], "datatype": kind, "data": [row[name] for row in ROWS]}
            for name, kind in (("age", "FP32"), ("plan", "BYTES"), ("calls", "FP64"))
        ]
    },
}


def plain(request: InferRequest) -> dict[str, list[str]]:
    return {name: [str(cell) for cell in array.reshape(-1)] for name, array in request.inputs.items()}


EXPECTED = {"age": ["30.0", "nan"], "plan": ["pro", ""], "calls": ["1.5", "2.0"]}


@pytest.mark.parametrize("form", FORMS)
def test_every_json_form_gives_the_same_inputs(form: str) -> None:
    request = invocations.decode(FORMS[form], CHURN, LIMITS)
    assert (plain(request), request.rows, request.ignored) == (EXPECTED, 2, ())


@pytest.mark.parametrize("sign", [",", ";", "\t", "|"])
def test_csv_with_any_delimiter_gives_the_same_inputs(sign: str) -> None:
    text = "\ufeffage,plan,calls\r\n30,pro,1.5\r\n\r\nNA, ,2\r\n".replace(",", sign)
    request = invocations.decode_csv(text, CHURN, LIMITS)
    assert (plain(request), request.rows) == (EXPECTED, 2)


def test_columns_that_the_model_does_not_use_are_named() -> None:
    records = [row | {"id": 7, "target": "x"} for row in ROWS]
    assert invocations.decode({"dataframe_records": records}, CHURN, LIMITS).ignored == ("id", "target")
    assert invocations.decode_csv("id,age,plan,calls\n7,30,pro,1\n", CHURN, LIMITS).ignored == ("id",)


def test_true_and_false_are_one_and_zero_in_a_number() -> None:
    records = [{"rooms": True, "area": 1}, {"rooms": False, "area": 2}]
    request = invocations.decode({"dataframe_records": records}, PRICE, LIMITS)
    csv = invocations.decode_csv("rooms,area\ntrue,1\nFalse,2\n", PRICE, LIMITS)
    assert plain(request) == plain(csv) == {"rooms": ["1.0", "0.0"], "area": ["1.0", "2.0"]}


def test_a_model_with_one_input_takes_bare_arrays() -> None:
    image = [[[pixel % 250] for pixel in range(8)] for _ in range(8)]
    for form in ("instances", "inputs"):
        request = invocations.decode({form: [image, image]}, TONE, LIMITS)
        assert request.inputs["image"].shape == (2, 8, 8, 1)
    assert invocations.decode({"inputs": {"image": [image]}}, TONE, LIMITS).rows == 1


def records(*rows: Any) -> dict[str, Any]:
    return {"dataframe_records": list(rows)}


def split(columns: Any, data: Any) -> dict[str, Any]:
    return {"dataframe_split": {"columns": columns, "data": data}}


GOOD = ROWS[0]
NAMES = list(GOOD)
BAD: list[tuple[Any, str]] = [
    ({}, ""),
    ([], ""),
    ({"dataframe_records": [GOOD], "instances": [GOOD]}, ""),
    ({"rows": [GOOD]}, "/rows"),
    (records(), "/dataframe_records"),
    (records(1), "/dataframe_records/0"),
    (records(GOOD, {"age": 1, "plan": "pro"}), "/dataframe_records/1"),
    (records(GOOD, GOOD | {"calls": "2"}), "/dataframe_records/1/calls"),
    (records(GOOD, GOOD | {"calls": None}), "/dataframe_records/1/calls"),
    (records(GOOD | {"plan": 3}), "/dataframe_records/0/plan"),
    (records(GOOD | {"plan": "gold"}), "/dataframe_records/0/plan"),
    (records(GOOD | {"age": [1]}), "/dataframe_records/0/age"),
    (records(GOOD, GOOD | {"age": True}), "/dataframe_records/1/age"),
    (split(NAMES, []), "/dataframe_split/data"),
    (split("age", []), "/dataframe_split/columns"),
    (split(["age", 1], []), "/dataframe_split/columns/1"),
    (split(["age", "plan"], [[1, "pro"]]), "/dataframe_split/columns"),
    (split([*NAMES, "age"], [[1, "pro", 2, 3]]), "/dataframe_split/columns"),
    (split(NAMES, [[1, "pro"]]), "/dataframe_split/data/0"),
    (split(NAMES, [[1, "pro", 1], [1, "pro", {}]]), "/dataframe_split/data/1/2"),
    ({"dataframe_split": {"rows": []}}, "/dataframe_split/rows"),
    ({"inputs": {"age": [1], "plan": ["pro"]}}, "/inputs"),
    ({"inputs": {"age": [1], "plan": ["pro"], "calls": [1, 2]}}, "/inputs/calls"),
    ({"inputs": {"age": [], "plan": [], "calls": []}}, "/inputs/age"),
    ({"inputs": {"age": 1, "plan": ["pro"], "calls": [1]}}, "/inputs/age"),
    ({"inputs": {"age": [1, "x"], "plan": ["pro"] * 2, "calls": [1, 1]}}, "/inputs/age/1"),
    ({"inputs": [[1, "pro", 2]]}, "/inputs"),
    ({"instances": [[1, "pro", 2]]}, "/instances"),
    ({"instances": "x"}, "/instances"),
    ({"inputs": 3}, "/inputs"),
]


@pytest.mark.parametrize(("body", "pointer"), BAD)
def test_bad_invocation_is_refused_with_a_pointer(body: Any, pointer: str) -> None:
    with pytest.raises(CallerError) as refused:
        invocations.decode(body, CHURN, LIMITS)
    assert (refused.value.status, refused.value.pointer) == (400, pointer)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"instances": [[[[1]] * 8] * 7]}, "/instances"),
        ({"instances": [[[[256]] * 8] * 8]}, "/instances/0/0/0/0"),
        ({"inputs": {"image": [[[[1]] * 8] * 8], "other": [1]}}, "/inputs/other"),
        ({"dataframe_records": [{"image": 1}]}, "/dataframe_records/0"),
    ],
)
def test_bad_bare_array_is_refused_with_a_pointer(body: Any, pointer: str) -> None:
    with pytest.raises(CallerError) as refused:
        invocations.decode(body, TONE, LIMITS)
    assert (refused.value.status, refused.value.pointer) == (400, pointer)


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        ("", "line 1"),
        ("\n", "line 1"),
        ("age,plan\n1,pro\n", "line 1"),
        ("age,plan,calls,age\n1,pro,2,3\n", "line 1"),
        ("age,plan,calls\n", "line 2"),
        ("age,plan,calls\n1,pro,2\n1,pro\n", "line 3"),
        ('age,plan,calls\n1,"pro\n', "line 2"),
        ("age,plan,calls\n\n1,pro,two\n", "line 3"),
        ("age,plan,calls\n1,pro,inf\n", "line 2"),
        ("age,plan,calls\n1,pro,1_000\n", "line 2"),
        ("age,plan,calls\n1,pro,1e39\n", "line 2"),
        ("age,plan,calls\n1,pro,\n", "line 2"),
    ],
)
def test_bad_csv_is_refused_with_its_line(text: str, pointer: str) -> None:
    with pytest.raises(CallerError) as refused:
        invocations.decode_csv(text, CHURN, LIMITS)
    assert (refused.value.status, refused.value.pointer) == (400, pointer)


@pytest.mark.parametrize("body", [records(*[GOOD] * 6), split(NAMES, [list(GOOD.values())] * 6)])
def test_too_many_rows_in_any_form_are_413(body: Any) -> None:
    with pytest.raises(TooLarge):
        invocations.decode(body, CHURN, LIMITS)
    with pytest.raises(TooLarge):
        invocations.decode_csv("age,plan,calls\n" + "1,pro,2\n" * 6, CHURN, LIMITS)
