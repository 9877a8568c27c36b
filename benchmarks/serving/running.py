"""`lepton serve` as a process of its own on a free port, for as long as it is asked."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_SECONDS = 60.0


@contextmanager
def served(*words: str) -> Iterator[str]:
    """The server's URL, once it says that it is ready. What it printed is shown when it does not start."""
    port = free_port()
    with tempfile.NamedTemporaryFile() as log:
        command = [sys.executable, "-m", "lepton.server", *words, "--port", str(port), "--log-level", "ERROR"]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            await_ready(f"http://127.0.0.1:{port}/v2/health/ready", process, Path(log.name))
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def free_port() -> int:
    """Below those that the system gives to clients, so that none of them takes it meanwhile."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as found:
            if found.connect_ex(("127.0.0.1", port)) != 0:
                return port


def await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the address answers 200. Raises RuntimeError with what the process printed."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise RuntimeError(f"{url} was never ready: {log.read_text()[-2000:]}")
