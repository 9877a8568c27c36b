from __future__ import annotations

from typing import Any

import pytest

from lepton.dataset.manifest import DatasetManifest
from lepton.errors import CallerError, InvalidSpec, NotFound
from lepton.training.plan import TrainingLimits, TrainingPlan, plan_training
from lepton.training.prices import stored_prices
from tests.unit.training.builders import FIRST, LIMITS, SECOND, a_dataset, a_spec, columns, images


def plan(manifest: DatasetManifest | None = None, **spec: Any) -> TrainingPlan:
    return plan_training(a_spec(**spec), manifest or a_dataset(), LIMITS, stored_prices())


def refused(manifest: DatasetManifest | None = None, **spec: Any) -> CallerError:
    with pytest.raises(CallerError) as told:
        plan(manifest, **spec)
    return told.value


def test_plan_of_a_table_names_job_and_features() -> None:
    made = plan()
    assert made.job.name == f"lepton-{made.run}"
    assert made.job.environment["LEPTON_RUN"] == made.run
    assert (made.job.queue, made.job.gpus, made.job.timeout) == ("lepton-cpu", 0, 3600)
    used = [feature.name for feature in made.features if feature.used]
    assert used == ["gender", "tenure", "TotalCharges", "Partner", "region"]
    assert (made.algorithm, made.metric, made.classes) == ("lightgbm", "auc", 2)


def test_every_column_that_is_left_out_has_a_reason() -> None:
    left = {feature.name: feature.reason for feature in plan(exclude=["gender"]).features if not feature.used}
    assert left["Churn"] == "is the target"
    assert left["gender"] == "excluded by the spec"
    assert "id or free text" in left["customerID"]
    assert "timestamp" in left["since"]


def test_number_named_like_an_id_is_used_and_warned_of() -> None:
    numbered = [
        column.model_copy(update={"name": "user_id"}) if column.name == "tenure" else column for column in columns()
    ]
    assert plan(a_dataset(columns=tuple(numbered))).warnings == (
        "'user_id' is named like an id; if it is one, name it in `exclude`",
    )


def test_plan_of_images_goes_to_the_gpu_queue_when_asked() -> None:
    made = plan(images(), dataset="digits", task="image_classification", target=None, resources={"gpus": 1})
    assert (made.algorithm, made.metric, made.classes, made.job.queue) == ("cnn", "accuracy", 3, "lepton-gpu")


def test_same_spec_on_the_same_version_is_the_same_run() -> None:
    assert plan().run == plan(on_new_data="ignore", hyperparameters={"num_leaves": 31}).run
    assert plan().run != plan(a_dataset(version=SECOND)).run
    assert plan().run != plan(seed=8).run


def test_cost_range_holds_for_spot_and_on_demand() -> None:
    cost = plan(resources={"vcpus": 4, "max_hours": 2}).cost
    assert 0 < cost.low_usd < cost.high_usd
    assert cost.high_usd == pytest.approx(4 * 0.0425 * (7200 + 120) / 3600)
    assert cost.per_hour_usd == pytest.approx(4 * 0.0425 * 0.4)


def test_target_that_is_no_column_is_told_with_the_columns() -> None:
    error = refused(target="Churned")
    assert (error.pointer, error.hint) == ("/target", "did you mean 'Churn'?")
    assert "customerID, gender, tenure" in error.message


@pytest.mark.parametrize(
    ("spec", "pointer", "said"),
    [
        ({"target": None}, "/target", "needs a target"),
        ({"target": "region"}, "/target", "single class"),
        ({"target": "customerID"}, "/target", "many different values"),
        ({"target": "TotalCharges"}, "/target", "needs classes"),
        ({"target": "since"}, "/target", "needs classes"),
        ({"task": "regression"}, "/target", "needs a number"),
        ({"task": "image_classification", "target": None}, "/task", "does not fit"),
        ({"algorithm": "linear"}, "/algorithm", "does not do classification"),
        ({"algorithm": "cnn"}, "/algorithm", "does not do classification"),
        ({"exclude": ["tenur"]}, "/exclude/0", "no column"),
        ({"exclude": ["gender", "Churn"]}, "/exclude/1", "is the target"),
        ({"exclude": ["gender", "tenure", "TotalCharges", "Partner", "region"]}, "/exclude", "no column is left"),
        ({"metric": "rmse"}, "/metric", "no metric of classification"),
    ],
)
def test_spec_that_does_not_fit_the_table_is_refused_at_its_field(
    spec: dict[str, Any], pointer: str, said: str
) -> None:
    error = refused(**spec)
    assert isinstance(error, InvalidSpec)
    assert (error.pointer, said in error.message) == (pointer, True), error


@pytest.mark.parametrize(
    ("manifest", "spec", "pointer", "said"),
    [
        (images(), {"target": None}, "/task", "does not fit"),
        (images(), {"target": "label", "task": "image_classification"}, "/target", "no columns"),
        (images(), {"target": None, "exclude": ["x"], "task": "image_classification"}, "/exclude", "no columns"),
        (images(classes=("0",)), {"target": None, "task": "image_classification"}, "/dataset", "single class"),
        (images(classes=("0",) * 1001), {"target": None, "task": "image_classification"}, "/dataset", "more than 1000"),
        (images(splits={"train": 9}), {"target": None, "task": "image_classification"}, "/dataset", "no rows"),
    ],
)  # fmt: skip
def test_spec_that_does_not_fit_the_images_is_refused_at_its_field(
    manifest: DatasetManifest, spec: dict[str, Any], pointer: str, said: str
) -> None:
    error = refused(manifest, dataset="digits", **spec)
    assert (error.pointer, said in error.message) == (pointer, True), error


def test_another_dataset_version_than_the_pinned_one_is_not_found() -> None:
    assert isinstance(refused(dataset=f"telco-churn@{SECOND}"), NotFound)
    assert plan(dataset=f"telco-churn@{FIRST}").dataset_version == FIRST


def test_gpus_without_a_gpu_queue_are_refused() -> None:
    limits = TrainingLimits("cpu", "", "trainer", "lake")
    with pytest.raises(InvalidSpec, match="no GPU queue"):
        plan_training(a_spec(resources={"gpus": 1}), a_dataset(), limits, stored_prices())


def test_auc_of_more_than_two_classes_is_refused() -> None:
    three = [
        column.model_copy(update={"categories": ("a", "b", "c")}) if column.name == "Churn" else column
        for column in columns()
    ]
    assert refused(a_dataset(columns=tuple(three)), metric="auc").pointer == "/metric"
    assert plan(a_dataset(columns=tuple(three))).metric == "accuracy"
