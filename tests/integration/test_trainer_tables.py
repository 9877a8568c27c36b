"""`python -m trainer` on tables, as a real process against a lake on a moto server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnxruntime
import pytest

from lepton.registry.records import Verdict
from lepton.registry.registry import Registry
from lepton.training.run import RunState
from tests.integration.trainer_lake import AT, TrainerLake, trainer_lake

CHURN: dict[str, Any] = {"model": "churn", "task": "classification", "target": "Churn"}


@pytest.fixture(scope="module")
def lake() -> Iterator[TrainerLake]:
    with trainer_lake() as made:
        yield made


@pytest.fixture(scope="module")
def churn(lake: TrainerLake) -> RunState:
    """A whole run on the real table."""
    run = lake.submit(lake.telco(), **CHURN, hyperparameters={"num_leaves": 7})
    code, printed = lake.train(run)
    assert code == 0, printed
    return lake.runs.state(run)


def feed(rows: int, **changed: Any) -> dict[str, Any]:
    """The wire's form of the same customer, several times."""
    customer = dict.fromkeys(("Partner", "Dependents", "PhoneService", "MultipleLines", "OnlineSecurity"), "No")
    customer |= dict.fromkeys(("OnlineBackup", "DeviceProtection", "TechSupport", "StreamingTV"), "No")
    customer |= {"gender": "Male", "StreamingMovies": "No", "InternetService": "DSL", "Contract": "One year"}
    customer |= {"PaperlessBilling": "Yes", "PaymentMethod": "Mailed check", "SeniorCitizen": 0.0}
    customer |= {"tenure": 3.0, "MonthlyCharges": 50.0, "TotalCharges": 150.0} | changed
    kinds = {name: object if isinstance(value, str) else np.float32 for name, value in customer.items()}
    return {name: np.full((rows, 1), value, dtype=kinds[name]) for name, value in customer.items()}


def session(graph: bytes) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])


def test_a_table_run_leaves_a_succeeded_state_and_its_log(lake: TrainerLake, churn: RunState) -> None:
    assert (churn.state, churn.exit_code, churn.reason) == ("succeeded", 0, None)
    assert churn.progress is not None
    assert churn.progress.step == churn.progress.steps
    assert churn.progress.dollars is not None
    said = [line.message for line in lake.runs.log(churn.run)]
    assert any("'customerID' is left out" in line for line in said)
    assert said[-1] == churn.log_tail[-1] == f"package churn {churn.version} is in the lake"


def test_the_packaged_graph_decides_as_the_model_and_ranks_well(lake: TrainerLake, churn: RunState) -> None:
    manifest, graph = lake.package(churn)
    measured = manifest.measurements
    assert measured.primary_metric == "auc"
    assert measured.metrics["auc"] > 0.8
    assert measured.parity.flips == 0
    assert measured.parity.rows > 1416
    assert measured.parity.p999_difference < 1e-5
    assert (manifest.artifact.bytes, measured.size_bytes) == (len(graph), len(graph))
    assert manifest.learning_curve[-1].validation_loss is not None


def test_each_column_is_an_input_of_one_value_a_row(lake: TrainerLake, churn: RunState) -> None:
    manifest, graph = lake.package(churn)
    model = session(graph)
    given = {value.name: (value.type, value.shape) for value in model.get_inputs()}
    assert given["tenure"] == ("tensor(float)", ["batch", 1])
    assert given["Contract"] == ("tensor(string)", ["batch", 1])
    assert set(given) == {spec.name for spec in manifest.signature.inputs} == set(feed(1))
    assert {value.name: value.shape for value in model.get_outputs()} == {
        "label": ["batch"],
        "probabilities": ["batch", 2],
    }


def test_the_graph_takes_missing_and_unseen_values(lake: TrainerLake, churn: RunState) -> None:
    model = session(lake.package(churn)[1])
    odd = feed(3, TotalCharges=float("nan"), Contract="", PaymentMethod="by pigeon")
    label, probabilities = model.run(["label", "probabilities"], odd)
    assert set(label) <= {"No", "Yes"}
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(probabilities).all()


def test_a_new_customer_by_the_month_is_likelier_to_leave(lake: TrainerLake, churn: RunState) -> None:
    model = session(lake.package(churn)[1])
    (staying,) = model.run(["probabilities"], feed(1, tenure=70.0, Contract="Two year"))
    (leaving,) = model.run(["probabilities"], feed(1, tenure=1.0, Contract="Month-to-month"))
    assert leaving[0, 1] > staying[0, 1] + 0.1


