"""One contender's figures: started, asked for the right answer, then loaded by one client and by eight."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.serving.peers.client import Load, loaded, request
from benchmarks.serving.peers.contenders import Contender
from benchmarks.serving.peers.environments import Environment
from benchmarks.serving.peers.processes import cpu_seconds, memory_mb, stop
from benchmarks.serving.running import free_port

START_SECONDS, WARM_SECONDS = 120.0, 1.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """Of so many clients. `cpu` microseconds of all the server's processes for a request."""

    clients: int
    per_second: float
    p50: float
    p99: float
    cpu: float
    wrong: int


@dataclass(frozen=True, slots=True)
class Figures:
    """`start`: seconds from the process's start to the first right answer. Memory in MB after the load."""

    start: float
    memory: float
    loads: tuple[Loaded, ...]


def measured(contender: Contender, environment: Environment, right: Sequence[float] | None, seconds: float) -> Figures:
    """Raises RuntimeError with what the server printed when it never answers right."""
    port = free_port()
    made = contender.start(environment, port)
    variables = os.environ | {"OMP_NUM_THREADS": "1"} | dict(made.environment)
    url, body = f"http://127.0.0.1:{port}{contender.path}", json.dumps(contender.body).encode()
    with tempfile.TemporaryFile() as log:
        begun = time.perf_counter()
        process = subprocess.Popen(made.command, env=variables, cwd=made.folder, stdout=log, stderr=log)
        try:
            _await_right(url, body, right, process)
            start = time.perf_counter() - begun
            asked = request(url, body)
            loaded(asked, contender.clients[-1], WARM_SECONDS)
            loads = tuple(_under(asked, clients, seconds, process.pid) for clients in contender.clients)
            return Figures(start, memory_mb(process.pid), loads)
        except TimeoutError as error:
            log.seek(0)
            raise RuntimeError(f"{contender.title}: {error}\n{log.read()[-3000:].decode(errors='replace')}") from error
        finally:
            stop(process)


def _under(asked: tuple[str, int, bytes], clients: int, seconds: float, pid: int) -> Loaded:
    before = cpu_seconds(pid)
    load: Load = loaded(asked, clients, seconds)
    cpu = (cpu_seconds(pid) - before) / len(load.latencies) * 1e6
    return Loaded(clients, load.per_second, load.quantile(50), load.quantile(99), cpu, load.wrong)


def _await_right(url: str, body: bytes, right: Sequence[float] | None, process: subprocess.Popen[bytes]) -> None:
    """Until the answer is the right one. Raises TimeoutError."""
    last = "nothing"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=30) as answer:
                last = answer.read().decode()
            if right is None or _has(json.loads(last), right):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError, ValueError) as error:
            last = str(error)
        time.sleep(0.01)
    raise TimeoutError(f"no right answer, the last one was {last[:300]}")


def _has(answer: Any, right: Sequence[float]) -> bool:
    """Whether the figures stand in the answer, next to each other and in order."""
    found = _numbers(answer)
    width = len(right)
    parts = (found[at : at + width] for at in range(len(found) - width + 1))
    return any(all(abs(one - other) < 1e-5 for one, other in zip(part, right, strict=True)) for part in parts)


def _numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for inner in value.values() for one in _numbers(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in _numbers(inner)]
    if isinstance(value, str) and value.startswith(("{", "[")):
        return _numbers(json.loads(value))
    return [float(value)] if isinstance(value, int | float) and not isinstance(value, bool) else []
