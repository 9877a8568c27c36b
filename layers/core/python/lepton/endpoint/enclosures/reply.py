"""A reply with its enclosures: decisions first, then the explanation, the receipt of all that at last."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from lepton.endpoint import accept
from lepton.endpoint.enclosures.asking import Asked, asked
from lepton.endpoint.enclosures.given import Encode, Given
from lepton.endpoint.exchange import Reply
from lepton.errors import NotAcceptable

if TYPE_CHECKING:
    from lepton.endpoint.route import Call

RECEIPT_ID_HEADER = "X-Lepton-Receipt"
_WITHOUT_ROOM = (accept.CSV, accept.JSON_LINES, accept.NDJSON, accept.NPY)


def enclosed(call: Call, given: Given, encode: Encode) -> Reply:
    """The reply in the form asked for. Raises InvalidRequest, NotAcceptable, CorruptArtifact, TransientError."""
    wishes = asked(call.exchange, given.request.parameters)
    if wishes.explain is not None and given.media in _WITHOUT_ROOM:
        raise NotAcceptable(
            f"an explanation has no place in {given.media}",
            pointer="/parameters/explain",
            hint=f"Accept: {accept.JSON}",
        )
    began = time.perf_counter()
    extra = _made(call, given, wishes)
    made = time.perf_counter()
    reply = encode(extra)
    if wishes.receipt == "no":
        return reply
    return _receipted(call, given, encode, extra, wishes, (made - began, time.perf_counter() - made))


def _made(call: Call, given: Given, wishes: Asked) -> dict[str, Any]:
    beside = call.serving.beside
    extra: dict[str, Any] = {}
    table = beside.decisions(given.manifest)
    if table is not None:
        from lepton.endpoint.enclosures.decided import decisions

        extra["decisions"] = decisions(table, given)
    if wishes.explain is not None:
        extra["explanation"] = beside.explanations(given.model).explain(given.request.inputs, wishes.explain)
    return extra


def _receipted(
    call: Call, given: Given, encode: Encode, extra: dict[str, Any], wishes: Asked, seconds: tuple[float, float]
) -> Reply:
    """The answer encoded once more, with its receipt, which is in the lake by then where that was asked for."""
    from lepton.endpoint.enclosures.receipted import receipt, request_document
    from lepton.receipt.receipt import Kept
    from lepton.receipt.shelf import keep

    made = receipt(call, given, seconds[1], seconds[0])
    if wishes.receipt == "store":
        keep(call.serving.lake, Kept(receipt=made, request=request_document(given)))
    reply = encode(extra | {"receipt": made.model_dump(mode="json")})
    return Reply(reply.status, {**reply.headers, RECEIPT_ID_HEADER: made.id}, reply.body)
