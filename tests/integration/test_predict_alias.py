"""The alias moves and the function follows, without a restart; what does not load does not serve."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lepton import lake
from lepton.registry import Registry
from tests.integration.predict_cloud import PredictCloud, predict_cloud
from tests.unit.endpoint.packages import AT, publish

ROOMS = {"inputs": {"rooms": [1], "area": [2]}}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path) as made:
        yield made


def served(cloud: PredictCloud) -> tuple[str, float]:
    status, body = cloud.http("POST", "/models/price/invocations", ROOMS)
    assert status == 200, body
    return body["model_version"], body["predictions"][0]["prediction"]


def within_staleness() -> None:
    time.sleep(0.25)


def test_a_moved_alias_is_seen_within_the_staleness_bound(cloud: PredictCloud) -> None:
    first = publish(cloud.lake, "price")
    assert served(cloud) == (first, 14.0)
    second = publish(cloud.lake, "price", bias=100.0)
    assert served(cloud) == (first, 14.0)
    within_staleness()
    assert served(cloud) == (second, 114.0)


def test_a_rollback_is_seen_within_the_staleness_bound(cloud: PredictCloud) -> None:
    first, second = publish(cloud.lake, "price"), publish(cloud.lake, "price", bias=100.0)
    assert served(cloud)[0] == second
    Registry(cloud.lake).rollback("price", "live", by="test", at=AT)
    within_staleness()
    assert served(cloud) == (first, 14.0)


def test_a_corrupt_artifact_keeps_the_old_version_and_is_logged(
    cloud: PredictCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    first = publish(cloud.lake, "price")
    assert served(cloud)[0] == first
    second = publish(cloud.lake, "price", bias=100.0, promote=False)
    cloud.lake.put(lake.package_prefix("price", second) + "model.onnx", b"not what was published")
    Registry(cloud.lake).promote("price", "live", second, by="test", at=AT)
    within_staleness()
    assert served(cloud) == (first, 14.0)
    written = capsys.readouterr().out.splitlines()
    fault = next(json.loads(line) for line in written if '"model does not load"' in line)
    assert (fault["level"], fault["version"], fault["code"]) == ("ERROR", second, "corrupt_artifact")


def test_a_corrupt_first_version_is_a_503_that_names_the_object(cloud: PredictCloud) -> None:
    version = publish(cloud.lake, "price")
    cloud.lake.put(lake.package_prefix("price", version) + "model.onnx", b"junk")
    status, body = cloud.http("POST", "/models/price/invocations", ROOMS)
    assert (status, body["code"]) == (503, "corrupt_artifact")
    assert f"models/price/{version}/model.onnx" in body["error"]


def test_a_version_in_the_path_is_served_whatever_live_is(cloud: PredictCloud) -> None:
    first, second = publish(cloud.lake, "price"), publish(cloud.lake, "price", bias=100.0)
    tensors = [{"name": name, "shape": [1, 1], "datatype": "FP32", "data": [1]} for name in ("rooms", "area")]
    answers = [
        cloud.http("POST", f"/v2/models/price/versions/{version}/infer", {"inputs": tensors})[1]
        for version in (first, second)
    ]
    assert [answer["model_version"] for answer in answers] == [first, second]
    assert [answer["outputs"][0]["data"] for answer in answers] == [[12.0], [112.0]]


def test_a_refused_version_is_not_served(cloud: PredictCloud) -> None:
    refused = publish(cloud.lake, "price", promote=False, passed=False)
    status, body = cloud.http("GET", f"/v2/models/price/versions/{refused}")
    assert (status, body["code"], body["pointer"]) == (409, "conflict", "/version")


def test_a_prediction_logs_ids_and_figures_but_no_payload(
    cloud: PredictCloud, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    version = publish(cloud.lake, "churn")
    row = {"age": 12345.5, "plan": "pro", "calls": 54321.5}
    for plan, status in (("pro", 200), ("secret", 400)):
        records = {"dataframe_records": [row | {"plan": plan}]}
        assert cloud.http("POST", "/models/churn/invocations", records)[0] == status
    written = capsys.readouterr().out
    line = next(json.loads(line) for line in written.splitlines() if '"message":"predicted"' in line)
    assert (line["model"], line["version"], line["rows"], line["request_id"]) == ("churn", version, 1, "request-1")
    everything = str([vars(record) for record in caplog.records]) + written
    assert not [word for word in ("12345.5", "54321.5", "secret") if word in everything]


def test_a_prediction_is_counted_and_timed(cloud: PredictCloud, capsys: pytest.CaptureFixture[str]) -> None:
    publish(cloud.lake, "price")
    served(cloud)
    loads, counts = (json.loads(line) for line in capsys.readouterr().out.splitlines() if "CloudWatchMetrics" in line)
    assert (loads["model"], loads["ModelLoads"]) == ("price", [1.0])
    assert (counts["model"], counts["Predictions"]) == ("price", [1.0])
    assert counts["Latency"][0] > 0
