"""What is no table, and tables that do not fit a model: each told at its place. Examples are run."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from lepton.decision.examples import run_examples
from lepton.decision.rules import Decisions
from lepton.decision.vocabulary import Vocabulary, check
from lepton.errors import InvalidSpec
from tests.unit.decision.tables import DATATYPES, VOCABULARY, decisions, rule
from tests.unit.endpoint.packages import CHURN, PRICE, TONE

OLD = {"input": "age", "op": ">", "value": 60}
LIKELY = {"output": "probabilities", "class": "Yes", "op": ">=", "value": 0.8}


@pytest.mark.parametrize(
    "clause",
    [
        {},
        {"op": ">", "value": 1},
        {"input": "age", "output": "label", "op": "==", "value": 1},
        {"input": "age"},
        {"input": "age", "op": "~", "value": 1},
        {"input": "age", "op": ">"},
        {"input": "age", "op": ">", "value": [1]},
        {"input": "age", "op": ">", "value": float("nan")},
        {"input": "age", "op": "in", "value": 1},
        {"input": "age", "op": "in", "value": []},
        {"input": "age", "op": "is_missing", "value": 1},
        {"input": "age", "class": "Yes", "op": ">", "value": 1},
        {"all": []},
        {"all": [OLD], "op": ">"},
        {"all": [OLD], "any": [OLD]},
        {"input": "age", "op": ">", "value": 1, "code": "import os"},
    ],
    ids=str,
)
def test_a_clause_that_means_nothing_is_refused(clause: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        decisions(rule(clause))


@pytest.mark.parametrize("rules", [[], [rule(OLD), rule(OLD)], [rule()], [rule(OLD, name="otherwise")]])
def test_a_table_that_means_nothing_is_refused(rules: list[dict[str, Any]]) -> None:
    with pytest.raises(ValidationError):
        decisions(*rules)


@pytest.mark.parametrize(
    ("clause", "place"),
    [
        ({"input": "agge", "op": ">", "value": 1}, "0/input"),
        ({"output": "age", "op": ">", "value": 1}, "0/output"),
        ({"input": "age", "op": ">", "value": "1"}, "0/value"),
        ({"input": "plan", "op": "==", "value": 1}, "0/value"),
        ({"input": "plan", "op": "in", "value": ["pro", 1]}, "0/value"),
        ({"input": "plan", "op": "<", "value": "pro"}, "0/op"),
        ({"output": "probabilities", "op": ">", "value": 1}, "0/class"),
        ({"output": "probabilities", "class": "Maybe", "op": ">", "value": 1}, "0/class"),
        ({"output": "label", "class": "Yes", "op": "==", "value": "Yes"}, "0/class"),
        ({"any": [OLD, {"all": [{"input": "x", "op": "is_missing"}]}]}, "0/any/1/all/0/input"),
    ],
)
def test_a_clause_that_does_not_fit_the_model_is_told_with_its_place(clause: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidSpec) as told:
        check(decisions(rule(clause)), VOCABULARY)
    assert told.value.pointer == f"/decisions/rules/0/when/{place}"


@pytest.mark.parametrize(
    ("example", "place"),
    [
        ({"decision": "maybe"}, "decision"),
        ({"decision": "yes", "rule": "second"}, "rule"),
        ({"decision": "yes", "inputs": {"agge": 1}}, "inputs/agge"),
        ({"decision": "yes", "inputs": {"age": "old"}}, "inputs/age"),
        ({"decision": "yes", "outputs": {"probabilities": 0.5}}, "outputs/probabilities"),
        ({"decision": "yes", "outputs": {"probabilities": {"Maybe": 0.5}}}, "outputs/probabilities/Maybe/class"),
        ({"decision": "yes", "outputs": {"label": {"Yes": 1.0}}}, "outputs/label"),
        ({"decision": "yes", "outputs": {"label": 1}}, "outputs/label"),
    ],
)
def test_an_example_that_cannot_be_is_told_with_its_place(example: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidSpec) as told:
        check(decisions(rule(OLD), tests=[example]), VOCABULARY)
    assert told.value.pointer == f"/decisions/tests/0/{place}"


def test_examples_hold_or_are_told_with_what_the_rules_looked_at() -> None:
    good = {"inputs": {"age": 61}, "outputs": {}, "decision": "yes", "rule": "first"}
    bad = {"outputs": {"probabilities": {"Yes": 0.7}}, "decision": "yes"}
    made = decisions(rule(OLD), rule(LIKELY, name="second"), tests=[good, bad])
    with pytest.raises(InvalidSpec, match="expects 'yes', decided is 'no'") as told:
        run_examples(made, VOCABULARY, None)
    assert told.value.pointer == "/decisions/tests/1"
    assert "probabilities of 'Yes' = 0.699" in str(told.value.hint)


def test_the_right_decision_by_another_rule_does_not_hold() -> None:
    example = {"inputs": {"age": 61}, "outputs": {}, "decision": "yes", "rule": "second"}
    made = decisions(rule(OLD), rule(LIKELY, name="second"), tests=[example])
    with pytest.raises(InvalidSpec, match="by rule 'second'"):
        run_examples(made, VOCABULARY, None)


def test_an_example_without_outputs_waits_for_a_model_that_can_be_asked() -> None:
    made = decisions(rule(LIKELY), tests=[{"inputs": {"age": 1}, "decision": "yes"}])
    assert run_examples(made, VOCABULARY, None) == (0, 1)
    assert run_examples(made, VOCABULARY, lambda _: {"probabilities": {"Yes": 0.8}}) == (1, 0)


def test_a_signature_offers_what_has_one_value_a_row_or_one_for_each_class() -> None:
    assert Vocabulary.of_signature(CHURN).by_class == {"probabilities"}
    assert Vocabulary.of_signature(PRICE).datatypes[("output", "prediction")] == "FP32"
    assert ("input", "image") not in Vocabulary.of_signature(TONE).datatypes


def test_a_table_is_the_same_after_it_was_stored() -> None:
    made = decisions(rule(OLD, {"any": [LIKELY]}), tests=[{"outputs": {}, "decision": "no"}])
    assert Decisions.model_validate_json(made.body()) == made
    assert Decisions.model_validate_json(made.model_dump_json()) == made
    assert made.body() == Decisions.model_validate(json.loads(made.body())).body()
    assert set(DATATYPES) == set(VOCABULARY.datatypes)
