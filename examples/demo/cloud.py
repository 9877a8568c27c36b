"""The demo's local cloud: `python -m devcloud` in a process of its own, its live lines shown as they come."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from examples.demo.stage import DemoFailed, Stage

START_SECONDS = 60


@dataclass(frozen=True)
class RunningCloud:
    """Where the local cloud answers."""

    api_url: str
    endpoint_url: str
    outputs: dict[str, str]
    state: Path


@contextmanager
def running_cloud(stage: Stage, state: Path) -> Iterator[RunningCloud]:
    """Start it fresh on free ports, and stop it whatever happens. Raises DemoFailed when it does not come up."""
    words = [
        sys.executable,
        "-m",
        "devcloud",
        "--state",
        str(state),
        "--api-port",
        "0",
        "--aws-port",
        "0",
        "--fresh",
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    reader = threading.Thread(target=_show, args=(process, stage), daemon=True)
    reader.start()
    try:
        yield _wait(process, state)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        reader.join(5)


def _show(process: subprocess.Popen[str], stage: Stage) -> None:
    for line in process.stdout or ():
        if line.strip():
            stage.cloud(line.rstrip())


def _wait(process: subprocess.Popen[str], state: Path) -> RunningCloud:
    endpoints = state / "endpoints.json"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise DemoFailed(f"the local cloud ended with {process.returncode}")
        told = _read(endpoints)
        if told is not None and told.get("pid") == process.pid:
            return RunningCloud(told["api_url"].rstrip("/"), told["endpoint_url"], told["outputs"], state)
        time.sleep(0.1)
    raise DemoFailed(f"the local cloud did not come up within {START_SECONDS} s")


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text()))
    except (FileNotFoundError, ValueError):
        return None
