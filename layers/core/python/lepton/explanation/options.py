"""What `explain` in a request's parameters may say: `true`, or an object of the members below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lepton.errors import InvalidRequest

METHODS = ("auto", "exact", "path", "sampled", "occlusion")
MAX_ROWS = 100
_WHOLE = {"budget_ms": (10, 20_000), "samples": (16, 100_000), "seed": (0, 2**31 - 1), "tree": (0, 100_000)}
_KNOWN = ("method", "output", "class", *_WHOLE)


@dataclass(frozen=True, slots=True)
class Options:
    """`budget_ms` is wall time for the explanations of the whole request; `samples` model evaluations for each row.

    `output` and `of_class`: what is explained; None: the probability of the class that was answered, or the prediction.
    `tree`: whose path, for method `path`.
    """

    method: str = "auto"
    budget_ms: int = 2_000
    samples: int = 2_048
    seed: int = 7
    output: str | None = None
    of_class: str | None = None
    tree: int = 0


def parsed(value: Any, pointer: str = "/parameters/explain") -> Options | None:
    """None when nothing is asked for. Raises InvalidRequest."""
    if value is None or value is False:
        return None
    if value is True:
        return Options()
    if isinstance(value, str):
        value = {"method": value}
    if not isinstance(value, dict):
        raise InvalidRequest("explain is neither true nor an object", pointer=pointer, hint='{"method": "auto"}')
    unknown = next((name for name in value if name not in _KNOWN), None)
    if unknown is not None:
        raise InvalidRequest(
            f"explain has no member {unknown[:40]!r}", pointer=f"{pointer}/{unknown[:40]}", hint=", ".join(_KNOWN)
        )
    method = value.get("method", "auto")
    if method not in METHODS:
        raise InvalidRequest("there is no such method", pointer=f"{pointer}/method", hint=", ".join(METHODS))
    numbers = {name: _whole(value[name], name, pointer) for name in _WHOLE if name in value}
    return Options(method, output=_text(value, "output", pointer), of_class=_text(value, "class", pointer), **numbers)


def _text(given: dict[str, Any], name: str, pointer: str) -> str | None:
    value = given.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidRequest(f"{name} is not a string", pointer=f"{pointer}/{name}")
    return value


def _whole(value: Any, name: str, pointer: str) -> int:
    low, high = _WHOLE[name]
    if type(value) is not int or not low <= value <= high:
        raise InvalidRequest(f"{name} is a whole number from {low} to {high}", pointer=f"{pointer}/{name}")
    return value
