"""Sending a call without blocking: the same retries and the same errors as `Transport`, for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx

from lepton.client import retrying
from lepton.client.call import Answer, Call
from lepton.client.transport import SECONDS, Transport, broken, decoded, pause_of, request_of, settings_of

Result = TypeVar("Result")


class AsyncTransport:
    """`base` is the API's root, stage included. `pause` awaits so many seconds."""

    where = Transport.where

    def __init__(
        self,
        base: str,
        auth: httpx.Auth | None = None,
        *,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        seconds: float = SECONDS,
    ) -> None:
        self.base = base.rstrip("/")
        self._pause = pause
        self._http = httpx.AsyncClient(**settings_of(base, auth, seconds))

    async def close(self) -> None:
        await self._http.aclose()

    async def make(self, call: Call[Result]) -> Result:
        """The call's result. Raises Refused, Unreachable, Unavailable."""
        return call.read(await self._answered(call))

    async def _answered(self, call: Call[Any]) -> Answer:
        request = request_of(self._http, self.base, call)
        most = retrying.attempts(call.method, call.repeatable)
        for attempt in range(1, most):
            try:
                answer = await self._http.send(request)
            except httpx.TransportError as error:
                if isinstance(error, httpx.UnsupportedProtocol):
                    raise broken(self.base, error, self.where) from error
                await self._pause(retrying.wait_after_break(attempt))
                continue
            if answer.status_code not in retrying.AGAIN:
                return decoded(answer)
            await self._pause(pause_of(attempt, answer))
        try:
            return decoded(await self._http.send(request))
        except httpx.TransportError as error:
            raise broken(self.base, error, self.where) from error
