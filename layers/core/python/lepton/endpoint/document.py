"""A JSON body, read strictly: no NaN, no Infinity, no key twice, and nothing that only Python would take.

Two parsers, one judge. The fast one (orjson) costs its import, so it is for large bodies, and for all of them once a
process has proved to be busy. It lets a key stand twice: what it read is taken only when there are no more colons in
the body than keys in what it read. Whatever it refuses, or leaves in doubt, the strict one reads again. An integer
beyond 64 bits is a float from the one and an integer from the other: no datatype holds it either way.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from functools import cache
from itertools import count
from typing import Any, NoReturn

from lepton.errors import InvalidRequest

LARGE = 50_000  # bytes: here both parsers have cost the same, one of them its import
BUSY = 64  # bodies read: from here on the import has paid for itself
_COLON = re.compile(rb'"[ \t\n\r]*:')
_reads = count(1)


def at(*steps: object) -> str:
    """A JSON pointer (RFC 6901) of the steps."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def read(body: bytes) -> Any:
    """The body as JSON. Raises InvalidRequest."""
    if len(body) >= LARGE or next(_reads) > BUSY:
        try:
            made = _fast()(body)
            if _no_key_twice(made, body):
                return made
        except (ValueError, RecursionError):
            pass  # the strict parser says what is wrong
    return strict(body)


def strict(body: bytes) -> Any:
    """The body as JSON, by the parser that sees everything. Raises InvalidRequest."""
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


def written(value: Any) -> bytes:
    """A value as compact JSON, by whichever parser's writer is at hand. NaN and infinity are for the caller to mend."""
    fast = sys.modules.get("orjson")
    if fast is not None:
        try:
            made: bytes = fast.dumps(value)
            return made
        except TypeError:
            pass  # half of a surrogate pair, an integer beyond 64 bits: the other one escapes and writes them
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def members(value: Any, allowed: frozenset[str] | None, pointer: str, what: str) -> dict[str, Any]:
    """The value, when it is an object with no key outside `allowed` (None: any). Raises InvalidRequest."""
    if not isinstance(value, dict):
        raise InvalidRequest(f"{what} is {kind(value)}, not an object", pointer=pointer)
    for key in value if allowed is not None else ():
        if allowed is not None and key not in allowed:
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


@cache
def _fast() -> Callable[[bytes], Any]:
    """orjson's reader, where it is installed."""
    try:
        from orjson import loads
    except ImportError:
        return strict
    return loads


def _no_key_twice(made: Any, body: bytes) -> bool:
    """Whether the body has no more keys than what was read of it; False when in doubt."""
    colons = body.count(b":")
    if type(made) is dict:
        listed = made.get("inputs")
        if type(listed) is list and set(map(type, listed)) == {dict} and len(made) + sum(map(len, listed)) == colons:
            return True  # the protocol's form, and there is nothing deeper
    return _keys(made) in (colons, len(_COLON.findall(body)))


def _keys(value: Any) -> int:
    """How many keys there are, or fewer: an array is taken to hold arrays of the same kind as its first."""
    if isinstance(value, dict):
        return len(value) + sum(_keys(one) for one in value.values() if isinstance(one, dict | list))
    if not isinstance(value, list) or not value or not isinstance(value[0], dict | list):
        return 0
    if isinstance(value[0], list) and not _keys(value[0]):
        return 0
    return sum(_keys(one) for one in value if isinstance(one, dict | list))


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON; a missing value is null")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [key for key, _ in pairs]
        twice = next(key for key in names if names.count(key) > 1)
        raise ValueError(f"the key {twice[:80]!r} stands twice in one object")
    return made
