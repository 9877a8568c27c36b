"""One call of the API as a value: what is sent, and how its answer is read. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

JSON = "application/json"
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx: the body (decoded when it is JSON, else bytes), the status and the headers."""

    status: int
    body: Any
    headers: Mapping[str, str]


def whole(answer: Answer) -> Any:
    """The body as it is."""
    return answer.body


@dataclass(frozen=True, slots=True)
class Call(Generic[Result_co]):
    """`body` is sent as it is when bytes, else as JSON.

    `repeatable`: whether sending it twice does no more than once; None: as the method has it.
    """

    method: str
    path: str
    read: Callable[[Answer], Result_co]
    body: Any = None
    media: str = JSON
    query: Mapping[str, str | int | None] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    repeatable: bool | None = None

    def content(self) -> bytes | None:
        if isinstance(self.body, bytes) or self.body is None:
            return self.body
        return json.dumps(self.body, allow_nan=False, separators=(",", ":")).encode()

    def params(self) -> dict[str, str | int] | None:
        return {key: value for key, value in self.query.items() if value is not None} or None

    def all_headers(self) -> dict[str, str]:
        typed = {} if self.body is None else {"Content-Type": self.media}
        return typed | dict(self.headers)
