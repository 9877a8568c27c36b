"""Every golden event of the predict function, through its real handler, against the answer beside it.

`<version>` in an expected answer stands for the model version in the answer's header, `<any>` for whatever
is there; figures are compared to 1e-6.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.predict_cloud import CONTEXT, ROOT, PredictCloud, predict_cloud
from tests.unit.endpoint.packages import publish

EVENTS = sorted(path for path in (ROOT / "events/predict").glob("*.json") if ".expected" not in path.name)
ROUTES = {
    ("GET", "/v2"),
    ("GET", "/v2/health/live"),
    ("GET", "/v2/health/ready"),
    ("GET", "/ping"),
    ("GET", "/v2/models"),
    ("GET", "/v2/models/churn"),
    ("GET", "/v2/models/churn/ready"),
    ("GET", "/v2/models/churn/versions/000000000000"),
    ("GET", "/v2/models/churn/versions/000000000000/ready"),
    ("POST", "/v2/models/churn/infer"),
    ("POST", "/v2/models/churn/versions/000000000000/infer"),
    ("POST", "/models/churn/invocations"),
    ("POST", "/models/churn/uploads"),
    ("POST", "/models/churn/transforms"),
    ("GET", "/models/churn/transforms/000000000000"),
    ("GET", "/v2/models/churn/jobs/000000000000"),
    ("GET", "/v2/models/churn/jobs/000000000000/result"),
    ("POST", "/v2/models/churn/jobs/000000000000/cancel"),
    ("DELETE", "/v2/models/churn/jobs/000000000000"),
    ("GET", "/v2/repository/index"),
    ("POST", "/v2/repository/index"),
    ("GET", "/v1/models/churn"),
    ("GET", "/v1/models/churn/versions/000000000000"),
    ("POST", "/v1/models/churn:predict"),
    ("POST", "/v1/models/churn/versions/000000000000:predict"),
}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path_factory.mktemp("models")) as made:
        for name in ("churn", "price", "tone"):
            publish(made.lake, name)
        rows = b"age,plan,calls\n30,pro,1\n,basic,9\n"
        for key in ("customers.csv", "00112233445566aa/customers.csv"):
            made.landing.put(f"predict-in/churn/{key}", rows)
        yield made


def answered(cloud: PredictCloud, event: dict[str, Any]) -> dict[str, Any]:
    if "Records" in event:
        return dict(cloud.handler.on_transform(event, CONTEXT))
    answer = cloud.handler.on_http(event, CONTEXT)
    headers = {name: value[0] for name, value in answer["multiValueHeaders"].items()}
    return {"statusCode": answer["statusCode"], "headers": headers, "body": shown(answer, headers)}


def shown(answer: dict[str, Any], headers: dict[str, str]) -> Any:
    """The body as JSON where it is JSON; of a binary answer the JSON in front and how many bytes lie behind."""
    if answer["isBase64Encoded"]:
        body = base64.b64decode(answer["body"])
        length = int(headers["Inference-Header-Content-Length"])
        return {"json": json.loads(body[:length]), "bytes": len(body) - length}
    return json.loads(answer["body"]) if headers["Content-Type"] == "application/json" else answer["body"]


def assert_same(given: Any, expected: Any, version: str | None) -> None:
    if isinstance(expected, dict | list):
        assert type(given) is type(expected)
        assert sorted(given) == sorted(expected) if isinstance(expected, dict) else len(given) == len(expected)
        for step in expected if isinstance(expected, dict) else range(len(expected)):
            assert_same(given[step], expected[step], version)
    elif isinstance(expected, float):
        assert given == pytest.approx(expected, abs=1e-6)
    elif expected != "<any>":
        assert given == (version if expected == "<version>" else expected)


@pytest.mark.parametrize("path", EVENTS, ids=lambda path: path.stem)
def test_golden_event_gets_the_expected_answer(cloud: PredictCloud, path: Path) -> None:
    given = answered(cloud, json.loads(path.read_text()))
    beside = path.with_suffix(".expected.json")
    version = given.get("headers", {}).get("X-Lepton-Model-Version")
    if os.environ.get("LEPTON_UPDATE_GOLDEN"):
        text = json.dumps(given, indent=2)
        beside.write_text((text.replace(version, "<version>") if version else text) + "\n")
    assert_same(given, json.loads(beside.read_text()), version)


def test_every_route_has_a_golden_event() -> None:
    events = [json.loads(path.read_text()) for path in EVENTS]
    assert {(event["httpMethod"], event["path"]) for event in events if "path" in event} >= ROUTES
    assert any("Records" in event for event in events)
