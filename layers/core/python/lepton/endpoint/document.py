"""A JSON body, read strictly: no NaN, no Infinity, no key twice, and nothing that only Python would take."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from lepton.errors import InvalidRequest


def at(*steps: object) -> str:
    """A JSON pointer (RFC 6901) of the steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def read(body: bytes) -> Any:
    """The body as JSON. Raises InvalidRequest."""
    if not body.strip():
        raise InvalidRequest("the body is empty", pointer="", hint="send JSON")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8: byte {error.start}", pointer="") from error
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"the body is not JSON: {error}", pointer="") from error


def members(value: Any, allowed: frozenset[str], pointer: str, what: str) -> dict[str, Any]:
    """The value, when it is an object with no key outside `allowed`. Raises InvalidRequest."""
    if not isinstance(value, dict):
        raise InvalidRequest(f"{what} is {kind(value)}, not an object", pointer=pointer)
    for key in value:
        if key not in allowed:
            raise InvalidRequest(
                f"{what} has no member {key[:80]!r}",
                pointer=pointer + at(key[:80]),
                hint="one of " + ", ".join(sorted(allowed)),
            )
    return value


def text(value: Any, pointer: str, what: str) -> str:
    """The value, when it is a string. Raises InvalidRequest."""
    if not isinstance(value, str):
        raise InvalidRequest(f"{what} is {kind(value)}, not a string", pointer=pointer)
    return value


def array(value: Any, pointer: str, what: str) -> list[Any]:
    """The value, when it is an array. Raises InvalidRequest."""
    if not isinstance(value, list):
        raise InvalidRequest(f"{what} is {kind(value)}, not an array", pointer=pointer)
    return value


def kind(value: Any) -> str:
    """What JSON calls the value."""
    if value is None:
        return "null"
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a string", list: "an array"}
    return kinds.get(type(value), "an object")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON; a missing value is null")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return made
