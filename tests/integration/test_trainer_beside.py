"""The trainer as a real process, with business rules: what is published beside the graph, and what refuses with 64."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest

from lepton import lake
from lepton.dataset.manifest import DatasetManifest
from lepton.explanation.explainer import Explainer
from tests.integration.trainer_lake import TrainerLake, trainer_lake

pytestmark = pytest.mark.slow
LIKELY = {"output": "probabilities", "class": "Yes", "op": ">=", "value": 0.5}
RULE = {"rule": "likely", "when": [LIKELY], "decision": "call", "reason": "likely to leave"}
NEW = {
    "tenure": 1,
    "Contract": "Month-to-month",
    "InternetService": "Fiber optic",
    "MonthlyCharges": 95,
    "TotalCharges": 95,
}
FAITHFUL = {"tenure": 70, "Contract": "Two year", "InternetService": "DSL", "MonthlyCharges": 60, "TotalCharges": 4200}


@pytest.fixture(scope="module")
def world() -> Iterator[TrainerLake]:
    with trainer_lake() as made:
        yield made


@pytest.fixture(scope="module")
def telco(world: TrainerLake) -> DatasetManifest:
    return world.telco()


def trained(world: TrainerLake, telco: DatasetManifest, **fields: Any) -> tuple[int, str, str]:
    """Exit code, what was printed, and the run."""
    spec = {"model": "churn", "task": "classification", "target": "Churn", "exclude": ["customerID"]}
    run = world.submit(telco, **(spec | {"algorithm": "logistic"} | fields))
    return *world.train(run), run


def ruled(*tests: dict[str, Any]) -> dict[str, Any]:
    return {"rules": [RULE], "otherwise": {"decision": "nothing"}, "tests": list(tests)}


def test_rules_and_explanations_are_published_when_the_examples_hold(
    world: TrainerLake, telco: DatasetManifest
) -> None:
    examples = [{"inputs": NEW, "decision": "call"}, {"inputs": FAITHFUL, "decision": "nothing"}]
    code, printed, run = trained(world, telco, decisions=ruled(*examples))
    assert code == 0, printed
    assert "1 decision rules, 2 examples of them hold" in printed
    manifest, _ = world.package(world.runs.state(run))
    prefix = lake.package_prefix("churn", manifest.version)
    for artifact in (manifest.explainer, manifest.decisions):
        assert artifact is not None
        blob = world.store.get(prefix + artifact.file)
        assert blob is not None
        assert hashlib.sha256(blob.body).hexdigest() == artifact.sha256
        kept = blob.body
    assert json.loads(kept)["rules"] == [RULE]


def test_an_example_that_the_model_does_not_bear_out_ends_with_64(world: TrainerLake, telco: DatasetManifest) -> None:
    code, _, run = trained(world, telco, decisions=ruled({"inputs": FAITHFUL, "decision": "call"}))
    assert code == 64
    state = world.runs.state(run)
    assert (state.state, state.version) == ("failed", None)
    assert "/decisions/tests/0: the example expects 'call', decided is 'nothing'" in str(state.reason)


def test_the_same_training_gives_the_same_version_and_other_rules_another(
    world: TrainerLake, telco: DatasetManifest
) -> None:
    versions = []
    for fields in ({"seed": 1}, {"seed": 1, "gate": {"max_size_mb": 50}}, {"seed": 1, "decisions": ruled()}):
        code, printed, run = trained(world, telco, **fields)
        assert code == 0, printed
        versions.append(world.runs.state(run).version)
    assert versions[0] == versions[1] != versions[2]


def test_a_spec_without_explanations_publishes_none(world: TrainerLake, telco: DatasetManifest) -> None:
    code, printed, run = trained(world, telco, explanations=False)
    assert code == 0, printed
    manifest, _ = world.package(world.runs.state(run))
    assert manifest.explainer is None
    names = [entry.key.rsplit("/")[-1] for entry in world.store.list(lake.package_prefix("churn", manifest.version))]
    assert names == ["manifest.json", "model.onnx"]


def test_trees_of_a_real_training_are_published_whole(world: TrainerLake, telco: DatasetManifest) -> None:
    code, printed, run = trained(world, telco, algorithm="lightgbm", hyperparameters={"n_estimators": 20})
    assert code == 0, printed
    manifest, _ = world.package(world.runs.state(run))
    blob = world.store.get(lake.package_prefix("churn", manifest.version) + "explain.json")
    assert blob is not None
    trees = Explainer.model_validate_json(blob.body).trees
    assert trees is not None
    assert len(trees.roots) <= 20
    assert {len(trees.feature), len(trees.left), len(trees.value)} == {len(trees.threshold)}
