"""The whole loop on a small table: upload, train, gate, serve, retrain, roll back, transform, plan."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ROOT, TELCO, Cloud, until

MODEL = "churn-e2e"
SPEC = {
    "schema_version": 1,
    "model": MODEL,
    "task": "classification",
    "dataset": MODEL,
    "target": "Churn",
    "exclude": ["customerID"],
    "algorithm": "logistic",
    "metric": "auc",
    "gate": {"metric_at_least": 0.75, "max_regression": 0.05},
    "on_new_data": "train",
}


@pytest.fixture(scope="module")
def published(cloud: Cloud) -> list[dict[str, Any]]:
    """Two runs, started by two uploads and by nothing else."""
    answer = cloud.call("PUT", f"/training-specs/{MODEL}", SPEC, expected=200)[1]
    assert answer["waiting_for"]
    runs: list[dict[str, Any]] = []
    for name in ("telco-churn-first-export.csv", "telco-churn.csv"):
        assert cloud.upload(MODEL, name, (TELCO / name).read_bytes())["state"] == "ready"
        known = {run["run"] for run in runs}
        runs.append(cloud.finished(until(60, lambda known=known: _new_run(cloud, known))))
    return runs


def _new_run(cloud: Cloud, known: set[str]) -> str | None:
    runs = cloud.call("GET", f"/training-runs?model={MODEL}", expected=200)[1]["runs"]
    return next((run["run"] for run in runs if run["run"] not in known), None)


def _request(cloud: Cloud) -> dict[str, Any]:
    inputs = cloud.call("GET", f"/v2/models/{MODEL}", expected=200)[1]["inputs"]
    return {
        "id": "one",
        "inputs": [
            {
                "name": i["name"],
                "datatype": i["datatype"],
                "shape": [1, 1],
                "data": ["Yes" if i["datatype"] == "BYTES" else 1],
            }
            for i in inputs
        ],
    }


def test_each_upload_trains_and_publishes_by_itself(published: list[dict[str, Any]]) -> None:
    assert [run["state"] for run in published] == ["published", "published"], published
    assert published[0]["version"] != published[1]["version"]


def test_live_is_the_latest_and_the_answer_names_it(cloud: Cloud, published: list[dict[str, Any]]) -> None:
    _served(cloud, published[1]["version"])
    answer = cloud.call("POST", f"/v2/models/{MODEL}/infer", _request(cloud), expected=200)[1]
    assert (answer["model_name"], answer["id"]) == (MODEL, "one")
    assert {output["name"] for output in answer["outputs"]} == {"label", "probabilities"}


def _served(cloud: Cloud, version: str) -> None:
    def ask() -> bool | None:
        answer = cloud.call("POST", f"/v2/models/{MODEL}/infer", _request(cloud), expected=200)[1]
        return True if answer["model_version"] == version else None

    until(12, ask)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda inputs: inputs[0].update(name="nobody"),
        lambda inputs: inputs[0].update(shape=[2, 1]),
        lambda inputs: inputs[0].update(shape=[1, 1, 1]),
        lambda inputs: inputs[0].update(datatype="COMPLEX"),
        lambda inputs: inputs[0].update(data=[{"a": 1}]),
        lambda inputs: inputs.pop(),
    ],
    ids=["name", "shape", "rank", "dtype", "data", "missing"],
)
def test_a_request_that_breaks_the_signature_is_told_where(
    cloud: Cloud, published: list[dict[str, Any]], spoil: Any
) -> None:
    request = _request(cloud)
    spoil(request["inputs"])
    status, error = cloud.call("POST", f"/v2/models/{MODEL}/infer", request)
    assert status == 400, error
    assert error["pointer"].startswith("/inputs")


def test_rollback_is_served_within_the_staleness_bound(cloud: Cloud, published: list[dict[str, Any]]) -> None:
    alias = cloud.call("POST", f"/models/{MODEL}/aliases/live/rollback", expected=200)[1]
    assert alias["version"] == published[0]["version"]
    _served(cloud, published[0]["version"])
    again = {"version": published[1]["version"], "if_generation": alias["generation"]}
    assert cloud.call("PUT", f"/models/{MODEL}/aliases/live", again, expected=200)[1]["version"] == again["version"]
    assert cloud.call("PUT", f"/models/{MODEL}/aliases/live", again)[0] == 409


def test_the_same_spec_on_the_same_data_is_the_same_run(cloud: Cloud, published: list[dict[str, Any]]) -> None:
    status, run = cloud.call("POST", "/training-runs", {"spec": SPEC})
    assert (status, run["run"]) == (200, published[1]["run"])


def test_a_whole_file_is_predicted_by_one_version(cloud: Cloud, published: list[dict[str, Any]]) -> None:
    table = (TELCO / "telco-churn.csv").read_bytes()
    cloud.s3.put_object(Bucket=cloud.outputs["LandingBucket"], Key=f"predict-in/{MODEL}/all.csv", Body=table)
    report = until(60, lambda: _report(cloud))
    assert (report["state"], report["rows"]) == ("done", 7043), report
    assert report["version"] in {run["version"] for run in published}


def _report(cloud: Cloud) -> dict[str, Any] | None:
    listed = cloud.s3.list_objects_v2(Bucket=cloud.outputs["LakeBucket"], Prefix=f"predictions/{MODEL}/")
    keys = [one["Key"] for one in listed.get("Contents", []) if one["Key"].endswith("/report.json")]
    return json.load(cloud.s3.get_object(Bucket=cloud.outputs["LakeBucket"], Key=keys[0])["Body"]) if keys else None


def test_an_upload_is_predicted_by_a_job_and_its_files_are_linked(
    cloud: Cloud, published: list[dict[str, Any]]
) -> None:
    form = cloud.call("POST", f"/models/{MODEL}/uploads", {"filename": "all.csv"}, expected=201)[1]
    table = (TELCO / "telco-churn.csv").read_bytes()
    assert httpx.post(form["url"], data=form["fields"], files={"file": table}, trust_env=False).is_success
    asked = {"input": {"upload": form["upload"]}, "output": "jsonl"}
    job = cloud.call("POST", f"/models/{MODEL}/transforms", asked, expected=202)[1]
    told = until(60, lambda: _ended(cloud, job["path"]))
    assert (told["state"], told["rows"]) == ("done", 7043), told
    files = cloud.call("GET", job["path"] + "/result", expected=200)[1]["predictions"]
    assert len(httpx.get(files[0]["url"], trust_env=False).text.splitlines()) == 7043


def test_the_command_predicts_a_file_and_writes_it(
    cloud: Cloud, published: list[dict[str, Any]], tmp_path: Path
) -> None:
    words = ["transform", MODEL, str(TELCO / "telco-churn.csv"), "--out", str(tmp_path / "out.csv"), "--json"]
    command = [sys.executable, "-m", "cli", "--api", str(cloud.http.base_url), *words]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["report"]["rows"] == 7043
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 7044


def test_a_request_that_nobody_waits_for_is_answered_as_at_once(cloud: Cloud, published: list[dict[str, Any]]) -> None:
    answer = cloud.http.post(f"/v2/models/{MODEL}/infer", json=_request(cloud), headers={"Prefer": "respond-async"})
    assert answer.status_code == 202, answer.text
    location = str(answer.url.join(answer.headers["Location"]))
    assert until(60, lambda: _ended(cloud, location))["state"] == "done"
    now = cloud.call("POST", f"/v2/models/{MODEL}/infer", _request(cloud), expected=200)[1]
    assert cloud.call("GET", location + "/result", expected=200)[1] == now


def _ended(cloud: Cloud, path: str) -> dict[str, Any] | None:
    job = cloud.call("GET", path, expected=200)[1]
    return None if job["state"] in ("queued", "running") else job


def test_a_plan_comes_with_dollars_and_risk(cloud: Cloud) -> None:
    series = (ROOT / "examples/data/llm-traffic/llm-requests-10min.csv").read_text()
    body = {"resource": "llm-e2e", "csv": series, "service_seconds": 0.06, "memory_mb": 1024}
    plan = cloud.call("POST", "/capacity/advise", body, expected=200)[1]
    assert plan["action"] in {"schedule", "do_nothing"}
    assert plan["reasons"]
    assert cloud.call("GET", "/capacity/llm-e2e", expected=200)[1] == plan
    assert "<svg" in cloud.http.get("/capacity/llm-e2e/chart").text
