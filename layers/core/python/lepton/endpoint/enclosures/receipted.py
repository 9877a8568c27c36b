"""The receipt of an answer, and the request as it is kept with it."""

from __future__ import annotations

import math
import platform
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lepton import __version__
from lepton.capacity.prices import prices_of
from lepton.endpoint import native
from lepton.endpoint.enclosures.given import Given, described, elements
from lepton.errors import InvalidRequest
from lepton.receipt.digests import of_signature, of_tensors
from lepton.receipt.receipt import Receipt, Timings, cost_of, receipt_id

if TYPE_CHECKING:
    from lepton.endpoint.route import Call

# What decides which instructions ONNX Runtime's kernels use, and so the last bits of an answer.
_VECTORS = ("avx", "avx2", "fma", "avx512f", "avx512_vnni", "amx_tile", "asimd", "sve")


def receipt(call: Call, given: Given, encode_seconds: float, enclosed_seconds: float) -> Receipt:
    """Of an answer that was encoded once already. Raises InvalidRequest for a region without prices."""
    manifest, serving = given.manifest, call.serving
    standing = None if "version" in call.path else serving.endpoint.standing(manifest.model)
    began, found, decoded, ran = given.seconds
    timings = Timings(
        queue=_ms(found - began),
        decode=_ms(decoded - found),
        run=_ms(ran - decoded),
        enclose=_ms(enclosed_seconds),
        encode=_ms(encode_seconds),
    )
    return Receipt(
        id=receipt_id(manifest.version, call.exchange.request_id),
        model=manifest.model,
        version=manifest.version,
        digest=manifest.artifact.sha256,
        contract=of_signature(manifest.signature),
        alias=standing[0] if standing else None,
        generation=standing[1] if standing else None,
        input=of_tensors(described(given.request.inputs, manifest.signature.inputs)),
        output=of_tensors(described(given.answer.outputs, manifest.signature.outputs)),
        runtime=dict(runtime()),
        timings=timings,
        cost=cost_of(timings, serving.memory_mb, prices_of(serving.settings.price_region)),
        at=datetime.fromtimestamp(serving.clock(), UTC).isoformat(),
    )


@cache
def runtime() -> tuple[tuple[str, str], ...]:
    """What an answer's bits depend on besides the graph."""
    return (
        ("lepton", __version__),
        ("onnxruntime", native.library_version()),
        ("python", platform.python_version()),
        ("machine", platform.machine()),
        ("vectors", " ".join(sorted(_flags() & set(_VECTORS)))),
    )


def request_document(given: Given) -> dict[str, Any]:
    """The decoded request in the Open Inference Protocol's JSON. Raises InvalidRequest for what JSON cannot carry."""
    inputs = []
    for spec in given.manifest.signature.inputs:
        array = given.request.inputs[spec.name]
        # FP16 goes as FP32, which holds it exactly and which is taken for it.
        datatype = "FP32" if spec.datatype == "FP16" else spec.datatype
        values = [_plain(value, spec.name) for value in elements(given.request.inputs, spec.name)]
        inputs.append({"name": spec.name, "datatype": datatype, "shape": list(array.shape), "data": values})
    wanted = [{"name": name} for name in given.request.outputs]
    return {"inputs": inputs} | ({"outputs": wanted} if wanted else {})


def _plain(value: Any, name: str) -> Any:
    if not isinstance(value, float) or math.isfinite(value):
        return value
    if math.isnan(value):
        return None
    raise InvalidRequest(
        f"{name!r} is infinite: the request cannot be kept", pointer="/parameters/receipt", hint='"receipt": true'
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 4)


def _flags() -> set[str]:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return set()
    told = next((line for line in lines if line.lower().startswith(("flags", "features"))), "")
    return set(told.partition(":")[2].split())
