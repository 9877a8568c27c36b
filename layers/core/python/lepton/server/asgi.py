"""ASGI to an Exchange, a Reply to ASGI. Nothing of the protocol is known here.

A request runs on the event loop's own thread: for small models a hand-over to another thread costs more than the
model (docs/adr/0010-serving-on-the-event-loop.md has the figures). What took long the last time is handed over the
next time, so that a large batch does not hold up the others, nor the health check.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from itertools import count
from time import perf_counter
from typing import Any
from urllib.parse import parse_qsl

from lepton.endpoint import replies
from lepton.endpoint.exchange import Exchange, Reply
from lepton.errors import LeptonError, TooLarge

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
_NOTHING: dict[str, str] = {}
_ID_LENGTH = 128
SLOW = 0.02  # seconds from which on a path's next request goes to a thread


class Application:
    """`reply` answers, `start` is called before the first request; `body_bytes` is the most that is read."""

    def __init__(self, reply: Callable[[Exchange], Reply], start: Callable[[], None], body_bytes: int) -> None:
        self._reply = reply
        self._start = start
        self._body_bytes = body_bytes
        self._run = os.urandom(6).hex()
        self._numbers = count(1)
        self._slow: set[str] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _headers(scope["headers"])
        declared = headers.get("content-length", "0")
        body = None if declared.isdigit() and int(declared) > self._body_bytes else await self._body(receive)
        exchange = Exchange(
            scope["method"],
            scope["path"],
            headers,
            dict(parse_qsl(scope["query_string"].decode("latin-1"))) if scope["query_string"] else _NOTHING,
            body or b"",
            headers.get("x-request-id", "")[:_ID_LENGTH] or f"{self._run}-{next(self._numbers)}",
        )
        reply = self._too_large(exchange) if body is None else await self._answered(exchange)
        sent = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
        sent.append((b"content-length", b"%d" % len(reply.body)))
        if body is None:  # what was not read must not be taken for the next request
            sent.append((b"connection", b"close"))
        await send({"type": "http.response.start", "status": reply.status, "headers": sent})
        await send({"type": "http.response.body", "body": reply.body})

    async def _answered(self, exchange: Exchange) -> Reply:
        path, begun = exchange.path, perf_counter()
        if path in self._slow:
            reply = await asyncio.to_thread(self._reply, exchange)
        else:
            reply = self._reply(exchange)
        if (perf_counter() - begun > SLOW) != (path in self._slow):
            self._slow ^= {path}
        return reply

    async def _body(self, receive: Receive) -> bytes | None:
        """The whole body; None when it is larger than it may be."""
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body"):
            return body if len(body) <= self._body_bytes else None
        pieces, size = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            pieces.append(message.get("body", b""))
            size += len(pieces[-1])
            if size > self._body_bytes:
                return None
        return b"".join(pieces)

    def _too_large(self, exchange: Exchange) -> Reply:
        error = TooLarge(f"the body is over {self._body_bytes:,} bytes", pointer="", hint="send it in parts")
        return replies.refused(error, exchange)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                await send({"type": "lifespan.shutdown.complete"})
                return
            try:
                self._start()
            except LeptonError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})


def _headers(raw: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names come in lower case; what is given more than once is joined, as HTTP has it."""
    found = {name.decode("latin-1"): value.decode("latin-1") for name, value in raw}
    if len(found) == len(raw):
        return found
    joined: dict[str, list[str]] = {}
    for name, value in raw:
        joined.setdefault(name.decode("latin-1"), []).append(value.decode("latin-1"))
    return {name: ", ".join(values) for name, values in joined.items()}
