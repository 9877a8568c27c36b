"""Decision tables at planning: held against what is known of the model before it is trained."""

from __future__ import annotations

from typing import Any

import pytest

from lepton.dataset.manifest import Column
from lepton.errors import InvalidSpec
from lepton.training.decisions import planned_vocabulary
from lepton.training.plan import TrainingPlan, plan_training, run_of
from lepton.training.prices import stored_prices
from lepton.training.spec import parse_spec
from tests.unit.training.builders import LIMITS, a_dataset, a_spec, columns, images

SURE = {"output": "probabilities", "class": "Yes", "op": ">=", "value": 0.8}
NEW = {"input": "tenure", "op": "<", "value": 12}


def rules(*when: dict[str, Any], **more: Any) -> dict[str, Any]:
    rule = {"rule": "first", "when": list(when), "decision": "call", "reason": "likely to leave"}
    return {"rules": [rule], "otherwise": {"decision": "nothing"}} | more


def plan(decisions: dict[str, Any], **spec: Any) -> TrainingPlan:
    return plan_training(a_spec(decisions=decisions, **spec), a_dataset(), LIMITS, stored_prices())


def test_a_table_is_told_among_the_reasons_with_its_examples() -> None:
    tests = [
        {"inputs": {"tenure": 3}, "outputs": {"probabilities": {"Yes": 0.8}}, "decision": "call"},
        {"inputs": {"tenure": 3}, "decision": "nothing"},
    ]
    told = plan(rules(SURE, NEW, tests=tests)).reasons[-1]
    assert told == "1 decision rules: 1 examples hold, 1 wait for the trained model"


@pytest.mark.parametrize(
    ("clause", "place"),
    [
        (NEW | {"input": "customerID"}, "input"),
        (NEW | {"input": "Churn"}, "input"),
        (NEW | {"input": "gender"}, "op"),
        (SURE | {"class": "Perhaps"}, "class"),
        ({"output": "prediction", "op": ">", "value": 1}, "output"),
    ],
)
def test_a_rule_on_what_the_model_will_not_have_is_refused_before_training(clause: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidSpec) as told:
        plan(rules(clause))
    assert told.value.pointer == f"/decisions/rules/0/when/0/{place}"


def test_an_example_that_does_not_hold_is_refused_before_training() -> None:
    with pytest.raises(InvalidSpec) as told:
        plan(rules(SURE, tests=[{"outputs": {"probabilities": {"Yes": 0.79}}, "decision": "call"}]))
    assert told.value.pointer == "/decisions/tests/0"


def test_what_is_known_of_classes_before_training() -> None:
    numbers = (*columns()[:-1], Column(name="Churn", type="int64", nullable=False))
    assert planned_vocabulary(a_spec(), a_dataset()).classes == ("No", "Yes")
    assert planned_vocabulary(a_spec(), a_dataset(columns=numbers)).classes is None
    assert planned_vocabulary(a_spec(target="Partner"), a_dataset()).classes == ("false", "true")
    pictures = a_spec(target=None, task="image_classification", dataset="digits")
    assert planned_vocabulary(pictures, images()).classes == ("0", "1", "2")
    assert planned_vocabulary(a_spec(task="regression", target="tenure"), a_dataset()).classes == ()


def test_other_rules_are_another_run_and_no_rules_the_run_that_it_was() -> None:
    plain, ruled, other = a_spec(), a_spec(decisions=rules(SURE)), a_spec(decisions=rules(NEW))
    runs = {run_of(spec, "aaaaaaaaaaaa") for spec in (plain, ruled, other)}
    assert len(runs) == 3
    assert run_of(a_spec(explanations=True), "aaaaaaaaaaaa") == run_of(plain, "aaaaaaaaaaaa")


def test_a_spec_with_rules_is_kept_and_read_as_it_was() -> None:
    spec = a_spec(decisions=rules(SURE, {"any": [NEW, {"input": "gender", "op": "in", "value": ["Male"]}]}))
    assert parse_spec(spec.model_dump_json()) == spec
    assert '"class":"Yes"' in spec.model_dump_json()
