from __future__ import annotations

import json
from contextlib import suppress

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lepton.errors import InvalidSpec
from lepton.training.spec import MAX_SPEC_BYTES, TrainingSpec, parse_spec, spec_from, spec_schema
from tests.unit.training.builders import a_spec

YAML = """
model: churn          # a comment
task: classification
dataset: telco-churn@latest
target: Churn
exclude: [customerID]
hyperparameters: {learning_rate: 1e-2}
"""


def refused(text: str) -> InvalidSpec:
    with pytest.raises(InvalidSpec) as told:
        parse_spec(text)
    return told.value


def test_yaml_and_json_give_the_same_spec() -> None:
    assert parse_spec(YAML) == parse_spec(json.dumps(yaml.safe_load(YAML)))


def test_what_is_left_out_has_its_default() -> None:
    spec = parse_spec(YAML)
    assert (spec.seed, spec.on_new_data, spec.rollout.alias, spec.gate.max_regression) == (7, "train", "live", 0.01)
    assert spec.parameters().model_dump()["learning_rate"] == 0.01
    assert spec.parameters().model_dump()["n_estimators"] == 300


def test_misspelt_field_is_told_with_the_one_that_was_meant() -> None:
    error = refused("model: churn\ntask: classification\ndatset: telco-churn\ntarget: Churn")
    assert error.pointer == "/datset"
    assert error.hint == "did you mean 'dataset'?"


def test_misspelt_field_inside_the_gate_is_told_with_its_place() -> None:
    error = refused(YAML + "gate: {metric_at_lest: 0.8}")
    assert error.pointer == "/gate/metric_at_lest"
    assert "metric_at_least" in str(error.hint)


def test_hyperparameter_of_another_algorithm_is_told() -> None:
    error = refused(YAML + "algorithm: logistic")
    assert error.pointer == "/hyperparameters/learning_rate"
    assert error.hint == "known are: C, max_iter"


@pytest.mark.parametrize(
    ("text", "pointer"),
    [
        (YAML.replace("churn  ", "Churn  "), "/model"),
        (YAML.replace("telco-churn@latest", "telco-churn@v2"), "/dataset"),
        (YAML + "resources: {max_hours: 0}", "/resources/max_hours"),
        (YAML + "gate: {max_size_mb: .inf}", "/gate/max_size_mb"),
        (YAML + "seed: -1", "/seed"),
        (YAML.replace("target: Churn", "target: no"), "/target"),
        ("[1, 2]", ""),
        ("", ""),
        ("{", ""),
        ("a: 1\na: 2", ""),
        ("a: &x [1]\nb: *x", ""),
        ("a: !!python/object/apply:os.system [ls]", ""),
        ("\x00", ""),
        ("a: " + "[" * 3000, ""),
        ("x" * (MAX_SPEC_BYTES + 1), ""),
    ],
)
def test_wrong_value_is_told_at_its_place(text: str, pointer: str) -> None:
    assert refused(text).pointer == pointer


@given(st.text(max_size=200))
def test_any_text_is_a_spec_or_is_refused(text: str) -> None:
    with suppress(InvalidSpec):
        assert TrainingSpec.model_validate(parse_spec(text).model_dump()).model


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*TrainingSpec.model_fields]), inner),
        max_leaves=8,
    )
)
def test_any_value_is_a_spec_or_is_refused(value: object) -> None:
    with suppress(InvalidSpec):
        assert spec_from(value).model


def test_spec_survives_its_own_json() -> None:
    spec = a_spec(gate={"metric_at_least": 0.8}, algorithm="logistic")
    assert TrainingSpec.model_validate_json(spec.model_dump_json()) == spec


def test_defaults_written_out_are_the_same_spec() -> None:
    plain, written = a_spec(), a_spec(algorithm="lightgbm", hyperparameters={"n_estimators": 300}, seed=7)
    assert plain.canonical() == written.canonical()
    assert plain.canonical() != a_spec(seed=8).canonical()


def test_schema_describes_every_field() -> None:
    schema = spec_schema()
    parameters = schema["properties"]["hyperparameters"]["anyOf"][1:]
    described = [schema, *schema["$defs"].values(), *parameters]
    assert not [name for part in described for name, field in part["properties"].items() if "description" not in field]
