"""Routes as values: which function answers which method on which path, imported when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lepton.endpoint.exchange import Exchange, Reply
    from lepton.endpoint.serving import Serving

KNOWN = 1024  # paths that are kept with where they lead
_LEAF = ""  # no segment of a path is empty


@dataclass(frozen=True, slots=True)
class Call:
    """What a route's function is given: the request, the path's parameters by name, and what serves."""

    exchange: Exchange
    path: Mapping[str, str]
    serving: Serving


@dataclass(frozen=True, slots=True)
class Route:
    """`path` as `/v2/models/{model}/infer`; a parameter may end in a verb, as in `{model}:predict`.

    `handler` is `module:function`; the function takes a Call, gives a Reply, and may raise any of our errors.
    """

    method: str
    path: str
    handler: str

    @property
    def names(self) -> tuple[str, ...]:
        """The path's parameters, in order."""
        return tuple(one[1 : one.index("}")] for one in _segments(self.path) if one[0] == "{")

    def load(self) -> Callable[[Call], Reply]:
        """The function itself."""
        return _loaded(self.handler)


class RouteTable:
    """Paths as a tree of their segments. A literal segment goes before a parameter; slashes at the end do not count."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._root: dict[str, Any] = {}
        self._found: dict[tuple[str, str], tuple[Route, dict[str, str]]] = {}
        for route in routes:
            node = self._root
            for one in _segments(route.path):
                node = node.setdefault("{}" + one[one.index("}") + 1 :] if one[0] == "{" else one, {})
            node.setdefault(_LEAF, {})[route.method] = (route, route.names)

    def methods(self, path: str) -> list[str]:
        """The methods that the path knows; none for a path that leads nowhere."""
        node, _ = self._leaf(path)
        return sorted(node)

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]] | None:
        """The route and its path parameters."""
        known = self._found.get((method, path))
        if known is not None:
            return known
        leaf, values = self._leaf(path)
        found = leaf.get(method)
        if found is None:
            return None
        if len(self._found) >= KNOWN:
            self._found.clear()
        made = self._found[method, path] = (found[0], dict(zip(found[1], values, strict=True)))
        return made

    def _leaf(self, path: str) -> tuple[Mapping[str, Any], list[str]]:
        node: dict[str, Any] | None = self._root
        values: list[str] = []
        for one in path.rstrip("/").split("/")[1:]:
            assert node is not None  # noqa: S101  # left below as soon as it is
            below = node.get(one) if one else None
            if below is None and one:
                stem, colon, verb = one.rpartition(":")
                below = node.get("{}:" + verb) if colon and stem else None
                if below is None:
                    below, stem = node.get("{}"), one
                values.append(stem)
            node = below
            if node is None:
                return {}, values
        return node.get(_LEAF, {}) if node else {}, values


def _segments(path: str) -> list[str]:
    return [one for one in path.split("/") if one]


@cache
def _loaded(handler: str) -> Callable[[Call], Reply]:
    module, _, name = handler.partition(":")
    function: Callable[[Call], Reply] = getattr(import_module(module), name)
    return function
