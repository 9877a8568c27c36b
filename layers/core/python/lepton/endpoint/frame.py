"""A body of the binary tensor extension: JSON and the bytes behind it, or bytes alone for a model of one input."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from lepton.endpoint.binary import aligned
from lepton.endpoint.buffers import SIZES
from lepton.endpoint.tensors import WireTensor
from lepton.errors import InvalidRequest, UnsupportedMedia

if TYPE_CHECKING:
    from lepton.model_package.manifest import Signature, TensorSpec

HEADER = "inference-header-content-length"
BYTES = "application/octet-stream"


class Tail:
    """The bytes of a body behind its JSON, taken in order."""

    def __init__(self, body: bytes, start: int) -> None:
        self._body = body
        self._at = start

    def take(self, size: int, datatype: str, pointer: str) -> memoryview:
        """The next so many bytes. Raises InvalidRequest when there are fewer."""
        left = len(self._body) - self._at
        if size > left:
            raise InvalidRequest(f"binary_data_size is {size}, the body has {left} bytes more", pointer=pointer)
        start, self._at = self._at, self._at + size
        return aligned(self._body, start, self._at, datatype)

    def end(self) -> None:
        """Raises InvalidRequest when bytes are left over."""
        if self._at != len(self._body):
            raise InvalidRequest(
                f"{len(self._body) - self._at} bytes are left over",
                pointer="",
                hint="each input's parameters say how many are its own: binary_data_size",
            )


def split(body: bytes, length: str | None) -> tuple[bytes, Tail | None]:
    """The JSON of a body and the bytes behind it, None without the header that says where they begin."""
    if length is None:
        return body, None
    if not (length.isascii() and length.isdigit()) or len(length) > 12:
        raise InvalidRequest(f"Inference-Header-Content-Length is {length[:40]!r}, not a number of bytes", pointer="")
    end = int(length)
    if end > len(body):
        raise InvalidRequest(
            f"Inference-Header-Content-Length is {end}, the body has {len(body)} bytes in all", pointer=""
        )
    return body[:end], Tail(body, end)


def raw(body: bytes, signature: Signature) -> WireTensor:
    """The whole body as the bytes of the one input, its shape from their count. Raises InvalidRequest."""
    if len(signature.inputs) != 1:
        raise UnsupportedMedia(
            f"bytes alone are not enough for a model of {len(signature.inputs)} inputs",
            hint="name them in JSON before the bytes, and its length in Inference-Header-Content-Length",
        )
    spec = signature.inputs[0]
    shape = _shape(spec, len(body))
    data = memoryview(len(body).to_bytes(4, "little") + body) if spec.datatype == "BYTES" else memoryview(body)
    return WireTensor(spec.name, spec.datatype, shape, data, "", bare=True)


def _shape(spec: TensorSpec, size: int) -> tuple[int, ...]:
    """The shape, when at most one dimension besides the batch is of any size; then the batch is one."""
    if spec.datatype == "BYTES":
        return (1,) * len(spec.shape)
    free = [position for position, length in enumerate(spec.shape) if length == -1]
    shape = [1 if length == -1 else length for length in spec.shape]
    if len(free) > 2 or not free:
        raise InvalidRequest(
            f"bytes alone do not tell the shape of {spec.name!r}", pointer="", hint=f"it takes {list(spec.shape)}"
        )
    count, over = divmod(size, SIZES[spec.datatype] * math.prod(shape))
    if over or not count:
        raise InvalidRequest(
            f"{size} bytes are not one or more of {spec.datatype}{list(spec.shape)}",
            pointer="",
            hint=f"{SIZES[spec.datatype] * math.prod(shape)} bytes for each",
        )
    shape[free[-1]] = count
    return tuple(shape)
