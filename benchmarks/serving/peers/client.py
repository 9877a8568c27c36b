"""The client that every server is asked with: keep-alive connections, one request at a time on each, no more parsing
than it takes to know that the answer is whole. It costs the same whatever it asks."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from statistics import quantiles
from urllib.parse import urlsplit

_HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Load:
    """`seconds` of wall time; `latencies` in milliseconds, of each answered request; `wrong` were not a 200."""

    clients: int
    seconds: float
    latencies: tuple[float, ...]
    wrong: int

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds

    def quantile(self, percent: int) -> float:
        return quantiles(self.latencies, n=100, method="inclusive")[percent - 1]


def request(url: str, body: bytes, headers: dict[str, str] | None = None) -> tuple[str, int, bytes]:
    """Host, port and the bytes of a POST."""
    parts = urlsplit(url)
    given = {"Host": parts.netloc, "Content-Type": "application/json", "Content-Length": str(len(body))}
    head = "".join(f"{name}: {value}\r\n" for name, value in (given | (headers or {})).items())
    return parts.hostname or "", parts.port or 80, f"POST {parts.path} HTTP/1.1\r\n{head}\r\n".encode() + body


def loaded(asked: tuple[str, int, bytes], clients: int, seconds: float) -> Load:
    """So many clients for so long, each asking again as soon as it is answered."""
    return asyncio.run(_loaded(asked, clients, seconds))


async def _loaded(asked: tuple[str, int, bytes], clients: int, seconds: float) -> Load:
    started = time.perf_counter()
    found = await asyncio.gather(*(_client(asked, started + seconds) for _ in range(clients)))
    took = time.perf_counter() - started
    return Load(clients, took, tuple(one for ones, _ in found for one in ones), sum(wrong for _, wrong in found))


async def _client(asked: tuple[str, int, bytes], until: float) -> tuple[list[float], int]:
    host, port, sent = asked
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_connection(_Answers, host, port)
    latencies, wrong = [], 0
    while (begun := time.perf_counter()) < until:
        protocol.expect(loop.create_future())
        transport.write(sent)
        status = await protocol.answered
        latencies.append((time.perf_counter() - begun) * 1000)
        wrong += status != 200
        if transport.is_closing():
            transport, protocol = await loop.create_connection(_Answers, host, port)
    transport.close()
    return latencies, wrong


class _Answers(asyncio.Protocol):
    """One answer at a time: its status, once its body is there."""

    def __init__(self) -> None:
        self._received = b""
        self.answered: asyncio.Future[int]

    def expect(self, answered: asyncio.Future[int]) -> None:
        self.answered, self._received = answered, b""

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_HEAD_END)
        if end >= 0 and _is_whole(self._received, end) and not self.answered.done():
            self.answered.set_result(int(self._received[9:12]))

    def connection_lost(self, _: Exception | None) -> None:
        if hasattr(self, "answered") and not self.answered.done():
            self.answered.set_result(0)


def _is_whole(received: bytes, end: int) -> bool:
    head = received[:end].lower()
    at = head.find(b"content-length:")
    if at < 0:  # chunked
        return received.endswith(b"0\r\n\r\n")
    stop = head.find(b"\r\n", at)
    return len(received) - end - 4 >= int(head[at + 15 : stop if stop >= 0 else None])
