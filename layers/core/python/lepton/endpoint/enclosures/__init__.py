"""What goes along with an answer: decisions where the model has rules; an explanation and a receipt where asked for.

`wanted` is all that an answer without any of them pays for; what does the work is imported when it is first needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lepton.endpoint.exchange import Exchange
    from lepton.endpoint.request import InferRequest
    from lepton.model_package.manifest import ModelManifest

HEADER = "x-lepton-receipt"
MEMBERS = ("explain", "receipt")


def wanted(exchange: Exchange, request: InferRequest, manifest: ModelManifest) -> bool:
    """Whether this answer has anything beside it."""
    if manifest.decisions is not None or HEADER in exchange.headers:
        return True
    given, query = request.parameters, exchange.query
    return bool(given or query) and any(name in given or name in query for name in MEMBERS)
