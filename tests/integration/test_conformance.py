"""`lepton conformance` against a server that keeps the protocol, and against some that do not."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from benchmarks.serving.running import served
from cli.conformance.request import setting, valid, without
from cli.conformance.runner import CASES, outcomes
from cli.conformance.subject import Subject
from cli.conformance.tensors import LETTERS, Tensor, alike, nested, packed, unpacked
from cli.main import app
from lepton.directory import DirectoryObjectStore
from tests.unit.endpoint.packages import publish

Answer = Callable[[str, str, bytes], tuple[int, bytes]]
METADATA = {"name": "m", "platform": "p", "versions": ["1"]} | {
    member: [{"name": member, "datatype": "FP32", "shape": [-1, 1]}] for member in ("inputs", "outputs")
}
OUTPUT = {"name": "outputs", "datatype": "FP32", "shape": [1, 1], "data": [1.5]}


@contextmanager
def server(answer: Answer) -> Iterator[str]:
    """An HTTP server that answers as the function says."""

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, content = answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    found = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{found.server_port}"
    found.shutdown()
    found.server_close()


def liar(method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """200 and a right-looking answer, whatever is asked."""
    if method == "GET":
        return 200, json.dumps({"models": ["m"]} if path == "/v2/models" else METADATA).encode()
    return 200, json.dumps({"model_name": "m", "model_version": None, "outputs": [OUTPUT]}).encode()


def breaker(method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """500 for everything but its metadata."""
    return (200, json.dumps(METADATA).encode()) if path == "/v2/models/m" else (500, b"Internal Server Error")


def stranger(method: str, path: str, body: bytes) -> tuple[int, bytes]:
    """JSON of no form that anybody thought of."""
    return 200, b'[null, {"name": [1]}, 7]'


def states(url: str, *models: str) -> dict[str, str]:
    subject = Subject(url, models)
    found = {f"{one.topic}/{one.name}": one.state for one in outcomes(subject)}
    subject.close()
    return found


def test_every_case_has_a_name_of_its_own_and_a_sentence() -> None:
    assert len({(case.topic, case.name) for case in CASES}) == len(CASES) >= 60
    assert all(case.says for case in CASES)


def test_our_own_server_passes_every_case_that_its_models_allow(tmp_path: Path) -> None:
    for name in ("churn", "price"):
        publish(DirectoryObjectStore(tmp_path), name)
    with served("--lake", str(tmp_path)) as url:
        result = CliRunner().invoke(app, ["conformance", url, "--json"])
    told = json.loads(result.stdout)
    assert (result.exit_code, [one for one in told["cases"] if one["state"] == "failed"]) == (0, [])
    assert (told["passed"] > 150, told["server"]["name"], told["models"]) == (True, "lepton", ["churn", "price"])


def test_a_server_that_says_yes_to_everything_is_found_out() -> None:
    with server(liar) as url:
        found = states(url)
    refusals = {name: state for name, state in found.items() if name.startswith("input/") and name != "input/rows-none"}
    assert set(refusals.values()) == {"failed", "skipped"}
    assert {found[f"infer/{name}"] for name in ("model-version", "id-echo")} == {"failed"}
    assert (found["model/unknown-model"], found["infer/answered"]) == ("failed", "passed")


@pytest.mark.parametrize("answer", [breaker, stranger])
def test_a_server_that_breaks_fails_and_nothing_is_raised(answer: Answer) -> None:
    with server(answer) as url:
        found = states(url, "m")
    assert found["infer/answered"] == found["body/empty"] == "failed"
    assert found["binary/inputs"] == "skipped"


def test_a_failing_case_is_told_and_the_command_ends_with_1() -> None:
    with server(liar) as url:
        result = CliRunner().invoke(app, ["conformance", url])
    assert (result.exit_code, "status 200, not a 4xx" in result.stdout) == (1, True)


def test_a_server_that_does_not_list_its_models_is_asked_for_by_name() -> None:
    with server(breaker) as url:
        result = CliRunner().invoke(app, ["conformance", url])
    assert (result.exit_code, "--model NAME" in result.stderr) == (64, True)


def test_nobody_at_the_address_is_unreachable() -> None:
    assert CliRunner().invoke(app, ["conformance", "http://127.0.0.1:9"]).exit_code == 69


@pytest.mark.parametrize("pointer", ["/inputs/0/data/0", "/id", "/inputs/0/parameters"])
def test_an_edit_changes_one_thing_and_leaves_the_original(pointer: str) -> None:
    request = valid([Tensor("x", "FP32", (-1, 2))], 1) | {"id": "1"}
    before = json.dumps(request)
    changed = setting(pointer, {"here": True})(request)
    assert (json.dumps(request), json.dumps(changed).count("here")) == (before, 1)
    assert "data" not in without("/inputs/0/data")(request)["inputs"][0]


@given(st.sampled_from([*LETTERS, "BYTES"]), st.integers(1, 40))
def test_what_is_packed_comes_back(datatype: str, count: int) -> None:
    data = valid([Tensor("x", datatype, (count,))], 1)["inputs"][0]["data"]
    assert alike(unpacked(packed(data, datatype), datatype), data)


def test_nested_data_follows_the_shape() -> None:
    assert nested([1, 2, 3, 4, 5, 6], [1, 3, 2]) == [[[1, 2], [3, 4], [5, 6]]]
