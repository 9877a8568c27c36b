"""ONNX Runtime by its C API, through ctypes: the library of the wheel, without NumPy and without its Python binding.

The C API is a table of functions that only ever grows at its end, so a place in it is a promise. It is asked for in
the version below, which has all the places named here; an older library answers with no table.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_size_t, c_uint32, c_void_p, py_object
from functools import cache
from typing import Any, Protocol, cast

from lepton.errors import CorruptArtifact, Misconfigured

VERSION = 17
LOG_ERRORS = 3
POINTERS = POINTER(c_void_p)

# The name of a function: its place in the table, and what it takes. Functions without a status are below.
_FUNCTIONS: dict[str, tuple[int, tuple[Any, ...]]] = {
    "CreateEnv": (3, (c_int, c_char_p, c_void_p)),
    "CreateSessionFromArray": (8, (c_void_p, c_char_p, c_size_t, c_void_p, c_void_p)),
    "Run": (9, (c_void_p, c_void_p, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_void_p)),
    "CreateSessionOptions": (10, (c_void_p,)),
    "SetSessionLogSeverityLevel": (22, (c_void_p, c_int)),
    "SetIntraOpNumThreads": (24, (c_void_p, c_int)),
    "SetInterOpNumThreads": (25, (c_void_p, c_int)),
    "SessionGetInputCount": (30, (c_void_p, c_void_p)),
    "SessionGetOutputCount": (31, (c_void_p, c_void_p)),
    "SessionGetInputTypeInfo": (33, (c_void_p, c_size_t, c_void_p)),
    "SessionGetOutputTypeInfo": (34, (c_void_p, c_size_t, c_void_p)),
    "SessionGetInputName": (36, (c_void_p, c_size_t, c_void_p, c_void_p)),
    "SessionGetOutputName": (37, (c_void_p, c_size_t, c_void_p, c_void_p)),
    "CreateTensorAsOrtValue": (48, (c_void_p, c_void_p, c_size_t, c_int, c_void_p)),
    "CreateTensorWithDataAsOrtValue": (49, (c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, c_int, c_void_p)),
    "IsTensor": (50, (c_void_p, c_void_p)),
    "GetTensorMutableData": (51, (c_void_p, c_void_p)),
    "FillStringTensor": (52, (c_void_p, c_void_p, c_size_t)),
    "GetStringTensorDataLength": (53, (c_void_p, c_void_p)),
    "GetStringTensorContent": (54, (c_void_p, c_void_p, c_size_t, c_void_p, c_size_t)),
    "CastTypeInfoToTensorInfo": (55, (c_void_p, c_void_p)),
    "GetTensorElementType": (60, (c_void_p, c_void_p)),
    "GetDimensionsCount": (61, (c_void_p, c_void_p)),
    "GetDimensions": (62, (c_void_p, c_void_p, c_size_t)),
    "GetTensorTypeAndShape": (65, (c_void_p, c_void_p)),
    "CreateCpuMemoryInfo": (69, (c_int, c_int, c_void_p)),
    "AllocatorFree": (76, (c_void_p, c_void_p)),
    "GetAllocatorWithDefaultOptions": (78, (c_void_p,)),
    "AddSessionConfigEntry": (130, (c_void_p, c_char_p, c_char_p)),
    "GetResizedStringTensorElementBuffer": (252, (c_void_p, c_size_t, c_size_t, c_void_p)),
}
_RELEASES = {
    "ReleaseStatus": 93,
    "ReleaseSession": 95,
    "ReleaseValue": 96,
    "ReleaseTypeInfo": 98,
    "ReleaseTensorTypeAndShapeInfo": 99,
    "ReleaseSessionOptions": 100,
}


class Api(Protocol):
    """The functions by their names; those that can fail give a status, which is for `done`."""

    def __getattr__(self, name: str) -> Any: ...


class _Functions:
    """Made once for each process."""

    def __init__(self, table: Any) -> None:
        self._message = ctypes.CFUNCTYPE(c_char_p, c_void_p)(table[2])
        for name, place in _RELEASES.items():
            setattr(self, name, ctypes.CFUNCTYPE(None, c_void_p)(table[place]))
        for name, (place, takes) in _FUNCTIONS.items():
            setattr(self, name, ctypes.CFUNCTYPE(c_void_p, *takes)(table[place]))

    def failure(self, status: int) -> str:
        """What a status says; it is released with that."""
        message: bytes = self._message(status) or b""
        self.ReleaseStatus(status)  # type: ignore[attr-defined]
        return message.decode("utf-8", "replace")


def done(status: int | None) -> None:
    """Raises CorruptArtifact with what ONNX Runtime says, unless the function did what it was asked to."""
    if status:
        raise CorruptArtifact(api().failure(status))


def _base() -> Any:
    """The two functions that the library exports: one for the table of all others, one for its version."""
    library = ctypes.CDLL(_library())
    library.OrtGetApiBase.restype = c_void_p
    return ctypes.cast(library.OrtGetApiBase(), POINTERS)


@cache
def library_version() -> str:
    """As the library itself says it, e.g. 1.31.1."""
    told: bytes = ctypes.CFUNCTYPE(c_char_p)(_base()[1])()
    return told.decode()


@cache
def api() -> Api:
    """The functions. Raises Misconfigured where there is no library, or one that is too old."""
    base = _base()
    table = ctypes.CFUNCTYPE(c_void_p, c_uint32)(base[0])(VERSION)
    if not table:
        raise Misconfigured("ONNX Runtime's library is too old", hint=f"its C API has to have version {VERSION}")
    functions: Any = _Functions(ctypes.cast(table, POINTERS))
    return cast(Api, functions)


@cache
def environment() -> c_void_p:
    """ONNX Runtime's own state, one for each process: logs errors only."""
    made = c_void_p()
    done(api().CreateEnv(LOG_ERRORS, b"lepton", byref(made)))
    return made


