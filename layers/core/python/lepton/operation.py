"""What a route says of itself. Documents, clients and tests read it; what answers requests never does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

JSON = "application/json"
NOTHING: Mapping[Any, Any] = MappingProxyType({})
Handler = TypeVar("Handler", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Operation:
    """`takes`: the body by media type; `gives`: the body of each status by media type; `query` and `headers`, told.

    A body is a pydantic model, a JSON schema as it is, or a tuple: any of several.
    """

    summary: str
    takes: Mapping[str, Any] = field(default_factory=dict)
    gives: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


def told(
    summary: str,
    *,
    takes: Any = None,
    gives: Any = None,
    query: Mapping[str, str] = NOTHING,
) -> Callable[[Handler], Handler]:
    """Keeps an Operation on a handler. `takes` alone is a JSON body, `gives` alone a 200 in JSON."""
    bodies = takes if isinstance(takes, Mapping) else {} if takes is None else {JSON: takes}
    answers = gives if isinstance(gives, Mapping) else {200: gives}
    by_status = {status: it if isinstance(it, Mapping) else {JSON: it} for status, it in answers.items()}
    operation = Operation(summary, bodies, by_status, query)

    def keep(handler: Handler) -> Handler:
        handler.__dict__["operation"] = operation
        return handler

    return keep


def operation_of(handler: Any) -> Operation | None:
    """What a handler says of itself; None when it says nothing."""
    found = getattr(handler, "operation", None)
    return found if isinstance(found, Operation) else None
