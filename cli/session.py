"""What every command is given: the screen, the target and its API, each made when first asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from cli.api import Api
from cli.screen import Screen
from cli.target import Choice, Target, resolve


class Session:
    """One call of the command."""

    def __init__(self, screen: Screen, choice: Choice) -> None:
        self.screen = screen
        self.choice = choice
        self.pause: Callable[[float], None] = time.sleep
        self.now: Callable[[], float] = time.monotonic

    @cached_property
    def target(self) -> Target:
        """Raises Unreachable when there is none."""
        return resolve(self.choice, os.environ, Path.cwd())

    @cached_property
    def api(self) -> Api:
        return Api(self.target.api_url, self.target.auth, pause=self.pause)

    def get(self, path: str, **query: str | int | None) -> Any:
        return self.api.get(path, **query)

    def close(self) -> None:
        if "api" in self.__dict__:
            self.api.__exit__()


@contextmanager
def opened(*, as_json: bool, choice: Choice) -> Iterator[Session]:
    session = Session(Screen(as_json=as_json), choice)
    try:
        yield session
    finally:
        session.close()
