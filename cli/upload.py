"""Waiting for what becomes of an upload."""

from __future__ import annotations

from typing import Any

from cli.session import Session
from lepton.errors import Unavailable


def receipt(session: Session, dataset: str, upload: str, seconds: float) -> dict[str, Any]:
    """The upload's receipt once it is ready or rejected. Raises Unavailable when that takes longer than `seconds`."""
    begun = session.now()
    wait = 0.25
    while True:
        found: dict[str, Any] = session.get(f"/datasets/{dataset}/uploads/{upload}")
        if found["state"] != "waiting":
            return found
        if session.now() - begun > seconds:
            raise Unavailable(
                f"upload {upload} is still waiting after {seconds:.0f} s",
                hint=f"look again later: `lepton datasets show {dataset}`",
            )
        session.pause(wait)
        wait = min(wait * 1.5, 2.0)
