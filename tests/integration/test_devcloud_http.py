"""The REST API: what a function is given, what its answers become, and what the gateway says by itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from devcloud.cloud import LocalCloud
from tests.integration.devcloud_stack import UNCLOSED_FILES_OF_MOTO, client, write_stack

pytestmark = UNCLOSED_FILES_OF_MOTO


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(template=write_stack(tmp_path_factory.mktemp("http"))) as cloud:
        yield cloud


@pytest.fixture(scope="module")
def http(cloud: LocalCloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cloud.api_url, timeout=40) as http:
        yield http


def test_the_function_gets_the_proxy_event(http: httpx.Client) -> None:
    answer = http.get("/items/a%20b?x=1&x=2&empty=", headers=[("X-Two", "a"), ("X-Two", "b")])
    event = answer.json()["event"]
    assert (event["resource"], event["path"], event["pathParameters"]) == (
        "/items/{name}",
        "/items/a b",
        {"name": "a b"},
    )
    assert event["queryStringParameters"] == {"x": "2", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"], "empty": [""]}
    assert event["multiValueHeaders"]["X-Two"] == ["a", "b"]
    assert event["requestContext"]["requestId"] == answer.headers["x-amzn-requestid"]
    assert event["requestContext"]["stage"] == "v1"
    assert event["body"] is None


def test_a_fixed_segment_wins_over_a_parameter_and_a_greedy_one_takes_the_rest(http: httpx.Client) -> None:
    assert http.get("/items/own").json()["event"]["resource"] == "/items/own"
    assert http.delete("/files/a/b%2Fc").json()["event"]["pathParameters"] == {"proxy": "a/b/c"}


def test_the_stage_may_be_in_the_path(http: httpx.Client) -> None:
    assert http.get("/v1/items/x").json()["event"]["path"] == "/items/x"


def test_headers_and_cookies_of_the_function_are_sent(http: httpx.Client) -> None:
    answer = http.get("/items/x")
    assert answer.headers["x-one"] == "1"
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_binary_types_are_base64_for_the_function_and_bytes_for_the_caller(http: httpx.Client) -> None:
    sent = http.post("/items/x", content=b"\x89PNG\xff", headers={"Content-Type": "image/png"}).json()["event"]
    assert (sent["isBase64Encoded"], sent["body"]) == (True, "iVBORx8=".replace("Rx8=", "R/8="))
    text = http.post("/items/x", content="ü", headers={"Content-Type": "text/plain"}).json()["event"]
    assert (text["isBase64Encoded"], text["body"]) == (False, "ü")
    image = http.get("/items/x?act=png", headers={"Accept": "image/png"})
    assert image.content == bytes(range(256))


@pytest.mark.parametrize("act", ["raise", "exit", "malformed", "sleep"])
def test_a_function_that_fails_is_a_502_and_the_next_call_works(http: httpx.Client, act: str) -> None:
    answer = http.get(f"/items/x?act={act}")
    assert (answer.status_code, answer.json()) == (502, {"message": "Internal server error"})
    assert http.get("/items/x").status_code == 200


def test_an_unknown_route_and_an_unknown_method_are_a_403(http: httpx.Client) -> None:
    for answer in (http.get("/nope"), http.delete("/items/x"), http.get("/")):
        assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"})


def test_a_body_over_ten_megabytes_is_a_413(http: httpx.Client) -> None:
    assert http.post("/items/x", content=b"x" * (10 * 1024 * 1024 + 1)).status_code == 413


def test_a_function_sees_its_own_environment_and_its_own_layers_only(http: httpx.Client, cloud: LocalCloud) -> None:
    seen = http.get("/items/x").json()
    assert (seen["core"], seen["numpy"]) == (False, False)
    assert seen["boto3"]  # which Lambda itself brings
    assert seen["env"]["AWS_ENDPOINT_URL"] == cloud.endpoint_url
    assert seen["env"]["AWS_LAMBDA_FUNCTION_NAME"] == "lepton-Web"
    assert seen["cwd"].endswith("/app")
    assert not {"BUCKET", "VIRTUAL_ENV", "PYTHONPATH", "PYTEST_CURRENT_TEST"} & set(seen["env"])


def test_calls_at_once_run_in_environments_of_their_own(http: httpx.Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: http.get("/items/x").json()["pid"], range(40)))
    assert 1 <= len(set(answers)) <= 4


def test_a_timeout_is_told_as_lambda_tells_it(cloud: LocalCloud) -> None:
    event = json.dumps({"queryStringParameters": {"act": "sleep"}})
    answer = client(cloud, "lambda").invoke(FunctionName="lepton-Web", Payload=event)
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorMessage"].endswith("Task timed out after 2.00 seconds")


def test_invocations_are_counted_in_cloudwatch(http: httpx.Client, cloud: LocalCloud) -> None:
    from datetime import UTC, datetime, timedelta

    http.get("/items/x?act=raise")
    now = datetime.now(UTC)
    for metric in ("Invocations", "Errors"):
        points = client(cloud, "cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": "lepton-Web"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=5),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        assert sum(point["Sum"] for point in points) >= 1