def test_the_same_training_gives_the_same_version(lake: TrainerLake, churn: RunState) -> None:
    looser = {"gate": {"max_latency_ms": 49}, "hyperparameters": {"num_leaves": 7}}
    run = lake.submit(lake.telco(), **CHURN, **looser)
    assert run != churn.run
    assert lake.train(run)[0] == 0
    assert lake.runs.state(run).version == churn.version


def test_a_finished_run_is_not_trained_again(lake: TrainerLake, churn: RunState) -> None:
    code, printed = lake.train(churn.run, attempt=2)
    assert (code, printed) == (0, f"run {churn.run} is done already: succeeded\n")
    assert lake.runs.state(churn.run) == churn


def test_a_second_version_is_compared_with_the_live_one(lake: TrainerLake, churn: RunState) -> None:
    assert churn.version is not None
    registry = Registry(lake.store)
    registry.record(Verdict(model="churn", version=churn.version, run=churn.run, passed=True, checks=(), at=AT))
    registry.promote("churn", "live", churn.version, by="test", at=AT)
    run = lake.submit(lake.telco(), **CHURN, algorithm="logistic")
    assert lake.train(run)[0] == 0
    live = lake.package(lake.runs.state(run))[0].measurements.live
    assert live is not None
    assert (live.version, live.metric, live.rows) == (churn.version, "auc", 1416)
    assert live.low < live.difference < live.high


@pytest.mark.parametrize("algorithm", ["linear", "lightgbm"])
def test_regression_predicts_one_number_a_row(lake: TrainerLake, algorithm: str) -> None:
    spec = {"model": f"charges-{algorithm}", "task": "regression", "target": "TotalCharges", "algorithm": algorithm}
    run = lake.submit(lake.telco("few", "line < 1500"), **spec)
    code, printed = lake.train(run)
    assert code == 0, printed
    manifest, graph = lake.package(lake.runs.state(run))
    assert manifest.measurements.metrics["r2"] > 0.85
    assert manifest.measurements.parity.flips == 0
    assert [(value.name, value.shape) for value in session(graph).get_outputs()] == [("prediction", ["batch"])]


def failed(lake: TrainerLake, run: str) -> tuple[int, RunState]:
    code, printed = lake.train(run)
    state = lake.runs.state(run)
    assert (state.state, state.exit_code) == ("failed", code), printed
    assert state.reason == lake.runs.log(run)[-1].message
    return code, state


def test_a_dataset_that_is_not_there_ends_with_66(lake: TrainerLake) -> None:
    gone = lake.telco("few", "line < 1500").model_copy(update={"name": "gone"})
    code, state = failed(lake, lake.submit(gone, **CHURN))
    assert code == 66
    assert state.reason is not None
    assert "dataset 'gone' has no version" in state.reason


def test_a_target_that_is_no_column_ends_with_64_and_a_hint(lake: TrainerLake) -> None:
    run = lake.submit(lake.telco("few", "line < 1500"), **CHURN | {"target": "churn"})
    code, state = failed(lake, run)
    assert code == 64
    assert state.reason is not None
    assert "/target" in state.reason
    assert "did you mean 'Churn'?" in state.reason


def test_one_class_in_the_train_split_ends_with_65(lake: TrainerLake) -> None:
    run = lake.submit(lake.telco("onesided", "Churn = 'No' OR h >= 7"), **CHURN)
    code, state = failed(lake, run)
    assert code == 65
    assert state.reason is not None
    assert "only one class ('No') in the train split" in state.reason


def test_a_part_that_was_changed_ends_with_78(lake: TrainerLake) -> None:
    dataset = lake.telco("changed", "line < 900")
    lake.store.put(f"datasets/changed/{dataset.version}/{dataset.parts[0].key}", b"something else")
    code, state = failed(lake, lake.submit(dataset, **CHURN))
    assert code == 78
    assert state.reason is not None
    assert "part-00000.parquet has the digest" in state.reason


def test_a_request_that_cannot_be_read_ends_with_64(lake: TrainerLake, churn: RunState) -> None:
    run = "churn-000000000000"
    lake.runs.begin(churn.model_copy(update={"run": run, "state": "submitted", "version": None}))
    lake.store.put("runs/churn/000000000000/request.json", b'{"schema_version": 1}')
    code, state = failed(lake, run)
    assert code == 64
    assert state.reason is not None
    assert "request.json of churn-000000000000 cannot be read" in state.reason


def test_a_run_that_nobody_submitted_ends_with_66(lake: TrainerLake) -> None:
    code, printed = lake.train("churn-ffffffffffff")
    assert (code, printed) == (66, "/run: there is no run 'churn-ffffffffffff' (lepton runs list)\n")
