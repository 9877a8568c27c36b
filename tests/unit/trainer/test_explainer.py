"""What is published for explanations: reference rows that are nobody's, parameters that are the graph's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from lepton.explanation.columns import features, reference_columns
from lepton.explanation.explainer import Explainer
from lepton.training.spec import spec_from
from tests.unit.explanation.models import COLUMNS, table, trained
from trainer.explainer import REFERENCE_ROWS, explainer_of
from trainer.features import FeaturePlan, plan_features
from trainer.package import files_beside, version_of

TRAIN = table(600, 1, 2)
MODELS = [("logistic", 2), ("linear", 0), ("lightgbm", 2), ("lightgbm", 3)]


def explainer(algorithm: str, classes: int) -> Explainer:
    made = trained(algorithm, classes).explainer
    assert made is not None
    return made


@pytest.mark.parametrize(("algorithm", "classes"), MODELS)
def test_the_file_reads_back_as_it_was_and_is_the_same_every_time(algorithm: str, classes: int) -> None:
    model = trained(algorithm, classes)
    spec = spec_from({"model": "m", "task": "regression", "dataset": "d", "target": "t"})
    body = files_beside(spec, model)["explain.json"]
    assert Explainer.model_validate_json(body) == model.explainer
    assert "null" in body.decode()  # a missing number among the reference
    assert body == files_beside(spec, model)["explain.json"]


def test_what_the_reference_holds_is_each_columns_distribution() -> None:
    reference = explainer("logistic", 2).reference
    assert {len(values) for values in reference.values()} == {REFERENCE_ROWS}
    ages = TRAIN.inputs["age"][:, 0]
    missing = np.isnan(ages).mean()
    assert sum(value is None for value in reference["age"]) == round(REFERENCE_ROWS * missing)
    known = np.array([value for value in reference["age"] if value is not None], dtype=float)
    assert np.median(known) == pytest.approx(float(np.nanmedian(ages)), abs=2)
    assert known.min() > np.nanmin(ages)
    assert known.max() < np.nanmax(ages)
    assert {reference["plan"].count(plan) for plan in ("", "basic", "gold", "pro")} <= {3, 4, 5}


def test_no_row_of_the_reference_is_a_row_of_the_data() -> None:
    reference = explainer("logistic", 2).reference
    names = list(reference)
    rows = {tuple(str(value) for value in row) for row in zip(*(reference[name] for name in names), strict=True)}
    given = zip(*(TRAIN.inputs[name][:, 0].tolist() for name in names), strict=True)
    assert rows & {tuple(str(value).replace("nan", "None") for value in row) for row in given} == set()


def test_a_rare_value_is_not_given_away() -> None:
    rare = table(600, 1, 2)
    rare.inputs["plan"][:5, 0] = "secret"
    plan, _ = plan_features(COLUMNS, rare, scaled=False)
    assert "secret" not in explainer_of(plan, [], rare).reference["plan"]


@pytest.mark.parametrize(("algorithm", "classes"), MODELS)
def test_features_are_those_of_the_plan(algorithm: str, classes: int) -> None:
    made = explainer(algorithm, classes)
    assert made.encoding is not None
    plan: FeaturePlan = plan_features(COLUMNS, table(600, 1, classes), scaled=algorithm != "lightgbm")[0]
    rows = table(50, 5, 2)
    np.testing.assert_array_equal(features(made.encoding, rows.inputs), plan.apply(rows.inputs))


def test_the_reference_can_be_run() -> None:
    model = trained("lightgbm", 2)
    columns = reference_columns(model.explainer, model.signature)
    assert {name: column.shape for name, column in columns.items()} == dict.fromkeys(
        (spec.name for spec in model.signature.inputs), (REFERENCE_ROWS, 1)
    )


def test_what_stands_beside_a_graph_is_part_of_its_version() -> None:
    model = trained("logistic", 2)
    plain = version_of(model.onnx, model.signature)
    assert plain == version_of(model.onnx, model.signature, {})
    beside = {version_of(model.onnx, model.signature, {"decisions.json": body}) for body in (b"1", b"2")}
    assert len({plain, *beside}) == 3


def test_a_spec_may_ask_for_none_of_it() -> None:
    fields = {"model": "m", "task": "regression", "dataset": "d", "target": "t"}
    assert spec_from(fields).explanations
    assert not spec_from(fields | {"explanations": False}).explanations
    told = json.loads(spec_from(fields).canonical())
    assert {"explanations", "decisions"} & told.keys() == set()
