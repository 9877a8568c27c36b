"""`lepton replay` against the real endpoint over HTTP: the same bits, another runtime, a version that is gone."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from lepton import lake
from lepton.endpoint.exchange import Exchange
from lepton.endpoint.serving import Serving
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.settings import Settings
from tests.integration.enclosed_models import ROW, published, tensors
from tests.integration.predict_cloud import fresh_observability
from tests.unit.explanation.models import trained


class Endpoint:
    """The endpoint's own code behind a plain HTTP server; `store` is its lake."""

    def __init__(self) -> None:
        self.store = MemoryObjectStore()
        self.number = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.restarted()
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def restarted(self) -> None:
        settings, bus = Settings(lake_bucket="lake", alias_staleness_seconds=0), MemoryEventBus()
        self.serving = Serving(settings, self.store, landing=lambda: self.store, bus=lambda: bus, memory_mb=512)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], bytes]:
        self.number += 1
        reply = self.serving.reply(Exchange(method, path, headers, {}, body, f"request-{self.number}"))
        return reply.status, dict(reply.headers), reply.body

    def asked(self, receipt: Any) -> dict[str, Any]:
        """The answer of model `risk` with a receipt."""
        body = {"inputs": tensors(ROW), "parameters": {"receipt": receipt}}
        status, _, answer = self.answer("POST", "/v2/models/risk/infer", json.dumps(body).encode())
        assert status == 200
        return dict(json.loads(answer))


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, content = endpoint.answer(self.command, self.path.partition("?")[0], body, **headers)
            self.send_response(status)
            for name, value in {**told, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _serve  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    return Handler


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    made = Endpoint()
    published(made.store, "risk", trained("logistic", 2))
    published(made.store, "other", trained("lightgbm", 2))
    yield made
    made.close()
    fresh_observability()


def replay(endpoint: Endpoint, *words: str) -> Result:
    return CliRunner().invoke(app, ["replay", *words, "--api", endpoint.url])


def test_a_kept_receipt_is_reproduced_by_its_id_whoever_it_belongs_to(endpoint: Endpoint) -> None:
    receipt = endpoint.asked("store")["parameters"]["receipt"]
    result = replay(endpoint, receipt["id"], "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout.splitlines()[-1])  # before it: what the server logged
    assert (told["identical"], told["changes"], told["output"]) == (True, [], receipt["output"])
    assert replay(endpoint, receipt["id"], "--model", "other").exit_code == 66


def test_a_receipt_outlives_the_promotion_of_another_version(endpoint: Endpoint) -> None:
    receipt = endpoint.asked("store")["parameters"]["receipt"]
    assert published(endpoint.store, "risk", trained("lightgbm", 2)) != receipt["version"]
    assert endpoint.asked(True)["model_version"] != receipt["version"]
    assert "identical, bit for bit" in replay(endpoint, receipt["id"]).stdout


@pytest.mark.parametrize("whole", [True, False])
def test_a_receipt_in_a_file_needs_its_request_where_none_was_kept(
    endpoint: Endpoint, tmp_path: Path, whole: bool
) -> None:
    answer = endpoint.asked(True)
    (tmp_path / "answer.json").write_text(json.dumps(answer if whole else answer["parameters"]["receipt"]))
    (tmp_path / "request.json").write_text(json.dumps({"inputs": tensors(ROW)}))
    assert replay(endpoint, str(tmp_path / "answer.json")).exit_code == 66
    words = [str(tmp_path / "answer.json"), "--request", str(tmp_path / "request.json")]
    assert replay(endpoint, *words).exit_code == 0


def test_another_request_is_not_taken_for_the_same(endpoint: Endpoint, tmp_path: Path) -> None:
    (tmp_path / "answer.json").write_text(json.dumps(endpoint.asked(True)))
    (tmp_path / "request.json").write_text(json.dumps({"inputs": tensors(ROW | {"fee": 41.0})}))
    result = replay(endpoint, str(tmp_path / "answer.json"), "--request", str(tmp_path / "request.json"))
    assert (result.exit_code, "another request" in result.stderr) == (1, True)


def test_another_runtime_that_gives_the_same_bits_is_told_and_holds(endpoint: Endpoint, tmp_path: Path) -> None:
    answer = endpoint.asked("store")
    answer["parameters"]["receipt"]["runtime"]["onnxruntime"] = "1.0.0"
    (tmp_path / "answer.json").write_text(json.dumps(answer))
    result = replay(endpoint, str(tmp_path / "answer.json"))
    assert (result.exit_code, "although onnxruntime was 1.0.0 then" in result.stdout) == (0, True)


def test_a_version_that_is_gone_is_told(endpoint: Endpoint) -> None:
    receipt = endpoint.asked("store")["parameters"]["receipt"]
    del endpoint.store._objects[lake.registry_version("risk", receipt["version"])]
    endpoint.restarted()
    result = replay(endpoint, receipt["id"], "--model", "risk")
    assert (result.exit_code, "does not answer any more" in result.stderr) == (1, True)


@pytest.mark.parametrize(("text", "code"), [("{}", 64), ("[]", 64), ("{", 64)])
def test_a_file_without_a_receipt_is_refused(endpoint: Endpoint, tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "answer.json").write_text(text)
    assert replay(endpoint, str(tmp_path / "answer.json")).exit_code == code
    assert replay(endpoint, "not-an-id").exit_code == 64
