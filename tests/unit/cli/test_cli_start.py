"""What the command brings in when it starts: only what its own extra installs."""

from __future__ import annotations

import subprocess
import sys

import pytest

FOREIGN = {"aws_lambda_powertools", "numpy", "onnxruntime", "torch", "duckdb", "moto", "flask", "lightgbm", "sklearn"}


def test_the_command_starts_without_what_only_functions_and_trainers_have() -> None:
    code = "import sys, cli.main; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "typer" in loaded
    assert FOREIGN & set(loaded) == set()


@pytest.mark.parametrize("words", [["--version"], ["-m"], ["--json", "doctor", "--api", "http://127.0.0.1:9"]])
def test_the_process_ends_with_its_exit_code_and_no_trace(words: list[str]) -> None:
    ran = subprocess.run([sys.executable, "-m", "cli", *words], capture_output=True, text=True, check=False)
    assert ran.returncode == {"--version": 0, "-m": 2, "--json": 69}[words[0]]
    assert "Traceback" not in ran.stderr
