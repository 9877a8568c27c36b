"""Where a training stands, in the lake: so that the next attempt goes on and ends with the same bits.

Two slots are written in turn, the pointer last: at any moment the pointer names a whole checkpoint, and a run keeps
two at most. Lake layout, under the run's prefix:
    checkpoints/a.pt, b.pt    tensors of the model, its optimiser and the random generator (torch, loaded as data only)
    checkpoints/latest.json   which slot, its digest, the cursor
"""

from __future__ import annotations

import hashlib
import io
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError

from lepton import lake
from lepton.errors import NotFound
from lepton.model_package.manifest import LearningPoint
from lepton.ports import ObjectStore


class Cursor(BaseModel):
    """Where the loop stands: `step` batches are done of the whole run; `loss_sum` over `rows` of this epoch so far."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int = 0
    loss_sum: float = 0.0
    rows: int = 0
    curve: tuple[LearningPoint, ...] = ()


class Pointer(BaseModel):
    """latest.json. `identity` says what was trained on what, with which library: another one is not continued."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    slot: str
    sha256: str
    identity: str
    cursor: Cursor


class Checkpoints:
    """The checkpoints of one run."""

    def __init__(self, store: ObjectStore, run: str, identity: str) -> None:
        self._store, self._prefix, self._identity = store, lake.run_prefix(run) + "checkpoints/", identity
        self._slot = "a.pt"

    def save(self, tensors: dict[str, Any], cursor: Cursor) -> None:
        """Write the other slot, then the pointer. Raises TransientError."""
        buffer = io.BytesIO()
        torch.save(tensors, buffer)
        body = buffer.getvalue()
        self._slot = "b.pt" if self._slot == "a.pt" else "a.pt"
        self._store.put(self._prefix + self._slot, body)
        pointer = Pointer(
            slot=self._slot, sha256=hashlib.sha256(body).hexdigest(), identity=self._identity, cursor=cursor
        )
        self._store.put(
            self._prefix + "latest.json", pointer.model_dump_json().encode(), content_type="application/json"
        )

    def latest(self) -> tuple[dict[str, Any], Cursor] | None:
        """The last whole checkpoint; None when there is none that fits. Never runs code that it was sent."""
        try:
            blob = self._store.get(self._prefix + "latest.json")
            assert blob is not None  # noqa: S101  # get answers None only when an etag was given
            pointer = Pointer.model_validate_json(blob.body)
            body = self._store.get(self._prefix + pointer.slot)
        except (NotFound, ValidationError):
            return None
        if body is None or hashlib.sha256(body.body).hexdigest() != pointer.sha256:
            return None
        if pointer.identity != self._identity:
            return None
        self._slot = pointer.slot
        tensors: dict[str, Any] = torch.load(io.BytesIO(body.body), weights_only=True, map_location="cpu")
        return tensors, pointer.cursor
