"""One HTTP request and its answer, whatever brought it: API Gateway's event or a server of our own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Exchange:
    """`method` in upper case, `path` decoded and without the stage, header names in lower case, `body` as sent.

    `base` is what stands before the path in the address: the stage, where there is one.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    request_id: str = ""
    caller: str = "anonymous"
    base: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """`headers` as they are sent, Content-Type among them."""

    status: int
    headers: Mapping[str, str]
    body: bytes
