"""The translation between ASGI and the endpoint's own request and reply."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from typing import Any

import pytest

from lepton.endpoint.exchange import Exchange, Reply
from lepton.errors import Misconfigured
from lepton.server.asgi import Application


class Asked:
    """What the endpoint was asked, and what it answers."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    def reply(self, exchange: Exchange) -> Reply:
        self.exchanges.append(exchange)
        return Reply(201, {"Content-Type": "text/plain", "X-Other": "é"}, b"done")


def _sent(
    application: Application, pieces: list[bytes], headers: list[tuple[bytes, bytes]], query: bytes = b""
) -> list[Any]:
    """The messages that a request is answered with, its body arriving in pieces."""
    scope = {"type": "http", "method": "POST", "path": "/v2/é", "query_string": query, "headers": headers}
    waiting = [
        {"type": "http.request", "body": piece, "more_body": at < len(pieces)} for at, piece in enumerate(pieces, 1)
    ]
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return waiting.pop(0)

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(application(scope, receive, send))
    return sent


def _application(asked: Asked, limit: int = 100) -> Application:
    return Application(asked.reply, lambda: None, limit)


def test_a_request_comes_through_whole() -> None:
    asked = Asked()
    _sent(_application(asked), [b"ab", b"", b"cd"], [(b"accept", b"a"), (b"x", b"1")], b"a=1&b=%20")
    (got,) = asked.exchanges
    assert (got.method, got.path, got.body) == ("POST", "/v2/é", b"abcd")
    assert (got.headers, got.query) == ({"accept": "a", "x": "1"}, {"a": "1", "b": " "})


def test_a_header_that_is_there_twice_is_joined() -> None:
    asked = Asked()
    _sent(_application(asked), [b""], [(b"accept", b"a"), (b"accept", b"b")])
    assert asked.exchanges[0].headers == {"accept": "a, b"}


def test_a_reply_goes_out_with_its_length() -> None:
    start, body = _sent(_application(Asked()), [b""], [])
    expected = [(b"content-type", b"text/plain"), (b"x-other", "é".encode("latin-1")), (b"content-length", b"4")]
    assert (start["status"], start["headers"], body["body"]) == (201, expected, b"done")


@pytest.mark.parametrize("declared", [b"101", b"99999999999999999999"])
def test_a_body_said_to_be_too_large_is_not_read(declared: bytes) -> None:
    asked = Asked()
    start, body = _sent(_application(asked), [], [(b"content-length", declared)])
    assert (start["status"], json.loads(body["body"])["code"], asked.exchanges) == (413, "too_large", [])
    assert (b"connection", b"close") in start["headers"]


def test_a_body_that_turns_out_too_large_is_refused() -> None:
    asked = Asked()
    start, _ = _sent(_application(asked), [b"x" * 60, b"x" * 60, b"never read"], [])
    assert (start["status"], asked.exchanges) == (413, [])


def test_each_request_has_an_id_its_own_or_the_callers() -> None:
    asked, application = Asked(), None
    application = _application(asked)
    for headers in ([], [], [(b"x-request-id", b"mine")]):
        _sent(application, [b""], headers)
    first, second, third = (one.request_id for one in asked.exchanges)
    assert first != second
    assert third == "mine"


def test_a_start_that_fails_is_told_and_not_raised() -> None:
    def start() -> None:
        raise Misconfigured("no lake")

    sent: list[Any] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    asyncio.run(Application(Asked().reply, start, 1)({"type": "lifespan"}, receive, send))
    assert sent == [{"type": "lifespan.startup.failed", "message": "no lake"}]


def test_what_took_long_does_not_hold_up_the_others_the_next_time() -> None:
    def reply(exchange: Exchange) -> Reply:
        time.sleep(0.1 if exchange.path == "/slow" else 0)
        ended.append(exchange.path)
        return Reply(200, {}, b"")

    async def ask(path: str) -> None:
        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": b""}

        async def send(_: Mapping[str, Any]) -> None:
            """Nobody listens."""

        await application(
            {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": []}, receive, send
        )

    async def both() -> None:
        await asyncio.gather(ask("/slow"), ask("/health"))

    ended: list[str] = []
    application = Application(reply, lambda: None, 1)
    asyncio.run(both())
    assert ended == ["/slow", "/health"]
    asyncio.run(both())
    assert ended[2:] == ["/health", "/slow"]
