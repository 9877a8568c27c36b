"""NumPy's own file format, version 1 to 3: an array without pickles, its size checked before anything is made."""

from __future__ import annotations

import ast
import math
import struct
from typing import TYPE_CHECKING, Any

from lepton.endpoint.binary import aligned, texts_encoded
from lepton.endpoint.tensors import WireTensor
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.model_package.manifest import Signature

_MAGIC = b"\x93NUMPY"
_HEADER = 10_000  # bytes, as NumPy itself bounds it
_TEXT = 10_000  # characters of one string


def tensors(body: bytes, signature: Signature) -> list[WireTensor]:
    """The array as the model's one input, or its columns [rows, n] as a table's inputs. Raises InvalidRequest."""
    array = read(body)
    if len(signature.inputs) == 1:
        return [_wire(signature.inputs[0].name, array)]
    if array.ndim != 2 or array.shape[1] != len(signature.inputs):
        raise InvalidRequest(
            f"an array of shape {list(array.shape)[:8]}, the model has {len(signature.inputs)} inputs",
            pointer="",
            hint="[rows, columns], the columns in the order " + ", ".join(spec.name for spec in signature.inputs[:20]),
        )
    return [_wire(spec.name, array[:, [at]]) for at, spec in enumerate(signature.inputs)]


def read(body: bytes) -> Array:
    """The array of a file. Raises InvalidRequest."""
    import numpy as np

    shape, kind, fortran, start = _header(body)
    try:
        dtype = np.dtype(kind)
    except (TypeError, ValueError, SyntaxError) as error:
        raise InvalidRequest(f"there is no dtype {str(kind)[:40]!r}", pointer="") from error
    if dtype.kind not in "biufU" or dtype.itemsize > 4 * _TEXT or dtype.itemsize == 0:
        raise InvalidRequest(f"an array of {str(dtype)[:40]} is not read here", pointer="", hint="numbers or text")
    if math.prod(shape) * dtype.itemsize != len(body) - start:
        raise InvalidRequest(
            f"{len(body) - start} bytes of data, the header asks for {math.prod(shape)} of {dtype}", pointer=""
        )
    part = aligned(body, start, len(body), "FP64")
    flat = np.frombuffer(part, dtype=dtype).reshape(shape, order="F" if fortran else "C")
    return flat if dtype.isnative else flat.astype(dtype.newbyteorder("="))


def written(array: Array) -> bytes:
    """The array as a file; text as fixed-width text, not as objects."""
    import io

    import numpy as np

    made = io.BytesIO()
    plain = array.astype(str) if array.dtype.kind == "O" else array
    np.lib.format.write_array(made, np.asarray(plain), allow_pickle=False)
    return made.getvalue()


def _header(body: bytes) -> tuple[tuple[int, ...], str, bool, int]:
    """Shape, dtype, whether the first dimension runs fastest, and where the data begins."""
    if body[:6] != _MAGIC or len(body) < 12 or body[6] not in (1, 2, 3):
        raise InvalidRequest("the body is not a .npy file", pointer="", hint="numpy.save writes one")
    form = "<H" if body[6] == 1 else "<I"
    begin = 8 + struct.calcsize(form)
    size = struct.unpack_from(form, body, 8)[0]
    if size > _HEADER or begin + size > len(body):
        raise InvalidRequest(f"the header says it has {size} bytes", pointer="")
    try:
        said: Any = ast.literal_eval(body[begin : begin + size].decode("utf-8" if body[6] == 3 else "latin-1"))
        shape, kind, fortran = said["shape"], said["descr"], said["fortran_order"]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError) as error:
        raise InvalidRequest("the header of the .npy file cannot be read", pointer="") from error
    good = isinstance(shape, tuple) and all(type(one) is int and 0 <= one < 2**31 for one in shape) and len(shape) <= 32
    if not good or not isinstance(kind, str) or type(fortran) is not bool:
        raise InvalidRequest("the header of the .npy file does not describe an array", pointer="")
    return shape, kind, fortran, begin + size


def _wire(name: str, array: Array) -> WireTensor:
    from lepton.endpoint.arrays import DATATYPES

    if array.dtype.kind == "U":
        data = texts_encoded(array.reshape(-1).tolist())
        return WireTensor(name, "BYTES", array.shape, memoryview(data), "", bare=True)
    if array.dtype not in DATATYPES:
        raise InvalidRequest(f"the protocol has no datatype for {array.dtype}", pointer="")
    return WireTensor(name, DATATYPES[array.dtype], array.shape, memoryview(array.tobytes()), "", bare=True)
