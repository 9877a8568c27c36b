"""The examples in the documents on explanations, receipts and decisions, sent to a model trained by their spec."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lepton.dataset.manifest import Column
from lepton.decision.examples import run_examples
from lepton.decision.vocabulary import Vocabulary, check
from lepton.receipt.receipt import Receipt
from lepton.training.spec import TrainingSpec, parse_spec
from tests.integration.enclosed_models import published
from tests.integration.predict_cloud import ROOT, PredictCloud, predict_cloud
from tests.unit.explanation.models import Quiet
from trainer.dataset import Rows, Splits
from trainer.tabular import train_table
from trainer.trained import Trained

FENCED = re.compile(r"^```(\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
COLUMNS = [
    Column(name="tenure", type="int64", nullable=True),
    Column(name="MonthlyCharges", type="float64", nullable=True),
    Column(name="Contract", type="string", nullable=True, categories=("Month-to-month", "Two year")),
]


def blocks(page: str, language: str) -> list[Any]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = [body for name, body in FENCED.findall(text) if name == language]
    return [json.loads(body) for body in found] if language == "json" else found


def spec() -> TrainingSpec:
    (text,) = blocks("decisions.md", "yaml")
    return parse_spec(text)


def churn() -> Trained:
    rng = np.random.default_rng(1)

    def rows(count: int) -> Rows:
        tenure, charges = rng.integers(0, 72, count).astype(np.float32), rng.uniform(20, 120, count).astype(np.float32)
        contract = rng.choice(np.array(["Month-to-month", "Two year"], dtype=object), count)
        left = charges / 60 - tenure / 24 + (contract == "Month-to-month") + rng.normal(size=count) > 0
        columns = {"tenure": tenure, "MonthlyCharges": charges, "Contract": contract}
        return Rows({name: column.reshape(-1, 1) for name, column in columns.items()}, left.astype(np.int64))

    chosen = spec().model_copy(update={"algorithm": "logistic"})
    return train_table(chosen, COLUMNS, Splits(rows(500), rows(100), rows(100), ("No", "Yes")), Quiet())


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path_factory.mktemp("models")) as made:
        published(made.lake, "telco-churn", churn(), decisions=spec().decisions.model_dump())  # type: ignore[union-attr]
        yield made


def test_the_request_for_an_explanation_gets_one_of_the_form_that_is_shown(cloud: PredictCloud) -> None:
    request, shown = blocks("explanations.md", "json")
    status, answer = cloud.http("POST", "/v2/models/telco-churn/infer", request)
    assert status == 200, answer
    told = answer["parameters"]["explanation"]
    assert told.keys() == shown.keys()
    assert told["rows"][0].keys() == shown["rows"][0].keys()
    assert told["rows"][0]["contributions"].keys() == shown["rows"][0]["contributions"].keys()


def test_every_option_that_is_told_is_taken(cloud: PredictCloud) -> None:
    text = (ROOT / "docs/explanations.md").read_text(encoding="utf-8")
    table = text.partition("| option |")[2].partition("##")[0]
    options = set(re.findall(r"`([a-z_]+)`", "".join(line.split("|")[1] for line in table.splitlines()[2:] if line)))
    given = {"method": "sampled", "class": "Yes", "output": "probabilities", "budget_ms": 500, "samples": 100}
    given |= {"seed": 1, "tree": 0}
    assert options == given.keys()
    request = blocks("explanations.md", "json")[0] | {"parameters": {"explain": given}}
    assert cloud.http("POST", "/v2/models/telco-churn/infer", request)[0] == 200


def test_the_receipt_that_is_shown_is_one_and_the_request_gets_one_like_it(cloud: PredictCloud) -> None:
    shown, request = blocks("receipts.md", "json")
    status, answer = cloud.http("POST", "/models/telco-churn/invocations", request)
    assert (status, answer["receipt"].keys()) == (200, Receipt.model_validate(shown).model_dump().keys())
    assert cloud.http("GET", f"/models/telco-churn/receipts/{answer['receipt']['id']}")[0] == 200


def test_the_examples_of_the_table_hold_and_answers_carry_what_is_shown(cloud: PredictCloud) -> None:
    decisions = spec().decisions
    assert decisions is not None
    vocabulary = Vocabulary.of_signature(churn().signature)
    check(decisions, vocabulary)
    assert run_examples(decisions, vocabulary, None) == (3, 0)
    row = {"tenure": 1, "MonthlyCharges": 119.0, "Contract": "Month-to-month"}
    _, answer = cloud.http("POST", "/models/telco-churn/invocations", {"dataframe_records": [row]})
    assert {"decisions": answer["decisions"]} == blocks("decisions.md", "json")[0]
