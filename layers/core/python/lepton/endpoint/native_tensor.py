"""Tensors as ONNX Runtime has them: ours lent to it, its own copied."""

from __future__ import annotations

from collections.abc import Sequence
from ctypes import byref, c_char_p, c_int, c_int64, c_size_t, c_void_p, create_string_buffer, memmove, string_at
from math import prod

from lepton.endpoint import native
from lepton.endpoint.buffers import SIZES, Codes, Tensor
from lepton.endpoint.native import done
from lepton.errors import CorruptArtifact

# ONNX's numbers for element types; the others have no datatype in the protocol.
CODES = {
    **{"FP32": 1, "UINT8": 2, "INT8": 3, "UINT16": 4, "INT16": 5, "INT32": 6, "INT64": 7, "BYTES": 8, "BOOL": 9},
    **{"FP16": 10, "FP64": 11, "UINT32": 12, "UINT64": 13},
}
DATATYPES: dict[int, str | None] = {code: datatype for datatype, code in CODES.items()}


def lent(tensor: Tensor) -> int:
    """A value over the tensor's own memory, which has to outlive it; texts are copied. To be released."""
    if isinstance(tensor, Codes):
        return _coded(tensor)
    if tensor.datatype == "BYTES":
        return texts(tensor.shape, tensor.data)  # type: ignore[arg-type]  # BYTES lies in a list
    data = tensor.data
    place = data if type(data) is bytes else native.address(data)
    return over(tensor.datatype, tensor.shape, place)


def over(datatype: str, shape: Sequence[int], place: int | bytes | c_void_p) -> int:
    """A value over memory of ours. To be released."""
    made = c_void_p()
    size = SIZES[datatype] * prod(shape)
    dimensions = (c_int64 * len(shape))(*shape)
    done(
        native.api().CreateTensorWithDataAsOrtValue(
            native.memory(), place, size, dimensions, len(shape), CODES[datatype], byref(made)
        )
    )
    return made.value or 0


def texts(shape: Sequence[int], cells: Sequence[str] | None) -> int:
    """A value of texts, empty ones when there are none given. To be released."""
    api, made = native.api(), c_void_p()
    dimensions = (c_int64 * len(shape))(*shape)
    done(api.CreateTensorAsOrtValue(native.allocator(), dimensions, len(shape), CODES["BYTES"], byref(made)))
    value = made.value or 0
    if cells:
        try:
            _fill(value, [cell.encode() for cell in cells])
        except CorruptArtifact:
            api.ReleaseValue(value)
            raise
    return value


def _coded(tensor: Codes) -> int:
    """A value of texts by their codes: only the few texts are encoded."""
    if not len(tensor) or any("\0" in text for text in tensor.texts):
        return texts(tensor.shape, tensor.flat())
    import numpy as np

    value = texts(tensor.shape, None)
    encoded = (c_char_p * len(tensor.texts))(*(text.encode() for text in tensor.texts))
    places = np.frombuffer(encoded, dtype=np.uintp)[tensor.codes]  # type: ignore[call-overload]  # it is a buffer
    try:
        done(native.api().FillStringTensor(value, native.address(places), len(tensor)))
    except CorruptArtifact:
        native.api().ReleaseValue(value)
        raise
    return value


def _fill(value: int, cells: list[bytes]) -> None:
    api = native.api()
    done(api.FillStringTensor(value, (c_char_p * len(cells))(*cells), len(cells)))
    for index, cell in enumerate(cells):
        if 0 in cell:  # to C, a text ends at its first zero
            place = c_void_p()
            done(api.GetResizedStringTensorElementBuffer(value, index, len(cell), byref(place)))
            memmove(place, cell, len(cell))


def copied(name: str, value: int) -> Tensor:
    """An output, copied. Raises CorruptArtifact when it is no tensor of the protocol."""
    api, is_tensor = native.api(), c_int()
    done(api.IsTensor(value, byref(is_tensor)))
    if not is_tensor.value:
        raise CorruptArtifact(f"gave {name!r} as something that is no tensor")
    code, shape = _form(value)
    datatype = DATATYPES.get(code)
    if datatype is None:
        raise CorruptArtifact(f"gave {name!r} with elements that the protocol has no datatype for")
    count = prod(shape)
    if datatype == "BYTES":
        return Tensor(datatype, shape, told(value, count))
    place = c_void_p()
    done(api.GetTensorMutableData(value, byref(place)))
    return Tensor(datatype, shape, string_at(place, count * SIZES[datatype]) if count else b"")


def told(value: int, count: int) -> list[str]:
    """So many texts of a value."""
    if not count:
        return []
    api, length = native.api(), c_size_t()
    done(api.GetStringTensorDataLength(value, byref(length)))
    text, offsets = create_string_buffer(length.value + 1), (c_size_t * count)()
    done(api.GetStringTensorContent(value, text, length.value, offsets, count))
    raw = text.raw[: length.value]
    if count == 1:
        return [raw.decode("utf-8", "replace")]
    ends = [*offsets[1:], length.value]
    return [raw[start:end].decode("utf-8", "replace") for start, end in zip(offsets, ends, strict=True)]


def _form(value: int) -> tuple[int, tuple[int, ...]]:
    api, about = native.api(), c_void_p()
    done(api.GetTensorTypeAndShape(value, byref(about)))
    try:
        code, rank = c_int(), c_size_t()
        done(api.GetTensorElementType(about, byref(code)))
        done(api.GetDimensionsCount(about, byref(rank)))
        shape = (c_int64 * rank.value)()
        done(api.GetDimensions(about, shape, rank.value))
        return code.value, tuple(shape)
    finally:
        api.ReleaseTensorTypeAndShapeInfo(about)
