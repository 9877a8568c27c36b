"""What a run says while it goes: human lines on standard output, log.jsonl and the progress in state.json.

One background thread is the only writer to the lake, every two seconds: training never waits for it, and a lake that
does not answer for a while costs lines of progress, not the run.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from lepton.errors import LeptonError, Unavailable
from lepton.model_package.manifest import LearningPoint
from lepton.training.run import LOG_TAIL, LogLine, Progress, RunState, RunStore

FLUSH_SECONDS = 2.0


class Watch(Protocol):
    """Whom a training loop tells how far it is, and who tells it to stop."""

    def say(self, message: str) -> None:
        """One line for a person."""

    def point(self, point: LearningPoint, steps: int) -> None:
        """Step `point.step` of `steps` is done."""

    def stopping(self) -> bool:
        """Whether the job was asked to end (SIGTERM): save and raise Unavailable."""


def stopped(where: str) -> Unavailable:
    """The error with which a loop ends when it was asked to stop."""
    return Unavailable(f"the job was stopped by its host {where}", hint="the next attempt goes on from there")


class Clock(Protocol):
    """The time, aware UTC."""

    def __call__(self) -> datetime: ...


class Journal:
    """The Watch of a job. `close` must be called: it writes what is left."""

    def __init__(self, runs: RunStore, run: str, *, now: Clock, usd_per_hour: float | None) -> None:
        self._runs, self._run, self._now, self._usd_per_hour = runs, run, now, usd_per_hour
        self._began = now()
        self._lock = threading.Lock()
        self._unsent: list[LogLine] = []
        self._tail: list[str] = []
        self._progress: Progress | None = None
        self._first: tuple[int, datetime] | None = None
        self._stop, self._closed = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._flush_often, name="journal", daemon=True)
        self._thread.start()

    # --- the Watch ------------------------------------------------------------------------------------

    def say(
        self, message: str, level: Literal["info", "warning", "error"] = "info", progress: Progress | None = None
    ) -> None:
        """One line, to standard output now and to the lake soon."""
        now = self._now()
        sys.stdout.write(f"{now:%H:%M:%S} {'' if level == 'info' else level + ': '}{message}\n")
        sys.stdout.flush()
        with self._lock:
            self._unsent.append(LogLine(at=now, level=level, message=message, progress=progress))
            self._tail = [*self._tail, message][-LOG_TAIL:]

    def point(self, point: LearningPoint, steps: int) -> None:
        """Keep the progress for the next flush; say one line for about every twentieth of the way."""
        progress = self._measured(point, steps)
        self._progress = progress
        every = max(1, steps // 20)
        if point.step % every == 0 or point.step in (1, steps):
            figures = [f"loss {point.train_loss:.4f}"]
            if point.validation_loss is not None:
                figures.append(f"validation {point.validation_loss:.4f}")
            if point.metric is not None:
                figures.append(f"metric {point.metric:.4f}")
            left = f", {progress.eta_seconds:.0f} s left" if progress.eta_seconds else ""
            self.say(f"step {point.step}/{steps}: {', '.join(figures)}{left}", progress=progress)

    def stopping(self) -> bool:
        return self._stop.is_set()

    # --- the job --------------------------------------------------------------------------------------

    def ask_to_stop(self) -> None:
        """Safe in a signal handler."""
        self._stop.set()

    def seconds(self) -> float:
        return (self._now() - self._began).total_seconds()

    def dollars(self) -> float | None:
        """What the job has cost so far; None when its price was not given."""
        return None if self._usd_per_hour is None else round(self._usd_per_hour * self.seconds() / 3600, 6)

    def close(self, change: Callable[[RunState], RunState]) -> RunState:
        """Write what is left of the log, then the state: `change` with progress and log tail filled in.

        Raises TransientError when the lake does not take the state.
        """
        self._closed.set()
        self._thread.join()
        try:
            self.flush()
        except LeptonError as error:
            sys.stdout.write(f"the end of the log could not be written: {error}\n")
        return self._runs.update(self._run, lambda state: change(self._filled(state)))

    def _measured(self, point: LearningPoint, steps: int) -> Progress:
        now = self._now()
        if self._first is None:
            self._first = (point.step, now)
        done, since = point.step - self._first[0], (now - self._first[1]).total_seconds()
        eta = round(since / done * (steps - point.step), 1) if done else None
        loss = point.train_loss if point.validation_loss is None else point.validation_loss
        return Progress(
            step=point.step,
            steps=steps,
            loss=loss,
            metric=point.metric,
            eta_seconds=eta,
            dollars=self.dollars(),
        )

    def _filled(self, state: RunState) -> RunState:
        return state.model_copy(update={"progress": self._progress or state.progress, "log_tail": tuple(self._tail)})

    def _flush_often(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            try:
                self.flush()
                state = self._runs.update(self._run, lambda s: self._filled(s) if s.state == "running" else s)
                if state.state == "cancelled":
                    self.ask_to_stop()  # Batch sends SIGTERM too; whoever runs this elsewhere may not
            except LeptonError as error:
                sys.stdout.write(f"progress could not be written, trying again: {error}\n")

    def flush(self) -> None:
        """Send the lines that wait; they wait on when the lake does not take them. Raises TransientError."""
        with self._lock:
            sending, self._unsent = self._unsent, []
        try:
            self._runs.append_log(self._run, sending)
        except LeptonError:
            with self._lock:
                self._unsent = [*sending, *self._unsent]
            raise
