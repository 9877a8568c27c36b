"""What the viewer sees: headings, the commands that are run, their answers, and what the cloud says meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class DemoFailed(Exception):
    """Something did not do what the demo says that it does."""


def _console() -> Console:
    """As wide as the terminal; where there is none, wide enough that no line of a table is folded."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=190)


@dataclass
class Stage:
    """Prints plain lines; on a terminal a progress bar stays at the bottom, elsewhere there is none."""

    steps: int
    console: Console = field(default_factory=_console)
    durations: dict[str, float] = field(default_factory=dict)
    _started: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _progress: Progress | None = None
    _done: int = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Show the progress bar (on a terminal) for as long as the demo runs."""
        if not self.console.is_terminal:
            yield
            return
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            self._progress = progress
            self._task = progress.add_task("starting", total=self.steps)
            yield
        self._progress = None

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """One heading; its time is kept for the summary."""
        self._done += 1
        self._print(f"\n[bold cyan]{self._done}/{self.steps} {escape(title)}[/]  [dim]{self.elapsed:.0f} s[/]")
        if self._progress:
            self._progress.update(self._task, description=title, completed=self._done - 1)
        began = time.monotonic()
        yield
        self.durations[title] = time.monotonic() - began

    @property
    def elapsed(self) -> float:
        """Seconds since the demo began."""
        return time.monotonic() - self._started

    def command(self, words: str) -> None:
        self._print(f"  [bold]$ {escape(words)}[/]")

    def say(self, text: str) -> None:
        for line in text.rstrip().splitlines():
            self._print(f"    {escape(line)}")

    def json(self, value: Any, limit: int = 900) -> None:
        """An answer on one line, cut (and said so) when it is longer than `limit`."""
        text = json.dumps(value)
        self.say(text if len(text) <= limit else f"{text[:limit]} … ({len(text):,} characters)")

    def cloud(self, line: str) -> None:
        """A live line of the local cloud."""
        self._print(f"    [dim]│ {escape(line[:180])}[/]")

    def good(self, text: str) -> None:
        self._print(f"  [green]✓[/] {escape(text)}")

    def bad(self, text: str) -> None:
        self._print(f"  [bold red]✗ {escape(text)}[/]")

    def check(self, holds: bool, what: str) -> None:
        """Say that it holds, or end the demo. Raises DemoFailed."""
        if not holds:
            raise DemoFailed(what)
        self.good(what)

    def _print(self, markup: str) -> None:
        with self._lock:
            self.console.print(markup)
