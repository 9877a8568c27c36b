"""The evaluator: every operator on every kind of value, groups against the truth table, and the order of rules."""

from __future__ import annotations

import math
import operator
import struct
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.decision.table import compiled, rounded
from tests.unit.decision.tables import AGE, COUNT, DATATYPES, PLAN, YES, decisions, holds, rule, table

COMPARED = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
FLOATS = st.floats(width=32, allow_nan=False)
MISSING = [None, math.nan, ""]


def single(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])


@pytest.mark.parametrize("op", COMPARED)
@pytest.mark.parametrize(("value", "wanted"), list(product([-1.0, 0.0, 0.5, 2.0], repeat=2)))
def test_every_comparison_of_numbers_is_pythons(op: str, value: float, wanted: float) -> None:
    assert holds({"input": "age", "op": op, "value": wanted}, value) == COMPARED[op](value, wanted)


@given(op=st.sampled_from(sorted(COMPARED)), value=FLOATS, wanted=FLOATS.filter(math.isfinite))
def test_any_two_float32_numbers_are_compared_exactly(op: str, value: float, wanted: float) -> None:
    assert holds({"input": "age", "op": op, "value": wanted}, value) == COMPARED[op](value, wanted)


@given(st.floats(min_value=-1e30, max_value=1e30))
def test_a_rules_number_meets_the_float32_that_a_model_makes_of_it(wanted: float) -> None:
    for op in ("<=", ">=", "=="):
        assert holds({"input": "age", "op": op, "value": wanted}, single(wanted))
    assert holds({"input": "age", "op": "in", "value": [wanted, 7]}, single(wanted))


@pytest.mark.parametrize(("op", "expected"), [("==", True), ("!=", False)])
def test_texts_are_compared_as_they_are(op: str, expected: bool) -> None:
    assert holds({"input": "plan", "op": op, "value": "pro"}, "pro") is expected
    assert holds({"input": "plan", "op": op, "value": "pro"}, "Pro") is not expected


@pytest.mark.parametrize("op", [*COMPARED, "in"])
@pytest.mark.parametrize("missing", MISSING)
def test_a_missing_value_fulfils_no_comparison(op: str, missing: Any) -> None:
    assert not holds({"input": "age", "op": op, "value": [1.0] if op == "in" else 1.0}, missing)


@pytest.mark.parametrize("value", [*MISSING, 0.0, -1.0, False, "x", " "])
def test_missing_is_none_nan_and_empty_text_and_nothing_else(value: Any) -> None:
    missing = any(value is one or value == one for one in MISSING)
    assert holds({"input": "age", "op": "is_missing"}, value) is missing
    assert holds({"input": "age", "op": "is_missing", "value": True}, value) is missing
    assert holds({"input": "age", "op": "is_missing", "value": False}, value) is not missing


@pytest.mark.parametrize(("value", "expected"), [("a", True), ("b", True), ("c", False), ("", False)])
def test_in_is_one_of_the_list(value: str, expected: bool) -> None:
    assert holds({"input": "plan", "op": "in", "value": ["a", "b"]}, value) is expected


def test_an_integer_that_no_float_holds_is_compared_exactly() -> None:
    big = 2**53 + 1
    assert holds({"input": "count", "op": "==", "value": big}, big)
    assert not holds({"input": "count", "op": "==", "value": big}, big - 1)


@pytest.mark.parametrize("given_", list(product([True, False], repeat=3)))
def test_groups_are_the_truth_table_of_and_and_or(given_: tuple[bool, bool, bool]) -> None:
    a, b, c = given_
    clauses = {"age": {"input": "age", "op": ">", "value": 0}, "plan": {"input": "plan", "op": "==", "value": "x"}}
    last = {"input": "count", "op": "==", "value": 1}
    row = {AGE: 1.0 if a else -1.0, PLAN: "x" if b else "y", COUNT: 1 if c else 0}
    either = table({"any": [clauses["age"], {"all": [clauses["plan"], last]}]})
    assert (either.decide(row).decision == "yes") == (a or (b and c))
    both = table({"any": [clauses["age"], clauses["plan"]]}, last)
    assert (both.decide(row).decision == "yes") == ((a or b) and c)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0, 1))
def test_the_first_rule_that_holds_decides(bounds: list[float], value: float) -> None:
    rules = [
        rule({"output": "probabilities", "class": "Yes", "op": ">=", "value": bound}, name=f"r{n}", decision=f"d{n}")
        for n, bound in enumerate(bounds)
    ]
    decided = compiled(decisions(*rules).document(), DATATYPES).decide({YES: single(value)})
    first = next((f"r{n}" for n, bound in enumerate(bounds) if single(value) >= single(bound)), "otherwise")
    assert decided.rule == first
    assert decided.reason == ("no rule holds" if first == "otherwise" else f"by {first}")


def test_only_what_the_rules_look_at_is_asked_for_and_each_once() -> None:
    made = table({"input": "age", "op": ">", "value": 1}, {"any": [{"input": "age", "op": "is_missing"}]})
    assert made.places == (AGE,)


@pytest.mark.parametrize(("value", "expected"), [(1e39, math.inf), (-1e39, -math.inf), (True, 1.0)])
def test_a_number_beyond_the_datatype_is_infinite(value: float, expected: float) -> None:
    assert rounded(value, "FP32") == expected
