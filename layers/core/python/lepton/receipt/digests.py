"""One digest for tensors and signatures: the same for the same values, whatever wire they came by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from lepton.model_package.manifest import Signature

# name, datatype, shape, and the data: little-endian bytes row by row, or the texts of BYTES
Described = tuple[str, str, tuple[int, ...], Any]


def of_tensors(tensors: Iterable[Described]) -> str:
    """SHA-256 over names, datatypes, shapes and values in the order of the names; every part has its length before it.

    A NaN counts as its bits, as a replay must give the very same.
    """
    digest = hashlib.sha256()
    for name, datatype, shape, data in sorted(tensors, key=lambda one: one[0]):
        head = json.dumps([name, datatype, list(shape)], separators=(",", ":")).encode()
        digest.update(len(head).to_bytes(8, "big") + head)
        if isinstance(data, list):
            for text in data:
                part = text.encode("utf-8", "surrogatepass")
                digest.update(len(part).to_bytes(8, "big") + part)
        else:
            view = memoryview(data).cast("B")
            digest.update(len(view).to_bytes(8, "big"))
            digest.update(view)
    return digest.hexdigest()


def of_signature(signature: Signature) -> str:
    """SHA-256 of the contract: what may be sent and what comes back."""
    told = signature.model_dump(mode="json", exclude_defaults=True)
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