@cache
def memory() -> c_void_p:
    """Memory of ours that the CPU reads."""
    made = c_void_p()
    done(api().CreateCpuMemoryInfo(0, 0, byref(made)))
    return made


@cache
def allocator() -> c_void_p:
    """ONNX Runtime's own allocator, never released."""
    made = c_void_p()
    done(api().GetAllocatorWithDefaultOptions(byref(made)))
    return made


class _Buffer(ctypes.Structure):
    """CPython's Py_buffer."""

    _fields_ = (
        *(("buf", c_void_p), ("obj", py_object), ("len", ctypes.c_ssize_t), ("itemsize", ctypes.c_ssize_t)),
        *(("readonly", c_int), ("ndim", c_int), ("format", c_char_p), ("shape", c_void_p)),
        *(("strides", c_void_p), ("suboffsets", c_void_p), ("internal", c_void_p)),
    )


def address(data: Any) -> int:
    """Where contiguous bytes lie, read-only ones too: valid as long as `data` lives and does not move. May be 0."""
    view = _Buffer()
    ctypes.pythonapi.PyObject_GetBuffer(py_object(data), byref(view), c_int(0))
    place = view.buf
    ctypes.pythonapi.PyBuffer_Release(byref(view))
    return place or 0


def _library() -> str:
    """The library's path: what the wheel brings, wherever that is installed."""
    for folder in sys.path:
        home = os.path.join(folder, "onnxruntime", "capi")  # noqa: PTH118  # pathlib costs its import
        try:
            names = sorted(os.listdir(home))  # noqa: PTH208
        except OSError:
            continue
        for name in names:
            if name.startswith(("libonnxruntime.so", "libonnxruntime.")) and "providers" not in name:
                return os.path.join(home, name)  # noqa: PTH118
    raise Misconfigured("there is no ONNX Runtime library", hint="the inference layer brings it")
