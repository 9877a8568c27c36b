"""Work beside the answers, in one thread: what is handed over is done in order, and no answer waits for it for long."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

WAITING = 32


@dataclass(frozen=True, slots=True)
class Task:
    """`done` is set when it is over, however it ended."""

    work: Callable[[], None]
    done: threading.Event = field(default_factory=threading.Event)


class Aside:
    """The thread begins with the first task. A task that raises is told of to `failed`, and the next one begins."""

    def __init__(self, failed: Callable[[BaseException], None]) -> None:
        self._failed = failed
        self._tasks: queue.Queue[Task] = queue.Queue(WAITING)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def hand_over(self, work: Callable[[], None]) -> Task | None:
        """The task; None when so many are waiting that this one is left out."""
        task = Task(work)
        try:
            self._tasks.put_nowait(task)
        except queue.Full:
            return None
        self._begin()
        return task

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="lepton-aside", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            task = self._tasks.get()
            try:
                task.work()
            except BaseException as error:  # noqa: BLE001  # nothing that goes wrong here may reach an answer
                self._failed(error)
            finally:
                task.done.set()
