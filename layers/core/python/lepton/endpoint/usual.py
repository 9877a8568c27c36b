"""The beaten path: a few plain values of exactly the type that the signature names, into bytes, without NumPy.

A `Reader` knows one input. It answers None to whatever is not entirely ordinary, right or wrong: then `values` judges
it, cell by cell where need be, and both agree wherever this one answers.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lepton.endpoint.buffers import FLOATS, FORMATS, INTEGERS, SIZES, Tensor

if TYPE_CHECKING:
    from lepton.model_package.manifest import Signature, TensorSpec

MANY = 256  # values of one input: from here on NumPy is faster
_FLOAT_MAX = {"FP16": 65504.0, "FP32": 3.4028234663852886e38, "FP64": 1.7976931348623157e308}
Read = Callable[[Any], "bytes | list[str] | None"]


class Reader:
    """One input. `one` takes its value, `many` its values in row-major order."""

    __slots__ = ("count", "datatype", "inner", "many", "one", "rank", "single")

    def __init__(self, spec: TensorSpec) -> None:
        self.datatype = spec.datatype
        self.rank = len(spec.shape)
        self.inner = list(spec.shape[1:])
        fixed = -1 not in self.inner and self.rank > 0 and spec.shape[0] == -1
        self.count = math.prod(self.inner) if fixed else 0  # elements of a row; 0: not to be told beforehand
        self.single = (1, *self.inner)
        self.one, self.many = _read(spec)

    def tensor(self, values: list[Any], rows: int) -> Tensor | None:
        """So many rows of the input, or None when the values are out of the ordinary."""
        count = self.count * rows
        if len(values) != count or not 0 < count <= MANY:
            return None
        data = self.one(values[0]) if count == 1 else self.many(values)
        return None if data is None else Tensor(self.datatype, self.single if rows == 1 else (rows, *self.inner), data)


class Usual:
    """The readers of a signature."""

    def __init__(self, signature: Signature) -> None:
        self.readers = {spec.name: Reader(spec) for spec in signature.inputs}

    def inputs(self, listed: Sequence[Any], most: int) -> dict[str, Tensor] | None:
        """The protocol's list of inputs; None when there is anything to be said about it."""
        readers = self.readers
        if len(listed) != len(readers):
            return None
        found: dict[str, Tensor] = {}
        try:
            rows = listed[0]["shape"][0]
            if type(rows) is not int or not 0 < rows <= most:
                return None
            for given in listed:
                name, shape, data = given["name"], given["shape"], given["data"]
                reader = readers[name]
                plain = len(given) == 4 and given["datatype"] == reader.datatype and type(data) is list
                fits = shape[0] == rows and shape[1:] == reader.inner and _integers(shape)
                tensor = reader.tensor(data, rows) if plain and fits else None
                if tensor is None:
                    return None
                found[name] = tensor
        except (KeyError, TypeError, IndexError):
            return None
        return found if len(found) == len(listed) else None

    def columns(self, columns: Mapping[str, Sequence[Any]], rows: int) -> dict[str, Tensor] | None:
        """Named columns of so many rows, which may be more than the signature names; None as above."""
        found: dict[str, Tensor] = {}
        for name, reader in self.readers.items():
            tensor = reader.tensor(list(columns[name]), rows)
            if tensor is None:
                return None
            found[name] = tensor
        return found


def _integers(shape: list[Any]) -> bool:
    """True is 1, and 1.0 too; neither is a dimension."""
    return all(type(size) is int for size in shape) if len(shape) != 2 else type(shape[0]) is type(shape[1]) is int


_made: dict[int, tuple[Signature, Usual]] = {}


def of(signature: Signature) -> Usual:
    """The readers of this very signature, made once."""
    held = _made.get(id(signature))
    if held is None or held[0] is not signature:
        if len(_made) >= MANY:
            _made.clear()
        held = _made[id(signature)] = (signature, Usual(signature))
    return held[1]


def _read(spec: TensorSpec) -> tuple[Read, Read]:
    """The reader of one value, and that of many."""
    if spec.on_violation == "warn" and (spec.minimum is not None or spec.maximum is not None or spec.categories):
        return _not_here, _not_here
    if spec.datatype == "BYTES":
        known = spec.categories if spec.closed else None
        return _texts(spec.nullable, None if known is None else frozenset(known))
    if spec.datatype == "BOOL":
        return _numbers((bool, bool), spec, (False, True))
    if spec.datatype in INTEGERS:
        bits = 8 * SIZES[spec.datatype]
        bounds = (0, 2**bits - 1) if spec.datatype.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        return _numbers((int, int), spec, bounds)
    return _numbers((float, int), spec, (-_FLOAT_MAX[spec.datatype], _FLOAT_MAX[spec.datatype]))


def _not_here(_values: Any) -> None:
    """What may have to be warned of is looked at closely."""
    return


def _numbers(kinds: tuple[type, type], spec: TensorSpec, bounds: tuple[float, float]) -> tuple[Read, Read]:
    low = bounds[0] if spec.minimum is None else max(bounds[0], spec.minimum)
    high = bounds[1] if spec.maximum is None else min(bounds[1], spec.maximum)
    nullable = spec.nullable and spec.datatype in FLOATS
    letter = FORMATS[spec.datatype]
    pack = struct.Struct("<" + letter).pack
    missing = pack(math.nan) if nullable else None
    first, second = kinds

    def one(value: Any) -> bytes | None:
        kind = type(value)
        if kind is first or kind is second:
            return pack(value) if low <= value <= high else None
        return missing if value is None else None

    def many(values: list[Any]) -> bytes | None:
        parts = [one(value) for value in values]
        return None if None in parts else b"".join(parts)  # type: ignore[arg-type]  # there is no None among them

    return one, many


def _texts(nullable: bool, known: frozenset[str] | None) -> tuple[Read, Read]:
    def one(given: Any) -> list[str] | None:
        value = "" if given is None and nullable else given
        if type(value) is not str or not (value.isascii() or _encodes(value)):
            return None
        if not value:
            return [value] if nullable else None
        return [value] if known is None or value in known else None

    def many(values: list[Any]) -> list[str] | None:
        parts = [one(value) for value in values]
        return None if None in parts else [text for part in parts for text in part or ()]

    return one, many


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
