"""Waiting for what takes longer than one answer: an upload that becomes a version, a run that ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lepton.errors import LeptonError, RejectedUpload, Unavailable

ENDED = frozenset({"published", "refused", "failed", "cancelled"})
GOING = frozenset({"queued", "running"})
SECONDS = 600.0


def pauses(seconds: float, what: str, *, longest: float = 2.0) -> Iterator[float]:
    """Pauses between looks, growing, until `seconds` have gone into them. Raises Unavailable then."""
    waited, pause = 0.0, 0.25
    while waited < seconds:
        yield pause
        waited += pause
        pause = min(pause * 1.5, longest)
    raise Unavailable(f"{what} takes longer than {seconds:.0f} s", hint="look again later, or give it more time")


def rejection(receipt: Any) -> LeptonError | None:
    """The error that a rejected upload stands for."""
    if receipt["state"] != "rejected":
        return None
    return RejectedUpload(
        receipt.get("message") or "the upload was rejected",
        reason=str(receipt.get("reason")),
        pointer=receipt.get("pointer"),
        hint=receipt.get("hint"),
    )
