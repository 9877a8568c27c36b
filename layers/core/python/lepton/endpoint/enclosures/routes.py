"""Receipts that were kept, by id."""

from __future__ import annotations

from lepton.endpoint.exchange import Reply
from lepton.endpoint.replies import of_json
from lepton.endpoint.route import Call
from lepton.receipt.shelf import kept


def receipt(call: Call) -> Reply:
    """The receipt and the request that it is for. Raises NotFound."""
    return of_json(kept(call.serving.lake, call.path["model"], call.path["receipt"]).model_dump(mode="json"))
