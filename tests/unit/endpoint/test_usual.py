"""The beaten paths say what the careful ones say, wherever they say anything."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton.endpoint import document, oip, usual, values
from lepton.endpoint.arrays import NUMPY
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature, TensorSpec
from tests.unit.endpoint.packages import CHURN
from tests.unit.endpoint.test_bad_requests import AGE, BAD, CALLS, LIMITS, PLAN, request
from tests.unit.endpoint.test_tensors import ANYTHING, ELEMENTS

SPECS = st.builds(
    TensorSpec,
    name=st.just("x"),
    datatype=st.sampled_from(sorted(NUMPY)),
    shape=st.just((-1, 1)),
    nullable=st.booleans(),
    categories=st.sampled_from([None, ("basic", "pro")]),
    closed=st.booleans(),
    minimum=st.sampled_from([None, -3.0, 0.5]),
    maximum=st.sampled_from([None, 10.0, 2.0**60]),
)


@settings(deadline=None, max_examples=600)
@given(SPECS, st.data())
def test_what_is_read_quickly_is_read_the_same_slowly(spec: TensorSpec, data: st.DataObject) -> None:
    cells = data.draw(st.lists(ANYTHING | ELEMENTS[spec.datatype], min_size=1, max_size=5))
    quick = usual.Reader(spec).tensor(cells, len(cells))
    array, wrong = values.column(cells, spec.datatype, spec)
    if quick is not None:
        assert not wrong
        np.testing.assert_array_equal(quick.array().reshape(-1), array)
        assert quick.array().dtype == NUMPY[spec.datatype]


def test_an_ordinary_request_takes_the_beaten_path() -> None:
    found = usual.of(CHURN).inputs([AGE, PLAN, CALLS], 5)
    assert found is not None
    assert {name: tensor.flat() for name, tensor in found.items()}["plan"] == ["pro", "basic"]
    assert usual.of(CHURN) is usual.of(CHURN)


@pytest.mark.parametrize("body", [case[1] for case in BAD if isinstance(case[1], dict)])
def test_a_bad_request_never_takes_it(body: dict[str, Any]) -> None:
    listed = body.get("inputs")
    if isinstance(listed, list) and listed != request()["inputs"]:
        assert usual.of(CHURN).inputs(listed, 5) is None


def test_the_beaten_path_needs_no_numpy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, json; from lepton.endpoint import oip, body, answer_forms, invocations, document;"
        "from lepton.endpoint.request import Limits; from lepton.model_package.manifest import Signature, TensorSpec;"
        "spec = TensorSpec(name='x', datatype='FP32', shape=(-1, 1));"
        "one = {'name': 'x', 'datatype': 'FP32', 'shape': [1, 1], 'data': [2.5]};"
        "made = oip.decode({'inputs': [one]}, Signature(inputs=(spec,), outputs=(spec,)), Limits());"
        "assert made.inputs.tensors['x'].flat() == [2.5];"
        "print('numpy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout == "False\n"


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None)
@given(JSON)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert json.loads(document.written(value)) == value
    assert document.written(["\ud800", 2**70]) == b'["\\ud800",1180591620717411303424]'


def read_fast(body: bytes) -> Any:
    """As a large body is read: white space does not matter to JSON."""
    return document.read(body + b" " * document.LARGE)


@settings(deadline=None, max_examples=300)
@given(JSON, st.sampled_from([None, 1]))
def test_both_parsers_read_the_same(value: Any, indent: int | None) -> None:
    body = json.dumps(value, indent=indent).encode()
    assert read_fast(body) == document.strict(body) == value


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1, "a": 2}',
        '{"a": {"b": 1, "b": 1}}',
        '[{"a" : 1, "a"\n: 1}]',
        '[[1], [{"a": 1, "a": 1}]]',
        '{"a:": 1, "b": ":", "b": 2}',
        '{"\\u0061": 1, "a": 2}',
        "[NaN]",
        "[Infinity]",
        "[1,]",
        "[01]",
        "'a'",
        "[1] [2]",
        '"\\x"',
        "[" * 100_000,
        "nul",
    ],
)
def test_neither_parser_takes_what_is_not_json(text: str) -> None:
    for read in (document.strict, read_fast):
        with pytest.raises(InvalidRequest):
            read(text.encode())


@pytest.mark.parametrize("text", ['"\\ud800"', "1e999", '{"a": "b:c", "d:": ["e:"]}'])
def test_what_only_one_parser_takes_is_taken_whichever_is_asked_first(text: str) -> None:
    assert read_fast(text.encode()) == document.strict(text.encode())


def test_the_same_request_decodes_the_same_on_both_paths() -> None:
    quick = oip.decode(request(), CHURN, LIMITS)
    slow = oip.decode(request(age=AGE | {"data": [[30], [None]]}), CHURN, LIMITS)
    for name in quick.inputs:
        np.testing.assert_array_equal(quick.inputs[name], slow.inputs[name])


def test_a_signature_forgotten_is_not_taken_for_another() -> None:
    for datatype in ("FP32", "INT64") * 200:
        signature = Signature(inputs=(TensorSpec(name="x", datatype=datatype, shape=(-1, 1)),), outputs=())
        assert usual.of(signature).readers["x"].datatype == datatype
