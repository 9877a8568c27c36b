"""A receipt against the one that the same request has now: the same bits, or what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lepton.receipt.receipt import Receipt

Part = Literal["input", "digest", "contract", "runtime", "output"]
_DIGESTS: tuple[Part, ...] = ("input", "digest", "contract", "output")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs, with both values."""

    part: Part
    what: str
    then: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """`identical`: the answer is the same, bit for bit. A runtime may differ and still give the same bits."""

    identical: bool
    changes: tuple[Change, ...]
    verdict: str


def compared(then: Receipt, now: Receipt) -> Comparison:
    """What of the first holds for the second."""
    changes = [
        Change(part, f"the {part}", getattr(then, part), getattr(now, part))
        for part in _DIGESTS
        if getattr(then, part) != getattr(now, part)
    ]
    for name in sorted(then.runtime.keys() | now.runtime.keys()):
        before, after = then.runtime.get(name, "none"), now.runtime.get(name, "none")
        if before != after:
            changes.append(Change("runtime", name, before, after))
    same = then.output == now.output and then.input == now.input
    return Comparison(same, tuple(changes), _verdict(changes, same))


def _verdict(changes: list[Change], same: bool) -> str:
    parts = {change.part for change in changes}
    if same:
        return "identical, bit for bit" + (f", although {_told(changes)}" if changes else "")
    if "input" in parts:
        return "another request: its tensors are not those of the receipt"
    if parts & {"digest", "contract"}:
        return "the answer differs: the version's own files were replaced"
    if "runtime" in parts:
        return f"the answer differs, and so does what computed it: {_told(changes)}"
    return "the answer differs with the same request, graph and runtime: the machine computes otherwise"


def _told(changes: list[Change]) -> str:
    parts = (change for change in changes if change.part != "output")
    return ", ".join(f"{change.what} was {change.then} then, is {change.now} now" for change in parts)
