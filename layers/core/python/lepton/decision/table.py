"""The evaluator of a decision table: values in, one decision out. Nothing is evaluated but the operators below.

It reads the document (decisions.json, its digest checked) with the standard library alone: a model with rules starts
as fast as one without. A number of a rule is rounded to the datatype of what it is compared with, so that `<= 0.8`
holds for a probability that the model gave as the float32 nearest to 0.8.
"""

from __future__ import annotations

import math
import operator
import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

# Where a value stands: ("input" or "output", name, class or None).
Place = tuple[str, str, str | None]
Value = bool | int | float | str | None
_FLOATS = {"FP16": "e", "FP32": "f"}
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "in": lambda value, wanted: value in wanted,
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided for one row; `rule` is `otherwise` when none held."""

    decision: str
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. `wanted` for `is_missing` is whether it must be."""

    place: Place
    op: str
    wanted: Any

    def holds(self, row: Mapping[Place, Value]) -> bool:
        value = row[self.place]
        missing = is_missing(value)
        if self.op == "is_missing":
            return missing is self.wanted
        return not missing and _COMPARED[self.op](value, self.wanted)

    def places(self) -> Iterator[Place]:
        yield self.place


@dataclass(frozen=True, slots=True)
class Group:
    """All of the parts, or any of them."""

    every: bool
    parts: tuple[Condition | Group, ...]

    def holds(self, row: Mapping[Place, Value]) -> bool:
        held = (part.holds(row) for part in self.parts)
        return all(held) if self.every else any(held)

    def places(self) -> Iterator[Place]:
        for part in self.parts:
            yield from part.places()


@dataclass(frozen=True, slots=True)
class DecisionTable:
    """Total: every row has a decision. `places` are the values that the rules look at, each once."""

    rules: tuple[tuple[Group, Decision], ...]
    otherwise: Decision
    places: tuple[Place, ...]

    def decide(self, row: Mapping[Place, Value]) -> Decision:
        """The first rule that holds. The row has a value for every place; None, NaN and "" are missing."""
        return next((decision for when, decision in self.rules if when.holds(row)), self.otherwise)


def compiled(document: Mapping[str, Any], datatypes: Mapping[tuple[str, str], str]) -> DecisionTable:
    """The document of `rules.Decisions` as a table; `datatypes` of the signature by ("input" or "output", name)."""
    rules = tuple(
        (
            Group(True, tuple(_clause(clause, datatypes) for clause in rule["when"])),
            Decision(rule["decision"], rule["reason"], rule["rule"]),
        )
        for rule in document["rules"]
    )
    last = document["otherwise"]
    places = dict.fromkeys(place for when, _ in rules for place in when.places())
    return DecisionTable(rules, Decision(last["decision"], last["reason"], "otherwise"), tuple(places))


def is_missing(value: Value) -> bool:
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def _clause(clause: Mapping[str, Any], datatypes: Mapping[tuple[str, str], str]) -> Condition | Group:
    for word in ("all", "any"):
        if word in clause:
            return Group(word == "all", tuple(_clause(part, datatypes) for part in clause[word]))
    side = "input" if "input" in clause else "output"
    name, op, value = clause[side], clause["op"], clause.get("value")
    if op == "is_missing":
        wanted: Any = value is not False
    elif op == "in":
        wanted = frozenset(rounded(one, datatypes[side, name]) for one in clause["value"])
    else:
        wanted = rounded(value, datatypes[side, name])
    return Condition((side, name, clause.get("class")), op, wanted)


def rounded(value: Any, datatype: str) -> Any:
    """A number as the datatype holds it; past its largest: infinity."""
    if isinstance(value, str) or datatype not in _FLOATS:
        return value
    form = _FLOATS[datatype]
    try:
        return struct.unpack(form, struct.pack(form, value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
