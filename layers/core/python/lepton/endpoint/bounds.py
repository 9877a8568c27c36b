"""The ranges and categories that a signature declares: what is outside of them is refused, or warned of."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.model_package.manifest import TensorSpec

TOLD = 1000  # misfits that are looked for in one input


def bounded(spec: TensorSpec) -> bool:
    return spec.datatype not in ("BYTES", "BOOL") and (spec.minimum is not None or spec.maximum is not None)


def outside(values: Array, spec: TensorSpec) -> dict[int, str]:
    """{index: reason} of the numbers of a flat array that are out of a range which refuses."""
    if spec.on_violation == "warn" or not bounded(spec):
        return {}
    found = _outside(values, spec).nonzero()[0][:TOLD]
    return {int(at): _said(values[at].item(), spec) for at in found}


def reason(value: Any, spec: TensorSpec) -> str | None:
    """Why this one number (a NumPy scalar) is out of a range which refuses; None when it is not."""
    return outside(value.reshape(1), spec).get(0) if bounded(spec) else None


def warnings(values: Array, spec: TensorSpec) -> list[str]:
    """What is let in and told: numbers out of range, categories that training has not seen."""
    if spec.on_violation != "warn":
        return []
    flat = values.reshape(-1)
    if bounded(spec):
        found = _outside(flat, spec).nonzero()[0]
        first = _said(flat[found[0]].item(), spec) if len(found) else ""
        return [_told(len(found), first, int(found[0]))] if len(found) else []
    if spec.datatype != "BYTES" or spec.categories is None or spec.closed:
        return []
    known = {"", *spec.categories}
    strange = [at for at, value in enumerate(flat.tolist()) if value not in known]
    if not strange:
        return []
    first = f"{spec.name!r} is {flat[strange[0]][:40]!r}, which was not seen in training"
    return [_told(len(strange), first, strange[0])]


def _told(count: int, first: str, at: int) -> str:
    more = f", and {count - 1} more" if count > 1 else ""
    return f"{first} (element {at}{more})"


def _outside(values: Array, spec: TensorSpec) -> Array:
    """Compared as the model gets them: a bound is rounded as the numbers were."""
    import numpy as np

    low, high = spec.minimum, spec.maximum
    if values.dtype.kind != "f":
        low, high = low if low is None else math.ceil(low), high if high is None else math.floor(high)
    found = np.zeros(values.shape, dtype=bool)
    with np.errstate(over="ignore"):
        if low is not None:
            found |= values < low
        if high is not None:
            found |= values > high
    return found


def _said(value: Any, spec: TensorSpec) -> str:
    low = "" if spec.minimum is None else f" from {spec.minimum:g}"
    high = "" if spec.maximum is None else f" to {spec.maximum:g}"
    return f"{spec.name!r} is {str(value)[:40]}, the model takes numbers{low}{high}"
