"""What a job imports: a table does not wait for torch, and nothing heavy is read before the threads are quiet."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]


def modules_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(printed.stdout.split())


def test_a_table_is_trained_without_torch_and_pictures() -> None:
    loaded = modules_after("import trainer.run, trainer.tables, trainer.tabular, trainer.boosting")
    assert not loaded & {"torch", "PIL", "skl2onnx", "onnxmltools"}


def test_the_entry_point_itself_loads_no_library_with_threads() -> None:
    assert not modules_after("import trainer.__main__") & {"numpy", "torch", "lightgbm", "onnxruntime", "boto3"}
