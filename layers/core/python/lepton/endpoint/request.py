"""The one value that every body is decoded into, and the limits that it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. Lambda takes and gives at most 6 MB a call, base64 included."""

    body_bytes: int = 6_000_000
    answer_bytes: int = 6_000_000
    rows: int = 10_000
    pixels: int = 50_000_000


@dataclass(frozen=True, slots=True)
class InferRequest:
    """Inputs by name, each with `rows` as its first dimension and of the signature's datatype.

    BYTES is an object array of str. `outputs` empty: all of them. `ignored` names columns that came in and that the
    model does not use.
    """

    inputs: Mapping[str, Array]
    rows: int
    id: str | None = None
    outputs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InferAnswer:
    """Outputs by name, in the order asked for."""

    outputs: Mapping[str, Array]
    rows: int


NUMPY: dict[str, Any] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BYTES": np.dtype(np.object_),
}
