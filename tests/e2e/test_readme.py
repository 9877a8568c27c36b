"""The README's tour, typed line by line into a shell beside a running cloud."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.e2e.conftest import ROOT, Cloud

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def _tour() -> list[str]:
    """The shell blocks of "Five minutes", without the line that activates the environment."""
    readme = (ROOT / "README.md").read_text()
    section = readme[readme.index("## Five minutes") : readme.index("## Where to look")]
    return [block.replace("source .venv/bin/activate\n", "") for block in BLOCK.findall(section)]


def test_every_command_of_the_tour_succeeds(cloud: Cloud) -> None:
    here = str(cloud.http.base_url).rstrip("/")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "LEPTON_STATE_DIR": str(cloud.state), "NO_PROXY": "*"}
    for block in _tour():
        script = "set -euo pipefail\n" + block.replace("http://127.0.0.1:8080", here).replace("curl -s ", "curl -sf ")
        done = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
