"""The routes of the REST API: API Gateway's matching of a method and a path to a function."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

_FUNCTION = re.compile(r"functions/(arn:aws:lambda:[^/]+)/invocations")
_ANY = "x-amazon-apigateway-any-method"
_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", _ANY)


@dataclass(frozen=True)
class Route:
    """`resource` as in the template, `{name}` and `{name+}` included; `method` ANY takes all."""

    method: str
    resource: str
    function: str

    @property
    def segments(self) -> list[str]:
        return [part for part in self.resource.split("/") if part]

    @property
    def greedy(self) -> bool:
        return self.resource.endswith("+}")

    def rank(self) -> tuple[Any, ...]:
        """Smaller is tried first: a fixed segment before a parameter, a parameter before a greedy one."""
        kinds = [2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in self.segments]
        return (*kinds, 3) if self.greedy else tuple(kinds)

    def match(self, path: list[str]) -> dict[str, str] | None:
        """The path parameters when the resource matches, else None."""
        segments = self.segments
        if len(path) < len(segments) or (len(path) > len(segments) and not self.greedy):
            return None
        found: dict[str, str] = {}
        for place, segment in enumerate(segments):
            if segment.endswith("+}"):
                found[segment[1:-2]] = unquote("/".join(path[place:]))
            elif segment.startswith("{"):
                found[segment[1:-1]] = unquote(path[place])
            elif segment != unquote(path[place]):
                return None
        return found


class Routes:
    """All routes of an API."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = sorted(routes, key=Route.rank)

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Routes:
        """From the OpenAPI body of a transformed AWS::ApiGateway::RestApi."""
        routes = []
        for resource, methods in (body.get("paths") or {}).items():
            for method, operation in methods.items():
                uri = str((operation or {}).get("x-amazon-apigateway-integration", {}).get("uri", ""))
                found = _FUNCTION.search(uri)
                if method in _METHODS and found:
                    routes.append(Route("ANY" if method == _ANY else method.upper(), resource, found.group(1)))
        return cls(routes)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its path parameters. As API Gateway does, the resource is chosen first, the method then."""
        parts = [part for part in path.split("/") if part]
        chosen: str | None = None
        for route in self._routes:
            parameters = route.match(parts)
            if parameters is None or (chosen is not None and route.resource != chosen):
                continue
            chosen = route.resource
            if route.method in (method, "ANY"):
                return route, parameters
        return None
