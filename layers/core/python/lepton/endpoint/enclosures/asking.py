"""What a request asks to have enclosed: in its parameters, in the query, or by the header."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lepton.endpoint.enclosures import HEADER
from lepton.endpoint.exchange import Exchange
from lepton.errors import InvalidRequest
from lepton.explanation.options import Options, parsed

Receipt = Literal["no", "give", "store"]
_WORDS: Mapping[Any, Receipt] = {
    **{None: "no", "false": "no", "0": "no", False: "no"},
    **{True: "give", "true": "give", "1": "give", "store": "store"},
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`explain` None: no explanation."""

    explain: Options | None
    receipt: Receipt


def asked(exchange: Exchange, parameters: Mapping[str, Any]) -> Asked:
    """Parameters go before the query, that before the header. Raises InvalidRequest."""
    explain = parameters.get("explain", _from_query(exchange.query.get("explain")))
    receipt = parameters.get("receipt", exchange.query.get("receipt", exchange.headers.get(HEADER)))
    if not isinstance(receipt, bool | str | None) or receipt not in _WORDS:
        raise InvalidRequest(
            f"receipt is {str(receipt)[:40]!r}", pointer="/parameters/receipt", hint='true, false or "store"'
        )
    return Asked(parsed(_from_query(explain) if isinstance(explain, str) else explain), _WORDS[receipt])


def _from_query(text: str | None) -> Any:
    """`true`, `false`, a method's name, or an object of options as JSON."""
    if text in ("true", "1"):
        return True
    if text in ("false", "0"):
        return False
    if text is not None and text.startswith("{"):
        try:
            return json.loads(text)
        except ValueError as error:
            raise InvalidRequest(f"explain is no JSON: {error}", pointer="/explain") from error
    return text
