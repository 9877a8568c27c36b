"""Requests to one host: connections that are kept, and another try where that can help."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lepton.aws.http_wire import Answer, Body, Connection, Host
from lepton.errors import Unavailable

if TYPE_CHECKING:
    import ssl

ATTEMPTS = 4  # the first one too
LONGEST = 20.0  # seconds between two tries, at most
_AGAIN = frozenset({429, 500, 502, 503, 504})


class Connections:
    """Connections to a host that nobody uses wait here for the next request, of whatever thread."""

    def __init__(self, host: Host, sleep: Callable[[float], None] = time.sleep) -> None:
        self._host = host
        self._sleep = sleep
        self._idle: list[Connection] = []
        self._trust: ssl.SSLContext | None = None

    def __del__(self) -> None:
        for connection in self._idle:
            connection.close()

    @contextmanager
    def asked(
        self, method: str, target: str, headers: Callable[[], Mapping[str, str]], body: Body = b""
    ) -> Iterator[Answer]:
        """The answer, its body still to be read. `headers` are made anew for each try. Raises Unavailable."""
        connection, answer = self._tried(method, target, headers, body)
        try:
            yield answer
            answer.read()
        except OSError as error:
            raise Unavailable(f"the answer broke off: {error}") from error
        finally:
            if answer.whole and answer.stays:
                self._idle.append(connection)
            else:
                connection.close()

    def _tried(
        self, method: str, target: str, headers: Callable[[], Mapping[str, str]], body: Body
    ) -> tuple[Connection, Answer]:
        for attempt in range(1, ATTEMPTS):
            try:
                connection, answer = self._sent(method, target, headers, body)
                if answer.status not in _AGAIN:
                    return connection, answer
                connection.close()
            except OSError:
                pass  # the next try tells of it
            self._sleep(_patience(attempt))
        try:
            return self._sent(method, target, headers, body)
        except OSError as error:
            raise Unavailable(f"{self._host.name} does not answer: {error}") from error

    def _sent(
        self, method: str, target: str, headers: Callable[[], Mapping[str, str]], body: Body
    ) -> tuple[Connection, Answer]:
        """On a connection that was kept, where that still stands, or on a new one. Raises OSError."""
        while (kept := self._kept()) is not None:
            try:
                return kept, kept.ask(method, target, headers(), body)
            except OSError:
                kept.close()  # it was closed over there while it waited: nothing to wait for
        connection = Connection(self._host, self._trusted())
        try:
            return connection, connection.ask(method, target, headers(), body)
        except OSError:
            connection.close()
            raise

    def _kept(self) -> Connection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def _trusted(self) -> ssl.SSLContext | None:
        if self._host.secure and self._trust is None:
            import ssl

            self._trust = ssl.create_default_context(cafile=self._host.ca_bundle)
        return self._trust


def _patience(attempt: int) -> float:
    """Seconds: growing, and spread, so that many do not come again at once."""
    import random

    return random.random() * min(LONGEST, 2.0 ** (attempt - 1))  # noqa: S311  # spread, not a secret


def _closed(connection: Connection | None) -> bool:
    """Close it, if there is one, and say whether there was."""
    if connection is not None:
        connection.close()
    return connection is not None
