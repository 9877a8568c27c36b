"""Our lines are powertools' lines: the same members, in the same order, of the same kinds."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import Any

import pytest

from lepton.lines import Lines

ENVIRONMENT = {"POWERTOOLS_SERVICE_NAME": "predict", "POWERTOOLS_METRICS_NAMESPACE": "Lepton"}
THEIRS = """
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
logger, metrics = Logger(), Metrics()
logger.info("predicted", model="m", rows=1, id=None, ms=0.5, request_id="x\\u00e9\\"")
metrics.add_dimension("model", "m")
metrics.add_metric("Predictions", MetricUnit.Count, 3)
metrics.add_metric("Latency", MetricUnit.Milliseconds, 1.25)
metrics.flush_metrics()
"""


@pytest.fixture(scope="module")
def theirs() -> list[str]:
    """What powertools writes, from a process of its own."""
    traced = {**os.environ, **ENVIRONMENT, "_X_AMZN_TRACE_ID": "Root=1-2-3;Parent=4;Sampled=1"}
    ran = subprocess.run([sys.executable, "-c", THEIRS], env=traced, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()


def members(line: str) -> list[tuple[str, Any]]:
    return [
        (name, type(value) if name in ("location", "timestamp") else value) for name, value in json.loads(line).items()
    ]


def test_a_log_line_is_the_one_that_powertools_writes(theirs: list[str]) -> None:
    lines = Lines(ENVIRONMENT | {"_X_AMZN_TRACE_ID": "Root=1-2-3;Parent=4;Sampled=1"})
    told = {"model": "m", "rows": 1, "id": None, "ms": 0.5, "request_id": 'x\u00e9"'}
    ours = lines.log("INFO", "f:1", "predicted", told)
    assert ours.endswith("}\n")
    assert members(ours) == members(theirs[0])
    times = [json.loads(line)["timestamp"] for line in (ours, theirs[0])]
    assert [re.sub(r"\d", "0", time) for time in times] == ["0000-00-00 00:00:00,000+0000"] * 2


def test_metrics_are_those_that_powertools_writes(theirs: list[str]) -> None:
    lines = Lines(ENVIRONMENT)
    right = json.loads(theirs[1])
    figures = {"Predictions": ("Count", 3.0), "Latency": ("Milliseconds", 1.25)}
    for ours in (lines.metrics("m", figures), lines.answered("m", 3, 1.25)):
        made = json.loads(ours)
        assert abs(made["_aws"].pop("Timestamp") - right["_aws"].get("Timestamp")) < 600_000
        assert made == {**right, "_aws": {"CloudWatchMetrics": right["_aws"]["CloudWatchMetrics"]}}


@pytest.mark.parametrize(
    ("level", "written"), [("DEBUG", True), ("info", True), ("WARNING", False), ("nonsense", True)]
)
def test_nothing_is_written_below_the_level_that_is_asked_for(level: str, written: bool) -> None:
    assert bool(Lines({"POWERTOOLS_LOG_LEVEL": level}).log("INFO", "f:1", "m", {})) is written
    assert Lines({"POWERTOOLS_LOG_LEVEL": level}).log("ERROR", "f:1", "m", {})
