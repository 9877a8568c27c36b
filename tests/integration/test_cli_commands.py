"""The command against a real HTTP server that answers by the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.integration.cli_answers import RUN, VERSION, receipt, run_state
from tests.integration.cli_server import FakeLepton

Lepton = Callable[..., Result]
SPEC = "model: churn\ntask: classification\ndataset: telco\ntarget: Churn\n"


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
def table(tmp_path: Path) -> str:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    return str(path)


@pytest.fixture
def spec(tmp_path: Path) -> str:
    path = tmp_path / "churn.yaml"
    path.write_text(SPEC)
    return str(path)


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_push_uploads_the_file_and_waits_for_its_version(lepton: Lepton, server: FakeLepton, table: str) -> None:
    result = lepton("datasets", "push", "telco", table)
    assert (result.exit_code, VERSION in result.stdout) == (0, True)
    assert b"a,b\n1,2\n" in server.body("/s3/landing")
    assert server.body("/s3/landing").index(b'name="key"') < server.body("/s3/landing").index(b'name="file"')


def test_push_shows_the_lines_that_were_set_aside(lepton: Lepton, table: str) -> None:
    shown = lepton("datasets", "push", "telco", table).stdout
    assert all(word in shown for word in ("7", "tenure", "not_a_number", "twelve"))


def test_push_with_json_prints_one_value_and_nothing_else(lepton: Lepton, table: str) -> None:
    told = _json(lepton("datasets", "push", "telco", table, "--json"))
    assert (told["state"], told["version"], told["rows"], told["quarantined"]) == ("ready", VERSION, 90, 2)


def test_json_may_stand_before_the_command(server: FakeLepton) -> None:
    result = CliRunner().invoke(app, ["--json", "--api", server.url, "models", "list"])
    assert _json(result)["models"][0]["live"] == VERSION


def test_push_without_waiting_returns_at_once(lepton: Lepton, server: FakeLepton, table: str) -> None:
    assert _json(lepton("datasets", "push", "telco", table, "--no-wait", "--json"))["state"] == "waiting"
    assert server.paths("GET") == []


def test_a_rejected_upload_exits_with_65_and_says_what_to_do(lepton: Lepton, server: FakeLepton, table: str) -> None:
    told = {"reason": "no_rows", "message": "a header and no row", "pointer": "t.csv:1", "hint": "add rows"}
    server.scene.receipts = [receipt("rejected", **told)]
    result = lepton("datasets", "push", "telco", table)
    assert result.exit_code == 65
    assert all(word in result.stderr for word in ("a header and no row", "t.csv:1", "add rows"))
    assert result.stdout == ""


def test_a_file_over_the_limit_is_not_even_sent(lepton: Lepton, server: FakeLepton, tmp_path: Path) -> None:
    big = tmp_path / "big.csv"
    big.write_bytes(b"x" * 6000)
    result = lepton("datasets", "push", "telco", str(big))
    assert (result.exit_code, "/s3/landing" in server.paths("POST")) == (64, False)


@pytest.mark.parametrize(("name", "code"), [("missing.csv", 66), (".", 64), ("empty.csv", 65)])
def test_a_file_that_cannot_be_pushed_is_told_before_anything_is_asked(
    lepton: Lepton, server: FakeLepton, tmp_path: Path, name: str, code: int
) -> None:
    (tmp_path / "empty.csv").touch()
    assert lepton("datasets", "push", "telco", str(tmp_path / name)).exit_code == code
    assert server.requests == []


def test_datasets_are_listed_and_shown(lepton: Lepton) -> None:
    assert "telco" in lepton("datasets", "list").stdout
    assert VERSION in lepton("datasets", "show", "telco").stdout
    assert _json(lepton("datasets", "quarantine", "telco", "--json"))["rows"][0]["line"] == 7


def test_a_pushed_spec_arrives_as_it_was_written(lepton: Lepton, server: FakeLepton, spec: str) -> None:
    assert lepton("specs", "push", "-f", spec).exit_code == 0
    assert server.body("/training-specs/churn") == SPEC.encode()


def test_a_spec_that_is_not_yaml_is_told_with_its_line(lepton: Lepton, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("model: churn\ntask: [1\n")
    result = lepton("specs", "push", "-f", str(broken))
    assert result.exit_code == 64
    assert "broken.yaml:3" in result.stderr


def test_a_dry_run_shows_the_plan_and_submits_nothing(lepton: Lepton, server: FakeLepton, spec: str) -> None:
    assert _json(lepton("train", "-f", spec, "--dry-run", "--json"))["plan"]["job"]["vcpus"] == 2
    assert json.loads(server.body("/training-runs")) == {"spec": SPEC, "dry_run": True}


def test_train_waits_until_the_model_is_published(lepton: Lepton, spec: str) -> None:
    result = lepton("train", "-f", spec, "--wait")
    assert (result.exit_code, VERSION in result.stdout) == (0, True)
    assert [f"round {n}" in result.stderr for n in (1, 2, 3)] == [True, True, True]


@pytest.mark.parametrize("state", ["failed", "refused", "cancelled"])
def test_train_exits_with_1_when_no_model_came_of_it(lepton: Lepton, server: FakeLepton, spec: str, state: str) -> None:
    server.scene.states = [run_state(state, reason="auc 0.61 is under 0.80")]
    result = lepton("train", "-f", spec, "--wait")
    assert (result.exit_code, "auc 0.61 is under 0.80" in result.stderr) == (1, True)


def test_logs_are_followed_to_the_end_without_a_line_twice(lepton: Lepton) -> None:
    result = lepton("runs", "logs", RUN, "-f", "--json")
    assert [json.loads(line)["step"] for line in result.stdout.splitlines()] == [1, 2, 3]


def test_runs_are_listed_shown_and_cancelled(lepton: Lepton) -> None:
    assert RUN in lepton("runs", "list").stdout
    assert "running" in lepton("runs", "show", RUN).stdout
    assert _json(lepton("runs", "cancel", RUN, "--json"))["state"] == "cancelled"


def test_doctor_names_what_is_there(lepton: Lepton) -> None:
    checks = {one["check"]: one["state"] for one in _json(lepton("doctor", "--json"))["checks"]}
    assert (checks["python"], checks["target"], checks["api"], checks["serving"]) == ("ok",) * 4


def test_usage_errors_exit_with_2(lepton: Lepton) -> None:
    assert lepton("runs", "show").exit_code == 2
