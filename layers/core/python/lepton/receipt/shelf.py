"""Receipts in the lake: written once beside the request they are for, never changed."""

from __future__ import annotations

from pydantic import ValidationError

from lepton import lake
from lepton.errors import Conflict, CorruptArtifact, NotFound
from lepton.ports import ObjectStore
from lepton.receipt.receipt import Kept, checked_id


def keep(store: ObjectStore, kept: Kept) -> None:
    """Write it; the same id again leaves the first as it is. Raises TransientError."""
    key = lake.receipt(kept.receipt.model, checked_id(kept.receipt.id))
    try:
        store.put(key, kept.model_dump_json().encode(), content_type="application/json", if_absent=True)
    except Conflict:
        return  # a request that was delivered twice


def kept(store: ObjectStore, model: str, receipt: str) -> Kept:
    """Raises NotFound, InvalidRequest for no id, CorruptArtifact, TransientError."""
    key = lake.receipt(model, checked_id(receipt))
    try:
        blob = store.get(key)
    except NotFound as error:
        raise NotFound(
            f"no receipt {receipt!r} of model {model!r} is kept",
            pointer="/receipt",
            hint='ask for it with the request: parameters {"receipt": "store"}',
        ) from error
    assert blob is not None  # noqa: S101  # get answers None only when an etag was given
    try:
        return Kept.model_validate_json(blob.body)
    except ValidationError as error:
        raise CorruptArtifact(f"{key} is not a receipt") from error
