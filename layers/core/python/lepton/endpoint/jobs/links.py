"""Forms and links of the store, signed for whoever has no credentials of their own for a bucket."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol


class Links(Protocol):
    """Each is for one object and for a short time."""

    max_bytes: int

    def upload(self, key: str, now: datetime) -> dict[str, Any]:
        """A form that puts this object into the landing bucket: `url`, `fields`, `expires_at`."""

    def download(self, key: str) -> str:
        """An address that gives this object of the lake."""
