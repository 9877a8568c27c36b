"""The live log: one line for each thing that functions, jobs and the cloud itself say."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

Kind = Literal["cloud", "function", "job"]


@dataclass(frozen=True, slots=True)
class LogLine:
    """What was said, by whom, when. `text` is raw: what the process wrote."""

    at: datetime
    kind: Kind
    source: str
    text: str


class LiveLog:
    """Keeps the last lines, and hands each to every listener. A listener must not raise and should not block."""

    def __init__(self, keep: int = 5000) -> None:
        self._lines: deque[LogLine] = deque(maxlen=keep)
        self._listeners: list[Callable[[LogLine], None]] = []
        self._lock = threading.Lock()

    def say(self, kind: Kind, source: str, text: str) -> None:
        line = LogLine(datetime.now(UTC), kind, source, text)
        with self._lock:
            self._lines.append(line)
            listeners = list(self._listeners)
        for listener in listeners:
            listener(line)

    def listen(self, listener: Callable[[LogLine], None]) -> None:
        with self._lock:
            self._listeners.append(listener)

    def lines(self) -> list[LogLine]:
        with self._lock:
            return list(self._lines)
