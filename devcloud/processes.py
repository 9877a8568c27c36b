"""Child processes that cannot outlive the cloud: each leads a group of its own, and the warden knows the group."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from lepton.errors import Unavailable

_WARDEN = Path(__file__).with_name("warden.py")
LineSink = Callable[[str], None]


class Child:
    """A started process; its output goes line by line to `on_line`, its exit code to `on_exit` (once, at the end)."""

    def __init__(self, process: subprocess.Popen[bytes], on_line: LineSink, on_exit: Callable[[int], None]) -> None:
        self._process = process
        self._on_line = on_line
        self._on_exit = on_exit
        self.pid = process.pid
        self._reader = threading.Thread(target=self._read, daemon=True, name=f"output-{self.pid}")
        self._reader.start()
        threading.Thread(target=self._wait, daemon=True, name=f"wait-{self.pid}").start()

    def signal(self, number: int) -> None:
        """Send the signal to the whole group; nothing when it is gone."""
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return

    def kill(self) -> None:
        self.signal(signal.SIGKILL)

    def wait(self, timeout: float) -> bool:
        """Whether it ended within `timeout` seconds."""
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101  # asked for in start
        with self._process.stdout as output:
            for line in output:
                self._on_line(line.decode(errors="replace").rstrip("\r\n"))

    def _wait(self) -> None:
        code = self._process.wait()
        self._reader.join(timeout=2)  # a grandchild may hold the pipe open; the exit code does not wait for it
        self.signal(signal.SIGKILL)
        self._on_exit(code)


class Processes:
    """Starts children, and ends all of them."""

    def __init__(self) -> None:
        self._children: dict[int, Child] = {}
        self._lock = threading.Lock()
        self._warden: subprocess.Popen[bytes] | None = None
        self._closed = False

    def start(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        on_line: LineSink,
        on_exit: Callable[[int], None],
    ) -> Child:
        """Start `command` with exactly this environment. Raises OSError (it cannot be run), Unavailable (closed)."""
        with self._lock:
            if self._closed:
                raise Unavailable("the local cloud is stopping: nothing is started any more")
            self._watched()
            process = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            self._tell(f"+{process.pid}")
            child = Child(process, on_line, lambda code: self._ended(process.pid, code, on_exit))
            self._children[process.pid] = child
        return child

    def close(self) -> None:
        """Kill every child and its group, then let the warden go."""
        with self._lock:
            self._closed = True
            children = list(self._children.values())
        for child in children:
            child.kill()
        for child in children:
            child.wait(5)
        if self._warden is not None and self._warden.stdin is not None:
            self._warden.stdin.close()
            self._warden.wait(5)
            self._warden = None

    def _ended(self, pid: int, code: int, on_exit: Callable[[int], None]) -> None:
        with self._lock:
            self._children.pop(pid, None)
            self._tell(f"-{pid}")
        on_exit(code)

    def _watched(self) -> None:
        if self._warden is None:
            self._warden = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_WARDEN)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
                bufsize=0,
            )

    def _tell(self, line: str) -> None:
        if self._warden is None or self._warden.stdin is None:
            return
        try:
            self._warden.stdin.write(f"{line}\n".encode())
        except (BrokenPipeError, ValueError):
            self._warden = None
