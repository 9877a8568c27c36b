"""`lepton models` on pins, history, canaries and shadows, against a real HTTP server that answers by the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from tests.integration.cli_answers import OTHER, VERSION
from tests.integration.cli_server import FakeLepton

Lepton = Callable[..., Result]


@pytest.fixture
def server() -> Iterator[FakeLepton]:
    fake = FakeLepton()
    yield fake
    fake.close()


@pytest.fixture
def lepton(server: FakeLepton) -> Lepton:
    return lambda *words: CliRunner().invoke(app, ["models", *words, "--api", server.url])


def _json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_pin_and_unpin(lepton: Lepton) -> None:
    assert _json(lepton("pin", "churn", "--reason", "audit", "--json"))["pinned"]["reason"] == "audit"
    assert "audit" in lepton("pin", "churn", "--reason", "audit").stdout
    assert _json(lepton("unpin", "churn", "--json"))["pinned"] is None


def test_pin_without_a_reason_is_wrong_usage(lepton: Lepton, server: FakeLepton) -> None:
    assert lepton("pin", "churn").exit_code == 2
    assert server.requests == []


def test_history_is_newest_first(lepton: Lepton) -> None:
    lepton("pin", "churn", "--reason", "audit")
    assert [one["reason"] for one in _json(lepton("history", "churn", "--json"))["history"]][:2] == [
        "pinned: audit",
        "promoted",
    ]
    assert "pinned: audit" in lepton("history", "churn").stdout


def test_canary_begins_with_its_percentage_and_bounds(lepton: Lepton, server: FakeLepton) -> None:
    words = ("--percent", "10", "--rule", "max_hours=2", "--rule", "alpha=0.01")
    begun = lepton("canary", "churn", OTHER, *words)
    assert (begun.exit_code, f"{OTHER} at 10 %" in begun.stdout, VERSION in begun.stdout) == (0, True, True)
    sent = json.loads(server.body("/models/churn/aliases/live/rollout"))
    assert sent == {"kind": "canary", "version": OTHER, "percent": 10.0, "rule": {"max_hours": 2, "alpha": 0.01}}


def test_status_says_what_was_seen_and_what_it_waits_for(lepton: Lepton) -> None:
    lepton("shadow", "churn", OTHER)
    shown = lepton("rollout", "status", "churn").stdout
    assert all(word in shown for word in (f"{OTHER} at 100 %", "errors", "latency", "0 of 100 requests"))
    assert _json(lepton("rollout", "status", "churn", "--json"))["decision"]["action"] == "continue"


def test_rollout_is_ended_one_way_or_the_other(lepton: Lepton) -> None:
    lepton("canary", "churn", OTHER)
    assert _json(lepton("rollout", "abort", "churn", "--reason", "slow", "--json"))["version"] == VERSION
    lepton("canary", "churn", OTHER)
    assert _json(lepton("rollout", "promote", "churn", "--json"))["version"] == OTHER


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("rollout", "status", "churn"), 64, "has no rollout"),
        (("canary", "churn", VERSION), 64, "already"),
        (("canary", "churn", OTHER, "--rule", "max_houres=2"), 64, "max_houres"),
        (("canary", "churn", "f" * 12), 66, "no version"),
        (("canary", "churn", OTHER, "--percent", "101"), 2, ""),
    ],
)
def test_what_makes_no_sense_is_told(lepton: Lepton, words: tuple[str, ...], code: int, said: str) -> None:
    result = lepton(*words)
    assert (result.exit_code, said in result.stderr) == (code, True)
