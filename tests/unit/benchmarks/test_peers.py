"""The peers' bench measures what it says: the client, the right answer, the ratios."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from benchmarks.serving.peers import client, measure, processes, report
from benchmarks.serving.peers.measure import Figures, Loaded
from benchmarks.serving.peers.report import Entry


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:  # the name that http.server calls
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(int(self.path.strip("/")))
        if body == b"chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"3\r\nabc\r\n0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Tests are quiet."""


@pytest.fixture
def url() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("body", [b"x" * 100_000, b"chunks"])
def test_the_client_counts_whole_answers(url: str, body: bytes) -> None:
    load = client.loaded(client.request(f"{url}/200", body), 3, 0.2)
    assert (len(load.latencies) > 3, load.wrong) == (True, 0)
    assert 0 < load.quantile(50) <= load.quantile(99)


def test_an_answer_that_is_not_200_is_counted_as_wrong(url: str) -> None:
    load = client.loaded(client.request(f"{url}/500", b"x"), 1, 0.1)
    assert load.wrong == len(load.latencies) > 0


@pytest.mark.parametrize(
    "answer",
    [
        {"outputs": [{"shape": [1, 2], "data": [0.25, 0.75]}]},
        {"probabilities": [[0.25, 0.75]]},
        [[0.25, 0.7500001]],
        {"statusCode": 200, "body": json.dumps({"data": [0.25, 0.75]})},
    ],
)
def test_the_right_figures_are_found_in_any_form(answer: Any) -> None:
    assert measure._has(answer, [0.25, 0.75])
    assert not measure._has(answer, [0.25, 0.76])
    assert not measure._has(answer, [0.75, 0.25])


def test_this_process_has_a_tree_with_time_and_memory() -> None:
    assert os.getpid() in processes.tree(os.getpid())
    assert processes.cpu_seconds(os.getpid()) > 0
    assert processes.memory_mb(os.getpid()) > 5


def entry(name: str, factor: float, why: str = "") -> Entry:
    loads = tuple(Loaded(n, 1000 / factor, factor, 2 * factor, 100 * factor, 0) for n in (1, 8))
    return Entry(name, name, "v", 50 * factor, (Figures(factor, 80 * factor, loads),), why)


def test_a_bar_holds_where_ours_is_ahead_and_is_missed_where_not() -> None:
    entries = {one.name: one for one in (entry("lepton", 1), entry("slow", 4), entry("quick", 0.5))}
    nothing = {name: entry(name, 1, "no") for name in ("lepton-lambda", "run-lambda")}
    found = {one["bar"]: one for one in report.bars(nothing | entries)}
    assert {one["holds"] for name, one in found.items() if "/slow/" in name} == {True}
    assert {one["holds"] for name, one in found.items() if "/quick/" in name} == {False}
    assert found["peers/slow/p50-1-client"]["value"] == 0.25


def test_the_lambda_path_is_held_against_the_bare_client_and_the_run() -> None:
    entries = {one.name: one for one in (entry("lepton", 1), entry("lepton-lambda", 1.2), entry("run-lambda", 1))}
    bar = next(one for one in report.bars(entries) if str(one["bar"]).startswith("peers/lambda"))
    assert (bar["value"], bar["holds"]) == (1.2, False)


def test_what_could_not_be_run_is_in_the_table_with_its_reason() -> None:
    table = report.table([entry("lepton", 1), entry("other", 1, "pip failed")])
    assert "not run: pip failed" in table
    assert "| lepton (v) | 1,000 | 1.00 |" in table
