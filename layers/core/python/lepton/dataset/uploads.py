"""Offering an upload: where to send a file so that it becomes a dataset version."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from lepton import lake
from lepton.errors import InvalidRequest, TooLarge


class UploadRequest(BaseModel):
    """POST /datasets/{name}/uploads: the file's name and, when known, its size in bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    filename: str = Field(min_length=1, max_length=1024)
    bytes: int | None = Field(default=None, ge=1)


class UploadDesk:
    """Makes the forms. `presign(key, now=…)` gives {"url", "fields", "expires_at"}; `token()` 16 hexadecimal digits."""

    def __init__(
        self,
        presign: Callable[..., dict[str, Any]],
        max_bytes: int,
        *,
        now: Callable[[], datetime],
        token: Callable[[], str],
    ) -> None:
        self._presign = presign
        self._max_bytes = max_bytes
        self._now = now
        self._token = token

    def offer(self, name: str, wanted: UploadRequest) -> dict[str, Any]:
        """The form to send, and the id to ask for afterwards. Raises InvalidRequest for an illegal name, TooLarge."""
        if f"{name}/" == lake.TRANSFORM_PREFIX:
            raise InvalidRequest(
                f"{name!r} is where files to predict arrive", pointer="/name", hint="take another name"
            )
        upload = self._token()
        key = lake.upload_key(name, upload, wanted.filename)
        if wanted.bytes is not None and wanted.bytes > self._max_bytes:
            raise TooLarge(
                f"the file has {wanted.bytes:,} bytes, more than {self._max_bytes:,}",
                pointer="/bytes",
                hint="split it into several uploads, or pack it with gzip",
            )
        form = self._presign(key, now=self._now())
        return {"upload": upload, "key": key, **form, "max_bytes": self._max_bytes}
