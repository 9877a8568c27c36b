"""Predictions that nobody waits for: kept, answered once by one version, looked at, cancelled; files by name."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.integration.predict_cloud import CONTEXT, PredictCloud, predict_cloud, proxy_event
from tests.unit.endpoint.packages import publish

INFER = "/v2/models/churn/infer"
CSV = b"age,plan,calls\n1,pro,3\n2,gold,4\n"


def request(age: float = 30, **more: Any) -> dict[str, Any]:
    columns = {"age": ("FP32", age), "plan": ("BYTES", "pro"), "calls": ("FP32", 2)}
    inputs = [{"name": n, "datatype": d, "shape": [1, 1], "data": [v]} for n, (d, v) in columns.items()]
    return {"inputs": inputs, **more}


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path) as made:
        made.version = publish(made.lake, "churn")
        yield made


def later(cloud: PredictCloud, body: Any, path: str = INFER, **headers: str) -> tuple[int, dict[str, Any], Any]:
    """Status, headers and body of a request that need not be answered at once."""
    text = body if isinstance(body, str) else json.dumps(body)
    answer = cloud.handler.on_http(proxy_event("POST", path, text, {"Prefer": "respond-async", **headers}), CONTEXT)
    told = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], told, json.loads(answer["body"])


def run_tickets(cloud: PredictCloud) -> int:
    keys = [entry.key for entry in cloud.landing.list("predict-in/") if "/jobs/" in entry.key]
    assert cloud.transform(*keys) == []
    return len(keys)


def send(cloud: PredictCloud, filename: str, body: bytes) -> str:
    """The id of an upload that has arrived."""
    status, ticket = cloud.http("POST", "/models/churn/uploads", {"filename": filename, "bytes": len(body)})
    assert status == 201, ticket
    cloud.landing.put(ticket["key"], body)
    assert cloud.transform(ticket["key"]) == []
    return ticket["upload"]


def test_a_request_is_answered_later_as_it_would_be_now(cloud: PredictCloud) -> None:
    status, headers, told = later(cloud, request(id="one"))
    assert (status, told["state"], told["id"], told["model_version"]) == (202, "queued", "one", cloud.version)
    assert headers["Location"] == told["path"] == f"/v2/models/churn/jobs/{told['job']}"
    assert (headers["Preference-Applied"], headers["Retry-After"]) == ("respond-async", "1")
    assert cloud.http("GET", told["path"] + "/result")[0] == 409
    run_tickets(cloud)
    assert cloud.http("GET", told["path"])[1]["state"] == "done"
    assert cloud.http("GET", told["path"] + "/result") == cloud.http("POST", INFER, request(id="one"))


def test_location_leads_through_the_stage(cloud: PredictCloud) -> None:
    event = proxy_event("POST", INFER, json.dumps(request()), {"Prefer": "respond-async"})
    event["requestContext"]["path"] = f"/v1{INFER}"
    answer = cloud.handler.on_http(event, CONTEXT)
    assert answer["multiValueHeaders"]["Location"][0].startswith("/v1/v2/models/churn/jobs/")


@pytest.mark.parametrize("by", ["id", "header"])
def test_the_same_request_under_the_same_id_is_the_same_job(cloud: PredictCloud, by: str) -> None:
    headers = {"Idempotency-Key": "k"} if by == "header" else {}
    body = request(**({"id": "k"} if by == "id" else {}))
    first = later(cloud, body, **headers)[2]
    run_tickets(cloud)
    result = cloud.http("GET", first["path"] + "/result")
    publish(cloud.lake, "churn", bias=2.0)
    again = later(cloud, body, **headers)[2]
    assert (again["job"], again["state"]) == (first["job"], "done")
    run_tickets(cloud)
    assert cloud.http("GET", again["path"] + "/result") == result
    status, _, error = later(cloud, request(31, **({"id": "k"} if by == "id" else {})), **headers)
    assert (status, error["code"], error["pointer"]) == (409, "conflict", "/id")


def test_without_an_id_every_request_is_a_job_of_its_own(cloud: PredictCloud) -> None:
    assert len({later(cloud, request())[2]["job"] for _ in range(3)}) == 3


def test_a_request_that_breaks_the_signature_is_refused_at_once_and_leaves_nothing(cloud: PredictCloud) -> None:
    bad = request()
    bad["inputs"][0]["shape"] = [2, 1]
    status, _, error = later(cloud, bad)
    assert (status, error["pointer"][:7]) == (400, "/inputs")
    assert list(cloud.lake.list("predictions/")) == list(cloud.landing.list("")) == []


def test_one_version_answers_whatever_is_promoted_before_its_turn(cloud: PredictCloud) -> None:
    now = cloud.http("POST", "/models/churn/invocations", "age,plan,calls\n1,pro,2\n", Content_Type="text/csv")[1]
    told = later(cloud, "age,plan,calls\n1,pro,2\n", "/models/churn/invocations", Content_Type="text/csv")[2]
    publish(cloud.lake, "churn", bias=2.0)
    run_tickets(cloud)
    assert cloud.http("GET", told["path"] + "/result")[1] == now
    pinned = later(cloud, request(), f"/v2/models/churn/versions/{cloud.version}/infer")[2]
    assert pinned["model_version"] == cloud.version


def test_only_respond_async_is_a_wish_for_later(cloud: PredictCloud) -> None:
    assert cloud.http("POST", INFER, request(), Prefer="wait=10")[0] == 200
    assert cloud.http("POST", INFER, request(), Prefer="handling=lenient, Respond-Async; wait=5")[0] == 202


@pytest.mark.parametrize(("method", "way"), [("DELETE", ""), ("POST", "/cancel")])
def test_a_job_that_waits_can_be_cancelled(cloud: PredictCloud, method: str, way: str) -> None:
    told = later(cloud, request())[2]
    assert cloud.http(method, told["path"] + way)[1]["state"] == "cancelled"
    run_tickets(cloud)
    assert cloud.http("GET", told["path"])[1]["state"] == "cancelled"
    assert cloud.http(method, told["path"] + way)[0] == 200
    assert cloud.http("GET", told["path"] + "/result")[0] == 409


def test_a_job_that_has_ended_cannot_be_cancelled(cloud: PredictCloud) -> None:
    told = later(cloud, request())[2]
    run_tickets(cloud)
    assert cloud.http("DELETE", told["path"])[0] == 409


@pytest.mark.parametrize("job", ["0" * 12, "nothing", "..%2f..%2fmodels"])
def test_a_job_that_is_none_is_not_found_or_no_id(cloud: PredictCloud, job: str) -> None:
    assert cloud.http("GET", f"/v2/models/churn/jobs/{job}")[0] in (400, 404)


def test_an_upload_of_ours_waits_for_the_job_that_names_it(cloud: PredictCloud) -> None:
    upload = send(cloud, "rows of mine.csv", CSV)
    assert list(cloud.lake.list("predictions/")) == []
    status, job = cloud.http("POST", "/models/churn/transforms", {"input": {"upload": upload}})
    assert (status, job["state"]) == (202, "queued")
    assert cloud.http("POST", "/models/churn/transforms", {"input": {"upload": upload}})[1]["job"] == job["job"]
    run_tickets(cloud)
    told = cloud.http("GET", f"/models/churn/transforms/{job['job']}")[1]
    assert (told["state"], told["rows"], told["rejected"], told["report"]["classes"]) == ("done", 1, 1, {"Yes": 1})
    assert told["report"]["cost_usd"] > 0
    files = cloud.http("GET", job["path"] + "/result")[1]
    assert [one["key"] for one in files["predictions"]] == told["report"]["predictions"]
    link = urlsplit(files["predictions"][0]["url"])
    assert link.path == f"/lake/{files['predictions'][0]['key']}"
    assert parse_qs(link.query)["X-Amz-Expires"] == ["900"]


def test_a_transform_can_be_asked_for_in_another_form_and_by_another_version(cloud: PredictCloud) -> None:
    upload = send(cloud, "rows.csv", CSV)
    publish(cloud.lake, "churn", bias=2.0)
    asked = {"input": {"upload": upload}, "output": "jsonl", "version": cloud.version}
    job = cloud.http("POST", "/models/churn/transforms", asked)[1]
    run_tickets(cloud)
    report = cloud.http("GET", job["path"])[1]["report"]
    assert (report["version"], report["predictions"][0][-6:]) == (cloud.version, ".jsonl")


def test_a_prediction_may_name_an_upload(cloud: PredictCloud) -> None:
    rows = later(cloud, {"input": {"upload": send(cloud, "rows.csv", CSV)}})[2]
    one = later(cloud, {"input": {"upload": send(cloud, "one.json", json.dumps(request()).encode())}, "id": "x"})[2]
    run_tickets(cloud)
    assert cloud.http("GET", rows["path"])[1]["kind"] == "transform"
    assert cloud.http("GET", one["path"] + "/result") == cloud.http("POST", INFER, request())


@pytest.mark.parametrize(
    ("body", "status", "pointer"),
    [
        ({"input": {"upload": "0" * 16}}, 404, "/input/upload"),
        ({"input": {"upload": "../../x"}}, 400, "/input/upload"),
        ({"input": {"url": "http://169.254.169.254/"}}, 400, "/input/upload"),
        ({"input": {"upload": "0" * 16}, "output": "xls"}, 400, "/output"),
        ({}, 400, "/input"),
    ],
)
def test_nothing_but_an_upload_of_ours_is_taken(
    cloud: PredictCloud, body: dict[str, Any], status: int, pointer: str
) -> None:
    given, error = cloud.http("POST", "/models/churn/transforms", body)
    assert (given, error["pointer"]) == (status, pointer)


def test_a_form_is_for_one_key_and_not_for_more_than_its_bound(cloud: PredictCloud) -> None:
    status, form = cloud.http("POST", "/models/churn/uploads", {"filename": "../../etc/pass wd"})
    assert (status, form["key"]) == (201, f"predict-in/churn/{form['upload']}/pass-wd")
    policy = json.loads(base64.b64decode(form["fields"]["policy"]))
    assert ["content-length-range", 1, form["max_bytes"]] in policy["conditions"]
    too_much = {"filename": "x.csv", "bytes": form["max_bytes"] + 1}
    assert cloud.http("POST", "/models/churn/uploads", too_much)[0] == 413


def test_a_job_whose_model_cannot_be_loaded_is_tried_again(cloud: PredictCloud) -> None:
    told = later(cloud, request())[2]
    good = cloud.lake.get(f"models/churn/{cloud.version}/model.onnx").body
    cloud.lake.put(f"models/churn/{cloud.version}/model.onnx", b"junk")
    cloud.forget_models()
    key = f"predict-in/churn/jobs/{told['job']}/00000"
    assert cloud.transform(key) == [key]
    cloud.lake.put(f"models/churn/{cloud.version}/model.onnx", good)
    cloud.forget_models()
    assert cloud.transform(key) == []
    assert cloud.http("GET", told["path"])[1]["state"] == "done"
