"""`lepton serve` as a real process: a directory as the lake, one package, several workers, and a stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from benchmarks.serving import packages
from benchmarks.serving.running import await_ready, free_port
from lepton.aws.s3 import S3ObjectStore
from lepton.directory import DirectoryObjectStore
from lepton.registry import Registry
from tests.unit.endpoint.packages import AT, publish

pytestmark = pytest.mark.slow
ROOMS = [{"name": name, "shape": [1, 1], "datatype": "FP32", "data": [2]} for name in ("rooms", "area")]


@contextmanager
def lepton_serve(*words: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    command = [sys.executable, "-m", "cli", "serve", *words, "--port", str(port), "--log-level", "ERROR"]
    process = subprocess.Popen(command, env=os.environ | {"OMP_NUM_THREADS": "1"}, start_new_session=True)
    try:
        await_ready(f"http://127.0.0.1:{port}/v2/health/ready", process, Path(os.devnull))
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


def asked(url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


@pytest.fixture
def lake(tmp_path: Path) -> DirectoryObjectStore:
    store = DirectoryObjectStore(tmp_path / "lake")
    publish(store, "price")
    return store


def test_a_directory_is_served_and_its_alias_followed(lake: DirectoryObjectStore, tmp_path: Path) -> None:
    other = publish(lake, "price", 5.0, promote=False)
    with lepton_serve("--lake", str(tmp_path / "lake"), "--staleness", "0") as (url, _):
        assert asked(f"{url}/v2/models/price/infer", {"inputs": ROOMS})[1]["outputs"][0]["data"] == [24.0]
        Registry(lake).promote("price", "live", other, by="test", at=AT)
        status, body = asked(f"{url}/v2/models/price/infer", {"inputs": ROOMS})
    assert (status, body["model_version"], body["outputs"][0]["data"]) == (200, other, [29.0])


def test_the_lake_of_the_running_local_cloud_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    endpoint = "http://{}:{}".format(*server.get_host_and_port())
    keys = {"aws_access_key_id": "local", "aws_secret_access_key": "local", "region_name": "us-east-1"}
    client = boto3.client("s3", endpoint_url=endpoint, **keys)
    client.create_bucket(Bucket="lake")
    version = publish(S3ObjectStore("lake", client), "price")
    told = {"api_url": "http://127.0.0.1:1", "endpoint_url": endpoint, "pid": os.getpid()}
    (tmp_path / "endpoints.json").write_text(json.dumps(told | {"outputs": {"LakeBucketName": "lake"}}))
    monkeypatch.setenv("LEPTON_STATE_DIR", str(tmp_path))
    with lepton_serve("--local-cloud") as (url, _):
        assert asked(f"{url}/v2/models/price/infer", {"inputs": ROOMS})[1]["model_version"] == version
    server.stop()


def test_one_package_is_served_by_several_workers_and_a_stop_ends_them_all(tmp_path: Path) -> None:
    folder = packages.write(tmp_path / "package", "linear")
    inputs = [{"name": "x", "shape": [1, 4], "datatype": "FP32", "data": [1, 1, 1, 1]}]
    with lepton_serve("--package", str(folder), "--workers", "2") as (url, process):
        assert asked(f"{url}/v2/models/linear/infer", {"inputs": inputs})[1]["outputs"][0]["data"] == [2.5]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_stop_answers_what_was_asked_and_ends_with_0(lake: DirectoryObjectStore, tmp_path: Path) -> None:
    publish(lake, "tone")
    rows = 4000
    body = {"inputs": [{"name": "image", "shape": [rows, 8, 8, 1], "datatype": "UINT8", "data": [7] * rows * 64}]}
    found: list[tuple[int, dict[str, Any]]] = []
    with lepton_serve("--lake", str(tmp_path / "lake")) as (url, process):
        asking = threading.Thread(target=lambda: found.append(asked(f"{url}/v2/models/tone/infer", body)))
        asking.start()
        asking.join(0.05)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
        asking.join()
    assert [status for status, _ in found] == [200]


def test_a_wish_for_a_later_answer_is_answered_now_as_nobody_would_later(
    lake: DirectoryObjectStore, tmp_path: Path
) -> None:
    with lepton_serve("--lake", str(tmp_path / "lake")) as (url, _):
        status, body = asked(f"{url}/v2/models/price/infer", {"inputs": ROOMS}, Prefer="respond-async")
    assert (status, body["outputs"][0]["data"]) == (200, [24.0])


def test_a_body_over_the_limit_is_refused(lake: DirectoryObjectStore, tmp_path: Path) -> None:
    with lepton_serve("--lake", str(tmp_path / "lake"), "--max-body-mb", "0.001") as (url, _):
        status, body = asked(f"{url}/v2/models/price/infer", {"inputs": ROOMS, "id": "x" * 2000})
        assert (status, body["code"]) == (413, "too_large")
        assert asked(f"{url}/v2/models/price/infer", {"inputs": ROOMS})[0] == 200


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--lake", "nowhere"], 66, "no directory"),
        (["--package", "nowhere"], 66, "no manifest.json"),
        (["--lake", "s3://bucket/folder"], 64, "whole bucket"),
        ([], 64, "one place"),
        (["--lake", "a", "--package", "b"], 64, "one place"),
    ],
)
def test_what_cannot_be_served_is_said(words: list[str], code: int, told: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cli", "serve", *words]
    ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ran.returncode, told in ran.stderr) == (code, True), ran.stderr
