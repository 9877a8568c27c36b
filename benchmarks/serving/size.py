"""`python -m benchmarks.serving.size`: what the predict function's layers weigh, unzipped, as `sam build` makes them.

The layers' own Makefiles are run for the Python that is deployed by default. Compiled files are told apart: there are
some only where that Python is installed.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.serving import bars
from cli.screen import Screen, table

MIB = 1 << 20
LAYERS = {
    "Core": "layers/core/python",
    "Lean": "layers/lean",
    "Inference": "layers/inference",
    "Images": "layers/images",
}


def main() -> int:
    found = {}
    with tempfile.TemporaryDirectory(prefix="lepton-size-") as folder:
        for name, source in LAYERS.items():
            built = Path(folder) / name
            built.mkdir()
            command = ["make", "--silent", "--directory", source, f"build-{name}Layer"]
            subprocess.run(command, env={**os.environ, "ARTIFACTS_DIR": str(built)}, check=True)
            found[name] = _sizes(built)
    rows = [(name, f"{plain:.1f}", f"{compiled:.1f}") for name, (plain, compiled) in found.items()]
    Screen(as_json=False).answer(found, table(("layer", "MiB", "compiled MiB"), rows))
    total = sum(plain for plain, _ in found.values())
    return bars.write([bars.at_most("size of predict's layers, MiB", total, 90)])


def _sizes(folder: Path) -> tuple[float, float]:
    """MiB of what was installed, and of what was compiled beside it."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    compiled = [file for file in files if "__pycache__" in file.parts]
    whole = sum(file.stat().st_size for file in files)
    cache = sum(file.stat().st_size for file in compiled)
    return (whole - cache) / MIB, cache / MIB


if __name__ == "__main__":
    sys.exit(main())
