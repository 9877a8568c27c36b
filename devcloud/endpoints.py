"""The file by which others find the local cloud: <state>/endpoints.json, there while it runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from devcloud.cloud import LocalCloud
from lepton.errors import Misconfigured


def claim(state: Path) -> None:
    """Raises Misconfigured when another cloud runs on this state directory; forgets one that was killed."""
    try:
        pid = int(json.loads((state / "endpoints.json").read_text())["pid"])
        os.kill(pid, 0)
    except (OSError, ValueError, KeyError, TypeError):
        (state / "endpoints.json").unlink(missing_ok=True)
        return
    raise Misconfigured(
        f"a local cloud runs on this state directory already (process {pid})",
        pointer=str(state),
        hint=f"stop it (kill {pid}), or give another --state",
    )


def publish(state: Path, cloud: LocalCloud) -> None:
    """Write the file, whole or not at all."""
    told: dict[str, Any] = {
        "api_url": cloud.api_url,
        "endpoint_url": cloud.endpoint_url,
        "region": cloud.region,
        "outputs": cloud.outputs,
        "pid": os.getpid(),
    }
    state.mkdir(parents=True, exist_ok=True)
    unfinished = state / ".endpoints.part"
    unfinished.write_text(json.dumps(told, indent=2) + "\n")
    unfinished.replace(state / "endpoints.json")


def withdraw(state: Path) -> None:
    (state / "endpoints.json").unlink(missing_ok=True)
