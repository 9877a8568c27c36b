"""Importing a handler does nothing, and brings in nothing that its first answer does not need."""

import json
import subprocess
import sys
from functools import cache
from typing import Any

import pytest

from tests.house.repository import FUNCTIONS, ROOT

# Needed by some entry point of the folder at most: found in some of the layers, so imported when it is first needed.
LATE = {"numpy", "onnxruntime", "duckdb", "PIL"}
# In no layer at all.
NEVER = {"torch", "pandas", "sklearn", "lightgbm", "onnx", "moto", "flask", "aws_xray_sdk", "typer", "rich"}


@cache
def _imported(path: str) -> tuple[dict[str, Any], str]:
    """What importing a file did, and what it wrote; the environment is empty, so nothing can be read from it."""
    command = [sys.executable, "-W", "ignore", str(ROOT / "tests/house/import_probe.py"), str(ROOT / path), str(ROOT)]
    ran = subprocess.run(command, env={}, cwd="/", capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    written, _, told = ran.stdout.rpartition("\n")
    return json.loads(told), written.strip() + ran.stderr.strip()


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_handler_writes_nothing_and_makes_no_client(function: str) -> None:
    told, written = _imported(f"functions/{function}/handler.py")
    assert (written, told["clients"], told["threads"]) == ("", 0, 1)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_handler_reads_no_environment(function: str) -> None:
    assert _imported(f"functions/{function}/handler.py")[0]["readers"] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_importing_a_handler_leaves_heavy_libraries_for_later(function: str) -> None:
    assert (LATE | NEVER) & set(_imported(f"functions/{function}/handler.py")[0]["modules"]) == set()


@pytest.mark.parametrize("module", ["endpoint/serving.py", "endpoint/routes.py"])
def test_the_first_prediction_needs_no_more_than_its_layers(module: str) -> None:
    loaded = set(_imported(f"layers/core/python/lepton/{module}")[0]["modules"])
    assert (NEVER | {"duckdb", "PIL"}) & loaded == set()
