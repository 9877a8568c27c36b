"""One local cloud for all end-to-end tests, in a process of its own, asked only over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config

ROOT = Path(__file__).parents[2]
TELCO = ROOT / "examples/data/telco-churn"


@dataclass(frozen=True)
class Cloud:
    """The API of a running cloud, and what its users do with it."""

    http: httpx.Client
    state: Path
    s3: Any
    outputs: dict[str, str]

    def call(self, method: str, path: str, body: Any = None, expected: int | None = None) -> tuple[int, Any]:
        """A JSON request and its JSON answer; with `expected`, another status fails the test."""
        answer = self.http.request(method, path, json=body)
        assert expected is None or answer.status_code == expected, answer.text
        return answer.status_code, answer.json()

    def upload(self, dataset: str, filename: str, body: bytes) -> dict[str, Any]:
        """Send a file by the presigned form and wait for its receipt."""
        _, ticket = self.call("POST", f"/datasets/{dataset}/uploads", {"filename": filename}, expected=201)
        sent = httpx.post(ticket["url"], data=ticket["fields"], files={"file": (filename, body)}, trust_env=False)
        assert sent.is_success, sent.text
        path = f"/datasets/{dataset}/uploads/{ticket['upload']}"
        return until(60, lambda: _unless(self.call("GET", path, expected=200)[1], "state", "waiting"))

    def finished(self, run: str, seconds: float = 120) -> dict[str, Any]:
        """The run's state once it has ended."""
        ended = {"published", "refused", "failed", "cancelled"}

        def ask() -> dict[str, Any] | None:
            state = self.call("GET", f"/training-runs/{run}", expected=200)[1]
            return state if state["state"] in ended else None

        return until(seconds, ask)


def _unless(value: dict[str, Any], key: str, waiting: str) -> dict[str, Any] | None:
    return None if value[key] == waiting else value


def until(seconds: float, ask: Callable[[], Any]) -> Any:
    """Ask until the answer is not None."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if (answer := ask()) is not None:
            return answer
        time.sleep(0.2)
    pytest.fail(f"nothing came within {seconds} s")


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    state = tmp_path_factory.mktemp("cloud")
    log = (state / "cloud.log").open("w")
    words = [sys.executable, "-m", "devcloud", "--state", str(state), "--api-port", "0", "--aws-port", "0"]
    process = subprocess.Popen(words, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    try:
        told = until(60, lambda: _endpoints(state / "endpoints.json", process))
        with httpx.Client(base_url=told["api_url"].rstrip("/"), timeout=60, trust_env=False) as http:
            yield Cloud(http, state, _s3(told["endpoint_url"]), told["outputs"])
    finally:
        process.terminate()
        process.wait(30)
        log.close()


def _s3(endpoint_url: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(s3={"addressing_style": "path"}),
    )


def _endpoints(path: Path, process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    assert process.poll() is None, path.with_name("cloud.log").read_text()
    return json.loads(path.read_text()) if path.exists() else None
