"""The binary tensor extension: elements as bytes behind the JSON, little-endian, row-major, without padding.

A BYTES element is its length in 4 bytes and then so many bytes, which must be UTF-8 here: what a model takes as BYTES
is text. A BOOL element is one byte, 0 or 1. Nothing is allocated before the count of the shape and the bytes that are
there agree.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from lepton.endpoint.buffers import SIZES, Tensor
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array

_LENGTH = struct.Struct("<I")


def tensor(name: str, datatype: str, shape: tuple[int, ...], data: memoryview, pointer: str) -> Tensor:
    """The bytes as a tensor, sharing them where they are aligned. Raises InvalidRequest."""
    count = math.prod(shape)
    if datatype == "BYTES":
        return Tensor(datatype, shape, _texts(name, count, data, pointer))
    size = SIZES[datatype]
    if len(data) != count * size:
        raise InvalidRequest(
            f"{name!r} has {len(data)} bytes, its shape {_shown(shape)} asks for {count} {datatype} of {size}",
            pointer=pointer,
        )
    if datatype == "BOOL" and bytes(data).strip(b"\x00\x01"):
        _refuse_flags(name, data, pointer)
    return Tensor(datatype, shape, data)


def aligned(body: bytes, start: int, stop: int, datatype: str) -> memoryview:
    """A part of the body, shared; copied when its elements would not lie where the processor wants them."""
    size = SIZES.get(datatype, 1)
    part = memoryview(body)[start:stop]
    return part if start % size == 0 else memoryview(bytes(part))


def encoded(datatype: str, array: Array) -> bytes:
    """The elements of an array of that datatype as bytes; BYTES is an object array of str."""
    if datatype != "BYTES":
        return array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
    return texts_encoded(array.reshape(-1).tolist())


def texts_encoded(texts: list[str]) -> bytes:
    """Each text as its length and its UTF-8."""
    parts = [text.encode() for text in texts]
    return b"".join(piece for part in parts for piece in (_LENGTH.pack(len(part)), part))


def _texts(name: str, count: int, data: memoryview, pointer: str) -> list[str]:
    if len(data) < 4 * count:  # each element has a length at least
        raise InvalidRequest(f"{name!r} has {len(data)} bytes, too few for {count} elements", pointer=pointer)
    made: list[str] = []
    at = 0
    for index in range(count):
        if at + 4 > len(data):
            raise InvalidRequest(f"{name!r} ends before element {index} of {count}", pointer=pointer)
        end = at + 4 + _LENGTH.unpack_from(data, at)[0]
        if end > len(data):
            raise InvalidRequest(
                f"element {index} of {name!r} says it has {end - at - 4} bytes, there are {len(data) - at - 4}",
                pointer=pointer,
            )
        try:
            made.append(str(data[at + 4 : end], "utf-8"))
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"element {index} of {name!r} is not UTF-8", pointer=pointer) from error
        at = end
    if at != len(data):
        raise InvalidRequest(f"{name!r} has {len(data) - at} bytes after its {count} elements", pointer=pointer)
    return made


def _refuse_flags(name: str, data: memoryview, pointer: str) -> None:
    """Says which byte is neither 0 nor 1; there is one."""
    for index, byte in enumerate(data):
        if byte > 1:
            raise InvalidRequest(f"byte {index} of {name!r} is {byte}: a BOOL is 0 or 1", pointer=pointer)


def _shown(shape: tuple[int, ...]) -> str:
    return str(list(shape)) if len(shape) <= 8 else f"{list(shape[:8])} and {len(shape) - 8} more"
