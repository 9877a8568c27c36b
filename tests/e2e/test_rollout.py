"""A canary in the local cloud: begun over HTTP, met by its keys, and ended by the schedule's function on its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest

from lepton.aws.s3 import S3ObjectStore
from tests.e2e.conftest import Cloud, until
from tests.unit.endpoint.packages import publish
from tests.unit.endpoint.trial_bench import BODY

ALIAS = "/models/price/aliases/live"
# What a handful of requests can decide.
LENIENT = {"min_requests": 10, "max_error_increase": 0.6, "max_latency_increase_ms": 240}


@pytest.fixture
def versions(cloud: Cloud) -> tuple[str, str]:
    """The live version, which answers 10, and one beside it that answers 1010."""
    store = S3ObjectStore(cloud.outputs["LakeBucket"], cloud.s3)
    return publish(store, "price"), publish(store, "price", 1000.0, promote=False)


def ask(cloud: Cloud, key: str) -> tuple[str, float]:
    answer = cloud.http.post("/v2/models/price/infer", json=BODY, headers={"X-Lepton-Routing-Key": key})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    return told["model_version"], told["outputs"][0]["data"][0]


def tick(cloud: Cloud) -> list[dict[str, Any]]:
    """What the schedule does every minute, now."""
    told = json.loads((Path(cloud.state) / "endpoints.json").read_text())
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    called = boto3.client("lambda", endpoint_url=told["endpoint_url"], **keys)
    answer = json.loads(called.invoke(FunctionName="lepton-rollout", Payload=b"{}")["Payload"].read())
    return list(answer["rollouts"])


def test_a_canary_that_is_as_good_is_promoted_by_itself(cloud: Cloud, versions: tuple[str, str]) -> None:
    live, other = versions
    assert ask(cloud, "ada") == (live, 10.0)
    wanted = {"kind": "canary", "version": other, "percent": 50, "rule": LENIENT}
    assert cloud.call("POST", f"{ALIAS}/rollout", wanted, expected=200)[1]["rollout"]["version"] == other
    keys = [f"customer-{number}" for number in range(60)]
    until(30, lambda: {ask(cloud, key)[0] for key in keys[:12]} == {live, other} or None)
    given = {key: ask(cloud, key) for key in keys}
    assert set(given.values()) == {(live, 10.0), (other, 1010.0)}
    assert {key: ask(cloud, key) for key in keys} == given
    status = cloud.call("GET", f"{ALIAS}/rollout", expected=200)[1]
    assert status["seen"]["candidate"]["requests"] > 10
    assert [one["action"] for one in tick(cloud)] == ["promote"]
    moved = cloud.call("GET", ALIAS, expected=200)[1]
    assert (moved["version"], moved["previous"], moved["by"]) == (other, live, "rollout-rule")
    until(30, lambda: {ask(cloud, key) for key in keys[:12]} == {(other, 1010.0)} or None)
