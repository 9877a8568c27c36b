"""One execution environment of a function: a process with AWS's runtime client, and the Runtime API for it."""

from __future__ import annotations

import json
import os
import queue
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from devcloud.http_server import Environ, HttpServer, StartResponse
from devcloud.identities import REGION
from devcloud.processes import Child, Processes
from devcloud.scratch import new_folder

_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_INIT_SECONDS = 60.0
RESPONSE_LIMIT = 6_291_556


@dataclass(frozen=True)
class FunctionSpec:
    """A function as the template has it; `path` are the folders it imports from, its own first."""

    logical_id: str
    name: str
    arn: str
    handler: str
    path: tuple[Path, ...]
    environment: dict[str, str] = field(default_factory=dict)
    timeout: float = 3.0  # seconds
    memory: int = 128  # MB
    reserved: int | None = None


@dataclass(frozen=True)
class Outcome:
    """What an invocation gave: `error` is None, or how Lambda names the failure in X-Amz-Function-Error."""

    request_id: str
    payload: bytes
    error: str | None = None
    seconds: float = 0.0

    def value(self) -> Any:
        """The payload as JSON."""
        return json.loads(self.payload or b"null")


class Environment:
    """Started when made; serves one invocation at a time until it fails or is closed."""

    def __init__(self, spec: FunctionSpec, endpoint: str, processes: Processes, on_line: Any) -> None:
        self._spec = spec
        self._events: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._results: queue.Queue[tuple[str, str, bytes]] = queue.Queue()
        self._ready = threading.Event()
        self.alive = True
        self.idle_since = time.monotonic()
        self._server = HttpServer(0, self._runtime_api, f"runtime-api-{spec.name}")
        self._server.start()
        self._tmp = new_folder(spec.logical_id)
        folders = [os.fspath(folder) for folder in spec.path]
        try:
            self._child: Child = processes.start(
                [sys.executable, "-I", "-S", os.fspath(_BOOTSTRAP), json.dumps(folders), spec.handler],
                environment=self._variables(endpoint),
                folder=spec.path[0],
                on_line=on_line,
                on_exit=self._exited,
            )
        except BaseException:
            self._server.stop()
            self._tmp.cleanup()
            raise

    def invoke(self, event: bytes, request_id: str) -> Outcome:
        """Run the handler on one event. Initialising is waited for first, and is not counted as time of the handler."""
        self._initialised()
        started = time.monotonic()
        deadline = int((time.time() + self._spec.timeout) * 1000)
        self._events.put({"id": request_id, "event": event, "deadline": deadline})
        kind, payload = self._result(request_id)
        outcome = Outcome(request_id, payload, None if kind == "response" else "Unhandled", time.monotonic() - started)
        if len(payload) > RESPONSE_LIMIT:
            return Outcome(request_id, _too_large(len(payload)), "Unhandled", outcome.seconds)
        self.idle_since = time.monotonic()
        return outcome

    def close(self) -> None:
        """Kill the process and forget its /tmp."""
        self.alive = False
        self._child.kill()
        self._events.put(None)
        self._server.stop()
        self._tmp.cleanup()

    # --- inside -------------------------------------------------------------------------------------

    def _initialised(self) -> None:
        if not self._ready.wait(max(_INIT_SECONDS, self._spec.timeout)):
            self.close()

    def _result(self, request_id: str) -> tuple[str, bytes]:
        end = time.monotonic() + self._spec.timeout
        while True:
            try:
                kind, invocation, payload = self._results.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                self.close()
                return "timeout", _error(
                    "Sandbox.Timedout",
                    f"RequestId: {request_id} Error: Task timed out after {self._spec.timeout:.2f} seconds",
                )
            if kind == "exit":
                self.close()
                return "exit", _error(
                    "Runtime.ExitError", f"RequestId: {request_id} Error: Runtime exited {payload.decode()}"
                )
            if kind == "init":
                self.close()
                return "init", payload
            if invocation == request_id:
                return kind, payload

    def _exited(self, code: int) -> None:
        self.alive = False
        text = (
            f"with error: exit status {code}"
            if code > 0
            else f"with error: signal: {-code}"
            if code
            else "without providing a reason"
        )
        self._results.put(("exit", "", text.encode()))
        self._ready.set()

    def _runtime_api(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"].removeprefix("/2018-06-01/runtime/")
        if path == "invocation/next":
            return self._next(start_response)
        kind = {"error": "error", "response": "response"}.get(path.rsplit("/", 1)[-1], "")
        if path == "init/error":
            self._results.put(("init", "", environ["devcloud.body"]))
            self._ready.set()
        elif kind and path.startswith("invocation/"):
            self._results.put((kind, path.split("/")[1], environ["devcloud.body"]))
        else:
            start_response("404 Not Found", [])
            return [b""]
        start_response("202 Accepted", [("Content-Type", "application/json")])
        return [b'{"status":"OK"}']

    def _next(self, start_response: StartResponse) -> Iterable[bytes]:
        self._ready.set()
        given = self._events.get()
        if given is None:
            start_response("410 Gone", [])
            return [b""]
        headers = [
            ("Content-Type", "application/json"),
            ("Lambda-Runtime-Aws-Request-Id", given["id"]),
            ("Lambda-Runtime-Deadline-Ms", str(given["deadline"])),
            ("Lambda-Runtime-Invoked-Function-Arn", self._spec.arn),
            ("Lambda-Runtime-Trace-Id", f"Root=1-{int(time.time()):08x}-{given['id'].replace('-', '')[:24]};Sampled=0"),
        ]
        start_response("200 OK", headers)
        return [given["event"]]

    def _variables(self, endpoint: str) -> dict[str, str]:
        spec = self._spec
        return spec.environment | {
            "PATH": "/usr/local/bin:/usr/bin/:/bin",
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "TMPDIR": self._tmp.name,
            "HOME": self._tmp.name,
            "LAMBDA_TASK_ROOT": os.fspath(spec.path[0]),
            "LAMBDA_RUNTIME_DIR": os.fspath(spec.path[-1]),
            "_HANDLER": spec.handler,
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{self._server.port}",
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory),
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{spec.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": time.strftime(f"%Y/%m/%d/[$LATEST]{os.urandom(16).hex()}"),
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}",
            **aws_variables(endpoint),
        }


def aws_variables(endpoint: str) -> dict[str, str]:
    """What makes an SDK talk to the local cloud: where it is, and credentials of any kind."""
    return {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_ENDPOINT_URL": endpoint,
        "NO_PROXY": "127.0.0.1,localhost",
    }


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _too_large(size: int) -> bytes:
    return _error(
        "Function.ResponseSizeTooLarge",
        f"Response payload size ({size} bytes) exceeded maximum allowed payload size ({RESPONSE_LIMIT} bytes).",
    )
