"""Models, predictions and capacity by the command, against a real HTTP server that answers by the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.integration.cli_answers import OTHER, VERSION, verdict
from tests.integration.cli_server import FakeLepton

Lepton = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[FakeLepton]:
    fake = FakeLepton()
    yield fake
    fake.close()


@pytest.fixture
def lepton(server: FakeLepton) -> Lepton:
    def call(*words: str) -> Result:
        return CliRunner().invoke(app, [*words, "--api", server.url])

    return call


@pytest.fixture
def load(tmp_path: Path) -> str:
    """Two weeks of hours with a daily season, one of them not measured."""
    hours = [datetime(2026, 11, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(14 * 24)]
    rows = [f"{at.isoformat()},{'' if n == 7 else 90_000 + 60_000 * (at.hour > 8)}" for n, at in enumerate(hours)]
    path = tmp_path / "load.csv"
    path.write_text("timestamp,requests\n" + "\n".join(rows) + "\n")
    return str(path)


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_promote_and_rollback_move_the_alias(lepton: Lepton) -> None:
    assert _json(lepton("models", "rollback", "churn", "--json"))["version"] == OTHER
    assert _json(lepton("models", "promote", "churn", VERSION, "--json"))["version"] == VERSION
    assert OTHER in lepton("models", "show", "churn").stdout


def test_a_lost_race_is_told_and_exits_with_64(lepton: Lepton) -> None:
    result = lepton("models", "promote", "churn", OTHER, "--if-generation", "1")
    assert (result.exit_code, "generation 2, not 1" in result.stderr) == (64, True)


def test_a_refused_version_cannot_be_promoted(lepton: Lepton, server: FakeLepton) -> None:
    server.scene.registry.record(verdict("ffffffffffff", passed=False))
    result = lepton("models", "promote", "churn", "ffffffffffff")
    assert (result.exit_code, "refused by the gate" in result.stderr) == (64, True)


def test_an_unknown_model_exits_with_66_and_names_the_request(lepton: Lepton) -> None:
    result = lepton("models", "show", "nobody")
    assert (result.exit_code, result.stdout) == (66, "")
    assert all(word in result.stderr for word in ("no model 'nobody'", "/model", "lepton models list", "r-1"))


def test_an_error_is_one_json_value_too(lepton: Lepton) -> None:
    result = lepton("models", "show", "nobody", "--json")
    told = json.loads(result.stdout)
    assert (told["code"], told["exit_code"], told["request_id"]) == ("not_found", 66, "r-1")


def test_an_image_goes_as_it_is(lepton: Lepton, server: FakeLepton, tmp_path: Path) -> None:
    (tmp_path / "seven.png").write_bytes(b"\x89PNG")
    answer = _json(lepton("predict", "digits", "--file", str(tmp_path / "seven.png"), "--json"))
    assert (answer["model_version"], answer["outputs"][0]["data"]) == (VERSION, ["7"])
    assert [headers["Content-Type"] for _, _, headers, _ in server.requests] == ["image/png"]


def test_a_long_csv_goes_in_pieces_and_comes_back_whole(lepton: Lepton, server: FakeLepton, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x\n" + "".join(f"{n}\n" for n in range(2500)))
    answer = _json(lepton("predict", "churn", "--file", str(tmp_path / "rows.csv"), "--json"))
    assert [row["label"] for row in answer["predictions"]] == [str(n) for n in range(2500)]
    assert len(server.requests) == 3


def test_a_bad_row_is_told_by_its_line_in_the_file(lepton: Lepton, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x\n" + "".join(f"{'bad' if n == 1700 else n}\n" for n in range(2500)))
    result = lepton("predict", "churn", "--file", str(tmp_path / "rows.csv"))
    assert (result.exit_code, "rows.csv:1702" in result.stderr) == (64, True)


def test_an_open_inference_request_goes_to_infer_and_others_to_invocations(
    lepton: Lepton, server: FakeLepton, tmp_path: Path
) -> None:
    tensor = {"name": "x", "datatype": "FP32", "shape": [1, 1], "data": [1]}
    for name, request in (("a.json", {"inputs": [tensor]}), ("b.json", {"instances": [[1]]})):
        (tmp_path / name).write_text(json.dumps(request))
        lepton("predict", "churn", "-f", str(tmp_path / name), "--json")
    assert server.paths("POST") == ["/v2/models/churn/infer", "/models/churn/invocations"]


def test_an_unknown_kind_of_file_is_told(lepton: Lepton, tmp_path: Path) -> None:
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    assert lepton("predict", "churn", "-f", str(tmp_path / "x.pdf")).exit_code == 64


def test_capacity_advice_shows_charts_alternatives_and_reasons(lepton: Lepton, load: str) -> None:
    result = lepton("capacity", "advise", "checkout", "--from", load, "--service-seconds", "0.5", "--memory-mb", "1024")
    assert result.exit_code == 0, result.output
    assert all(word in result.stdout for word in ("forecast, median", "do nothing", "static peak", "$ a day", "┤"))


def test_the_plan_that_was_advised_is_shown_again_and_its_chart_written(
    lepton: Lepton, load: str, tmp_path: Path
) -> None:
    chart = tmp_path / "plan.svg"
    words = ["--from", load, "--service-seconds", "0.5", "--memory-mb", "1024", "--chart", str(chart), "--json"]
    advised = _json(lepton("capacity", "advise", "checkout", *words))
    assert _json(lepton("capacity", "show", "checkout", "--json"))["plan"] == advised["plan"]
    assert chart.read_text().startswith("<svg")


def test_a_series_without_a_figure_is_refused_by_its_line(lepton: Lepton, tmp_path: Path) -> None:
    (tmp_path / "load.csv").write_text("timestamp,requests\n2026-11-01T00:00:00Z,many\n")
    words = ["--from", str(tmp_path / "load.csv"), "--service-seconds", "1", "--memory-mb", "512"]
    assert lepton("capacity", "advise", "checkout", *words).exit_code == 64
