"""Tensors as the protocol has them: what a model's metadata says, values for it, and both ways to write them."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Datatype of the protocol: struct's letter for it, little-endian.
LETTERS = {
    **{"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h"},
    **{"INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"},
}
DATATYPES = frozenset(LETTERS) | {"BYTES"}
STYLES = (("varied", 1), ("zeros", 1), ("ones", 1), ("varied", 4), ("zeros", 4))  # (values, size of a free dimension)


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input or output as the metadata tells it. The last three are what its `parameters` add, when they do."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    nullable: bool = False
    categories: tuple[str, ...] = ()
    minimum: float | None = None

    @property
    def is_float(self) -> bool:
        return self.datatype.startswith("FP")

    @property
    def is_integer(self) -> bool:
        return "INT" in self.datatype

    def sized(self, rows: int, free: int) -> list[int]:
        """The shape with `rows` in the first dimension and `free` in the others, where they may vary."""
        return [(rows if at == 0 else free) if size < 0 else size for at, size in enumerate(self.shape)]


def told(entry: dict[str, Any]) -> Tensor:
    """A tensor of the metadata. The members were checked to be there (metadata's own case does that)."""
    given = entry.get("parameters")
    more = given if isinstance(given, dict) else {}
    categories = more.get("categories") or ()
    return Tensor(
        str(entry["name"]),
        str(entry["datatype"]),
        tuple(int(size) for size in entry["shape"]),
        nullable=more.get("nullable") is True,
        categories=tuple(str(one) for one in categories) if isinstance(categories, list) else (),
        minimum=more["minimum"] if isinstance(more.get("minimum"), int | float) else None,
    )


def values(tensor: Tensor, count: int, style: str) -> list[Any]:
    """That many values of the tensor's datatype: all zero, all one, or varied."""
    return [_value(tensor, {"zeros": 0, "ones": 1}.get(style, index)) for index in range(count)]


def _value(tensor: Tensor, number: int) -> Any:
    if tensor.datatype == "BYTES":
        return tensor.categories[number % len(tensor.categories)] if tensor.categories else f"a{number % 3}"
    if tensor.datatype == "BOOL":
        return number % 2 == 1
    value = (number % 5) * 0.5 if tensor.is_float else number % 3
    return value if tensor.minimum is None else max(value, tensor.minimum)


def fits(value: Any, datatype: str) -> bool:
    """Whether a JSON value is one of the datatype. A figure that JSON cannot carry may be null."""
    if datatype == "BYTES":
        return isinstance(value, str)
    if datatype == "BOOL":
        return isinstance(value, bool)
    if datatype.startswith("FP"):
        return value is None or (isinstance(value, int | float) and not isinstance(value, bool))
    return isinstance(value, int) and not isinstance(value, bool)


def flat(data: Any) -> list[Any]:
    """Nested or not, row-major."""
    if not isinstance(data, list):
        return [data]
    return [value for part in data for value in flat(part)]


def nested(data: Sequence[Any], shape: Sequence[int]) -> list[Any]:
    """Flat data nested as the shape says."""
    if len(shape) <= 1:
        return list(data)
    step = math.prod(shape[1:])
    return [nested(data[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]


def packed(data: Sequence[Any], datatype: str) -> bytes:
    """The binary tensor extension's form: little-endian, row-major; BYTES with a length of four bytes before each."""
    if datatype == "BYTES":
        encoded = [value.encode() for value in data]
        return b"".join(struct.pack("<I", len(one)) + one for one in encoded)
    return struct.pack(f"<{len(data)}{LETTERS[datatype]}", *data)


def unpacked(body: bytes, datatype: str) -> list[Any]:
    """What `packed` made. Raises struct.error, UnicodeDecodeError when it is not."""
    if datatype != "BYTES":
        width = struct.calcsize("<" + LETTERS[datatype])
        return list(struct.unpack(f"<{len(body) // width}{LETTERS[datatype]}", body))
    found, at = [], 0
    while at < len(body):
        (size,) = struct.unpack_from("<I", body, at)
        found.append(body[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return found


def alike(left: Sequence[Any], right: Sequence[Any]) -> bool:
    """The same values; floats to six digits, as JSON may have shortened them."""
    return len(left) == len(right) and all(_same(one, other) for one, other in zip(left, right, strict=True))


def _same(one: Any, other: Any) -> bool:
    """JSON has null where bytes have NaN."""
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-6) or (math.isnan(one) and math.isnan(other))
    if one is None or other is None:
        known = other if one is None else one
        return known is None or (isinstance(known, float) and not math.isfinite(known))
    return bool(one == other)
