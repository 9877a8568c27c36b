"""The record of one answer. Its id is `{version}-{request id}`: outcomes that are reported later name it."""

from __future__ import annotations

import math
import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from lepton.capacity.prices import Prices
from lepton.errors import InvalidRequest

_ID = re.compile(r"([0-9a-f]{12})-([A-Za-z0-9._-]{1,128})")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Timings(_Frozen):
    """Milliseconds of wall time. `queue`: until the version was at hand, a look at the alias or loading it included.

    `enclose`: decisions and explanation; `encode`: making the answer without the receipt itself.
    """

    queue: float
    decode: float
    run: float
    enclose: float
    encode: float

    @property
    def total(self) -> float:
        return self.queue + self.decode + self.run + self.enclose + self.encode


class Cost(_Frozen):
    """What the request is billed, by a dated price list: an estimate, without start, free tier and everything else.

    Duration is the sum of the timings, rounded up to a whole millisecond as Lambda bills it.
    """

    usd: float
    milliseconds: int
    memory_mb: int
    region: str
    prices_of: str


class Receipt(_Frozen):
    """`digest` of the graph, `contract` of the signature, `input` and `output` of the decoded tensors: SHA-256.

    `alias` and `generation`: by which the version was found; None when the request named the version itself.
    `runtime`: versions of what the answer depends on.
    """

    schema_version: Literal[1] = 1
    id: str
    model: str
    version: str
    digest: str
    contract: str
    alias: str | None
    generation: int | None
    input: str
    output: str
    runtime: dict[str, str]
    timings: Timings
    cost: Cost
    at: str


class Kept(_Frozen):
    """A receipt in the lake with the request that it is for, as Open Inference Protocol JSON of the decoded tensors."""

    schema_version: Literal[1] = 1
    receipt: Receipt
    request: dict[str, Any]


def receipt_id(version: str, request_id: str) -> str:
    """The id; what an id cannot hold of the request's own becomes `_`."""
    return f"{version}-{re.sub(r'[^A-Za-z0-9._-]', '_', request_id)[:128] or '_'}"


def checked_id(value: str) -> str:
    """The value itself when it is a receipt's id. Raises InvalidRequest."""
    if not _ID.fullmatch(value) or ".." in value:
        raise InvalidRequest(
            f"{value[:80]!r} is not a receipt's id",
            pointer="/receipt",
            hint="12 hexadecimal digits, '-', a request's id",
        )
    return value


def version_of(receipt: str) -> str:
    """The model version that an id names. Raises InvalidRequest."""
    return checked_id(receipt)[:12]


def cost_of(timings: Timings, memory_mb: int, prices: Prices) -> Cost:
    """Price of one request: GB-seconds on demand, and the request itself."""
    milliseconds = max(1, math.ceil(timings.total))
    usd = milliseconds / 1000 * memory_mb / 1024 * prices.on_demand_gb_second + prices.request
    return Cost(
        usd=round(usd, 12),
        milliseconds=milliseconds,
        memory_mb=memory_mb,
        region=prices.region,
        prices_of=prices.as_of.isoformat(),
    )
