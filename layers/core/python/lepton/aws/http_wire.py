"""HTTP/1.1 on one connection, as far as S3 speaks it: the standard library's client costs more than a whole answer.

Every malformed or broken-off answer is a ConnectionError; nothing of it is ever taken for a whole one.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import ssl

CONNECT, READ = 3.0, 20.0  # seconds, below every function's own
_LINE, _HEADERS = 65_536, 200  # bytes of a line and lines of headers, at most
_WITHOUT_BODY = frozenset({204, 304})
Body: TypeAlias = "bytes | Callable[[], Iterable[bytes]]"


class Host(NamedTuple):
    """`ca_bundle`: a file of certificates to trust instead of the system's."""

    name: str
    port: int
    secure: bool
    ca_bundle: str | None = None


class Answer:
    """Header names in lower case. The body is read once; `whole` when all of it has been."""

    def __init__(self, connection: Connection) -> None:
        self._from = connection.stream
        self.status = self._status()
        self.headers = self._headers()
        self.stays = self.headers.get("connection", "").lower() != "close"
        self._chunked = "chunked" in self.headers.get("transfer-encoding", "").lower()
        self._left = self._length()
        self.whole = self._left == 0 and not self._chunked

    def read(self, size: int = -1) -> bytes:
        """All that is left, or so many bytes of it at most; empty at the end."""
        if self.whole:
            return b""
        if self._chunked:
            return self._rest() if size < 0 else self._piece(size)
        if self._left is None:
            found: bytes = self._from.read() if size < 0 else self._from.read(size)
            self.whole = size < 0 or not found
            return found
        found = self._exactly(self._left if size < 0 else min(size, self._left))
        self._left -= len(found)
        self.whole = self._left == 0
        return found

    def _rest(self) -> bytes:
        pieces = []
        while not self.whole:
            pieces.append(self._piece(1 << 20))
        return b"".join(pieces)

    def _piece(self, size: int) -> bytes:
        """Of the current chunk, or of the next one."""
        if not self._left:
            self._left = self._number(self._line().partition(b";")[0], 16)
            if self._left == 0:
                while self._line():
                    pass  # trailers
                self.whole = True
                return b""
        found = self._exactly(min(size, self._left))
        self._left -= len(found)
        if self._left == 0 and self._line():
            raise ConnectionError("a chunk is longer than it says")
        return found

    def _status(self) -> int:
        while True:
            protocol, _, rest = self._line().partition(b" ")
            if not protocol.startswith(b"HTTP/1."):
                raise ConnectionError("what answers does not speak HTTP/1.1")
            status = self._number(rest[:3], 10)
            if status >= 200:
                return status
            self._headers()  # of what is only an announcement

    def _headers(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for _ in range(_HEADERS):
            line = self._line()
            if not line:
                return found
            name, _, value = line.decode("latin-1").partition(":")
            name, value = name.strip().lower(), value.strip()
            found[name] = f"{found[name]}, {value}" if name in found else value
        raise ConnectionError("there is no end to the headers")

    def _length(self) -> int | None:
        if self.status in _WITHOUT_BODY:
            return 0
        told = self.headers.get("content-length")
        if told is None or self._chunked:
            self.stays = self.stays and self._chunked
            return 0 if self._chunked else None
        return self._number(told.encode(), 10)

    def _line(self) -> bytes:
        line = self._from.readline(_LINE)
        if not line.endswith(b"\n"):
            raise ConnectionError("the answer broke off" if line else "the connection was closed")
        return line.rstrip(b"\r\n")

    def _exactly(self, size: int) -> bytes:
        found: bytes = self._from.read(size)
        if len(found) < size:
            raise ConnectionError("the answer broke off")
        return found

    def _number(self, text: bytes, base: int) -> int:
        try:
            number = int(text, base)
        except ValueError as error:
            raise ConnectionError(f"{text[:20]!r} is no number") from error
        if number < 0:
            raise ConnectionError(f"{text[:20]!r} is below zero")
        return number


class Connection:
    """Opened when it is made. Raises OSError, as everything here does."""

    def __init__(self, host: Host, trust: ssl.SSLContext | None) -> None:
        plain = socket.create_connection((host.name, host.port), timeout=CONNECT)
        try:
            self._socket = trust.wrap_socket(plain, server_hostname=host.name) if trust else plain
        except BaseException:
            plain.close()
            raise
        self._socket.settimeout(READ)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self._socket.makefile("rb", 65_536)

    def ask(self, method: str, target: str, headers: Mapping[str, str], body: Body) -> Answer:
        """Send a request; its answer, the body still to be read."""
        lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        head = "\r\n".join(lines).encode("latin-1")
        if isinstance(body, bytes):
            self._socket.sendall(head + body if len(body) < _LINE else head)
            if len(body) >= _LINE:
                self._socket.sendall(body)
        else:
            self._socket.sendall(head)
            for chunk in body():
                self._socket.sendall(chunk)
        return Answer(self)

    def close(self) -> None:
        self.stream.close()
        self._socket.close()
