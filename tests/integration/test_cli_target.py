"""Where the command finds its API, how it signs, and when it tries again."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from botocore.credentials import Credentials
from typer.testing import CliRunner, Result

from cli.api import Api
from cli.failures import Refused, Unreachable
from cli.main import app
from cli.target import Choice, SigV4, resolve
from lepton.errors import InvalidRequest, Misconfigured
from tests.integration.cli_server import FakeLepton

DEAD = "http://127.0.0.1:9"
_BUSY = (503, {"Retry-After": "7"}, b"{}")


@pytest.fixture
def server() -> Iterator[FakeLepton]:
    fake = FakeLepton()
    yield fake
    fake.close()


def _state(folder: Path, url: str, pid: int) -> None:
    folder.mkdir()
    told = {"api_url": url, "endpoint_url": DEAD, "region": "us-east-1", "outputs": {"LakeBucket": "b"}, "pid": pid}
    (folder / "endpoints.json").write_text(json.dumps(told))


def _localstack(server: FakeLepton, *words: str) -> Result:
    host = server.url.removeprefix("http://")
    return CliRunner().invoke(app, [*words, "--localstack"], env={"LOCALSTACK_HOST": host, "AWS_ENDPOINT_URL": None})


def test_the_running_local_cloud_is_found_from_a_folder_below(tmp_path: Path) -> None:
    _state(tmp_path / ".lepton", "http://127.0.0.1:1234", os.getpid())
    (tmp_path / "a/b").mkdir(parents=True)
    found = resolve(Choice(), {}, tmp_path / "a/b")
    assert (found.kind, found.api_url, found.outputs) == ("local", "http://127.0.0.1:1234", {"LakeBucket": "b"})


def test_a_state_folder_that_is_named_wins_over_the_nearest(tmp_path: Path) -> None:
    _state(tmp_path / ".lepton", "http://127.0.0.1:1", os.getpid())
    _state(tmp_path / "other", "http://127.0.0.1:2", os.getpid())
    found = resolve(Choice(), {"LEPTON_STATE_DIR": str(tmp_path / "other")}, tmp_path)
    assert found.api_url == "http://127.0.0.1:2"


def test_a_local_cloud_that_is_gone_is_unreachable(tmp_path: Path) -> None:
    _state(tmp_path / ".lepton", "http://127.0.0.1:1", 2**22 + 1)
    with pytest.raises(Unreachable, match="is gone"):
        resolve(Choice(), {}, tmp_path)


def test_a_damaged_endpoints_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".lepton").mkdir()
    (tmp_path / ".lepton/endpoints.json").write_text("{")
    with pytest.raises(Misconfigured) as told:
        resolve(Choice(), {}, tmp_path)
    assert told.value.pointer == str(tmp_path / ".lepton/endpoints.json")


def test_the_command_line_wins_over_the_environment(tmp_path: Path) -> None:
    environment = {"LEPTON_API_URL": "http://127.0.0.1:1"}
    assert resolve(Choice(api="http://127.0.0.1:2"), environment, tmp_path).api_url == "http://127.0.0.1:2"
    assert resolve(Choice(), environment, tmp_path).source == "LEPTON_API_URL"


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://x", "http://"])
def test_a_url_that_is_none_is_told(url: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="not the URL of an API"):
        resolve(Choice(api=url), {}, tmp_path)


def test_without_any_target_it_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as told:
        resolve(Choice(), {}, tmp_path)
    assert "make up" in str(told.value.hint)


def test_localstack_gives_the_stack_and_its_api(server: FakeLepton) -> None:
    result = _localstack(server, "datasets", "list", "--json")
    assert result.exit_code == 0, result.output
    assert server.paths("POST") == ["/"]
    assert server.paths("GET") == ["/_aws/execute-api/abc123/v1/datasets"]


def test_localstack_calls_are_not_signed_but_cloudformation_is(server: FakeLepton) -> None:
    _localstack(server, "datasets", "list")
    signed = ["Authorization" in headers for _, _, headers, _ in server.requests]
    assert signed == [True, False]


def test_a_stack_is_read_where_aws_endpoint_url_points(server: FakeLepton) -> None:
    environment = {"AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
    words = ["doctor", "--stack", "mine", "--region", "us-east-1", "--json"]
    result = CliRunner().invoke(app, words, env=environment)
    checks = {one["check"]: one["found"] for one in json.loads(result.stdout)["checks"]}
    assert checks["target"] == f"{server.url}/_aws/execute-api/abc123/v1 (from --stack mine)"


def test_doctor_fails_when_the_stack_lacks_what_the_commands_need(server: FakeLepton) -> None:
    result = _localstack(server, "doctor")
    assert (result.exit_code, "no output LakeBucket" in result.stdout) == (1, True)


def test_an_unknown_stack_in_localstack_exits_with_66(server: FakeLepton) -> None:
    result = _localstack(server, "datasets", "list", "--stack", "gone")
    assert (result.exit_code, "does not exist" in result.stderr) == (66, True)


def test_a_localstack_that_is_not_there_exits_with_69() -> None:
    environment = {"LOCALSTACK_HOST": "127.0.0.1:9", "AWS_ENDPOINT_URL": None}
    result = CliRunner().invoke(app, ["datasets", "list", "--localstack"], env=environment)
    assert (result.exit_code, "127.0.0.1:9" in result.stderr) == (69, True)


def test_an_api_that_is_not_there_exits_with_69_and_no_trace() -> None:
    result = CliRunner().invoke(app, ["datasets", "list", "--api", DEAD])
    assert (result.exit_code, result.stdout) == (69, "")
    assert "cannot reach" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_request_to_api_gateway_carries_a_signature_that_aws_would_compute() -> None:
    request = httpx.Request("GET", "https://abc.execute-api.eu-west-1.amazonaws.com/v1/training-runs?model=a")
    signed = next(SigV4(Credentials("AKID", "secret"), "eu-west-1").auth_flow(request))
    stamp, scope = signed.headers["X-Amz-Date"], f"{datetime.now(UTC):%Y%m%d}/eu-west-1/execute-api/aws4_request"
    plain = f"GET\n/v1/training-runs\nmodel=a\nhost:{request.url.host}\nx-amz-date:{stamp}\n\nhost;x-amz-date\n"
    digest = hashlib.sha256((plain + hashlib.sha256(b"").hexdigest()).encode()).hexdigest()
    key = b"AWS4secret"
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}".encode(), hashlib.sha256).hexdigest()
    assert signed.headers["Authorization"].endswith(f"Signature={expected}")


def test_a_read_is_tried_again_after_the_time_that_was_asked_for(server: FakeLepton) -> None:
    waited: list[float] = []
    server.scene.faults = [_BUSY, (429, {"Retry-After": "2"}, b"{}")]
    with Api(server.url, pause=waited.append) as api:
        assert api.get("/datasets")["datasets"]
    assert waited == [7.0, 2.0]


def test_a_write_that_may_not_be_repeated_is_sent_once(server: FakeLepton) -> None:
    server.scene.faults = [_BUSY]
    with Api(server.url, pause=lambda _: None) as api, pytest.raises(Refused):
        api.send("POST", "/models/churn/aliases/live/rollback")
    assert len(server.requests) == 1


def test_after_the_last_try_it_exits_with_75(server: FakeLepton) -> None:
    server.scene.faults = [(503, {"Retry-After": "0"}, b'{"error": "busy", "code": "unavailable"}')] * 5
    result = CliRunner().invoke(app, ["datasets", "list", "--api", server.url])
    assert (result.exit_code, "busy" in result.stderr) == (75, True)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (403, b'{"message": "Forbidden"}', 77),
        (500, b'{"error": "x", "code": "misconfigured"}', 78),
        (500, b"<html>", 70),
        (418, b"", 64),
    ],
)
def test_every_answer_has_its_exit_code(server: FakeLepton, status: int, body: bytes, code: int) -> None:
    server.scene.faults = [(status, {}, body)]
    assert CliRunner().invoke(app, ["datasets", "list", "--api", server.url]).exit_code == code
