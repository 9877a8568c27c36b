"""What the trainer makes of real data, served: the whole table as one file, and single pictures as bodies."""

from __future__ import annotations

import base64
import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from lepton.endpoint.serving import Serving
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.registry import Registry, Verdict
from lepton.settings import Settings
from tests.integration.predict_cloud import CONTEXT, fresh_observability, proxy_event
from tests.integration.trainer_lake import DATA, TrainerLake, trainer_lake

pytestmark = pytest.mark.slow
TELCO = DATA / "telco-churn" / "telco-churn.csv"


@pytest.fixture(scope="module")
def lake() -> Iterator[TrainerLake]:
    with trainer_lake() as made:
        yield made


class Served:
    """A trained model behind the real serving, everything else in memory."""

    def __init__(self, lake: TrainerLake, run: str) -> None:
        code, printed = lake.train(run)
        assert code == 0, printed
        state, at = lake.runs.state(run), datetime(2026, 1, 1, tzinfo=UTC)
        assert state.version is not None
        self.landing, self.store = MemoryObjectStore(), lake.store
        registry = Registry(lake.store)
        verdict = Verdict(model=state.model, version=state.version, run=run, passed=True, checks=(), at=at)
        registry.promote(state.model, "live", registry.record(verdict).version, by="test", at=at)
        bounds: dict[str, Any] = {"memory_mb": 1769, "clock": lambda: 0.0, "bus": MemoryEventBus}
        self.serving = Serving(Settings(lake_bucket="lake"), lake.store, landing=lambda: self.landing, **bounds)

    def http(self, path: str, body: str, media: str, *, is_base64: bool = False) -> dict[str, Any]:
        event = proxy_event("POST", path, body, {"Content-Type": media}) | {"isBase64Encoded": is_base64}
        answer = self.serving.answer(event, CONTEXT)
        assert answer["statusCode"] == 200, answer["body"]
        parsed: dict[str, Any] = json.loads(answer["body"])
        return parsed

    def transform(self, key: str, body: bytes) -> dict[str, Any]:
        # Other modules' tests leave jobs of a model of the same name in the same in-process S3.
        prefix = f"predictions/{key.split('/')[1]}/"
        before = {entry.key for entry in self.store.list(prefix)}
        self.landing.put(key, body)
        message = json.dumps({"detail": {"bucket": {"name": "landing"}, "object": {"key": key}}})
        record = {"messageId": "1", "eventSource": "aws:sqs", "body": message}
        assert self.serving.transform({"Records": [record]}, CONTEXT) == {"batchItemFailures": []}
        new = [entry.key for entry in self.store.list(prefix) if entry.key not in before]
        return {made.rsplit("/", 1)[-1]: self.store.get(made).body for made in new}


@pytest.fixture(scope="module")
def churn(lake: TrainerLake, powertools: None) -> Served:
    spec = {"model": "churn", "task": "classification", "target": "Churn", "exclude": ["customerID"]}
    return Served(lake, lake.submit(lake.telco(), **spec, hyperparameters={"num_leaves": 7}))


@pytest.fixture(scope="module")
def powertools() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POWERTOOLS_SERVICE_NAME", "predict")
        patch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Lepton")
        fresh_observability()
        yield
        fresh_observability()


def test_the_whole_real_table_is_predicted_and_mostly_right(churn: Served) -> None:
    files = churn.transform("predict-in/churn/telco.csv", TELCO.read_bytes())
    report = json.loads(files["report.json"])
    assert (report["state"], report["rows"], report["rejected"]) == ("done", 7043, 0)
    told = {int(row["line"]): row["label"] for row in csv.DictReader(io.StringIO(files["part-00000.csv"].decode()))}
    with TELCO.open(newline="") as stream:
        truth = {line: row["Churn"] for line, row in enumerate(csv.DictReader(stream), start=2)}
    assert set(told) == set(truth)
    assert sum(told[line] == truth[line] for line in truth) / len(truth) > 0.78


def test_a_row_of_the_real_table_gets_one_answer_in_every_form(churn: Served) -> None:
    with TELCO.open(newline="") as stream:
        row = next(csv.DictReader(stream))
    text = ",".join(row) + "\n" + ",".join(row.values()) + "\n"
    by_csv = churn.http("/models/churn/invocations", text, "text/csv")
    inputs = churn.serving.endpoint.model("churn").manifest.signature.inputs
    cells = {one.name: row[one.name] if one.datatype == "BYTES" else float(row[one.name]) for one in inputs}
    by_record = churn.http("/models/churn/invocations", json.dumps({"instances": [cells]}), "application/json")
    assert by_csv["predictions"] == by_record["predictions"]
    assert set(by_csv["predictions"][0]["probabilities"]) == {"No", "Yes"}
    assert "customerID" in by_csv["ignored_columns"]


def test_pictures_as_bodies_are_mostly_recognised(lake: TrainerLake, powertools: None) -> None:
    steps = {"epochs": 3, "batch_size": 16, "width": 8}
    spec: dict[str, Any] = {"model": "digits", "task": "image_classification", "hyperparameters": steps}
    served = Served(lake, lake.submit(lake.digits("digits", each=60), **spec))
    right = 0
    with zipfile.ZipFile(DATA / "mnist-digits" / "mnist-digits.zip") as archive:
        names = [f"digits/{digit}/{Path(name).name}" for digit in range(10) for name in _last(archive, digit)]
        for name in names:
            body = base64.b64encode(archive.read(name)).decode()
            answer = served.http("/v2/models/digits/infer", body, "image/png", is_base64=True)
            right += answer["outputs"][0]["data"] == [name.split("/")[1]]
    assert right > 0.7 * len(names)


def _last(archive: zipfile.ZipFile, digit: int) -> list[str]:
    return sorted(name for name in archive.namelist() if name.startswith(f"digits/{digit}/"))[-3:]
