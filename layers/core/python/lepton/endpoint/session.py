"""A graph in ONNX Runtime: tensors in, tensors out, from any number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p, cast
from typing import Any

from lepton.endpoint import native, native_tensor
from lepton.endpoint.buffers import Tensor
from lepton.endpoint.native import done


class Session:
    """`inputs` and `outputs`: names in the graph's order, each with its datatype (None: no tensor of the protocol).

    Raises CorruptArtifact when ONNX Runtime does not take the graph.
    """

    def __init__(self, graph: bytes, threads: int) -> None:
        self._api = native.api()
        self.handle = c_void_p()
        options = c_void_p()
        done(self._api.CreateSessionOptions(byref(options)))
        try:
            done(self._api.SetIntraOpNumThreads(options, threads))
            done(self._api.SetInterOpNumThreads(options, 1))
            done(self._api.SetSessionLogSeverityLevel(options, native.LOG_ERRORS))
            # Threads that spin between calls burn the CPU share that the function is billed for.
            done(self._api.AddSessionConfigEntry(options, b"session.intra_op.allow_spinning", b"0"))
            done(self._api.CreateSessionFromArray(native.environment(), graph, len(graph), options, byref(self.handle)))
        finally:
            self._api.ReleaseSessionOptions(options)
        self.inputs = self._told("Input")
        self.outputs = self._told("Output")

    def __del__(self) -> None:
        if getattr(self, "handle", None):
            self._api.ReleaseSession(self.handle)

    def run(self, names: Sequence[str], feeds: Mapping[str, Tensor]) -> list[Tensor]:
        """The named outputs. Raises CorruptArtifact when the graph fails, or gives no tensor of the protocol."""
        given = (c_void_p * len(feeds))()
        found = (c_void_p * len(names))()
        try:
            for place, tensor in enumerate(feeds.values()):
                given[place] = native_tensor.lent(tensor)
            asked = (self.handle, None, listed(feeds), given, len(feeds), listed(names), len(names), found)
            done(self._api.Run(*asked))
            return [native_tensor.copied(name, value) for name, value in zip(names, found, strict=True)]
        finally:
            for value in (*given, *found):
                if value:
                    self._api.ReleaseValue(value)

    def _told(self, kind: str) -> dict[str, str | None]:
        count = c_size_t()
        done(getattr(self._api, f"SessionGet{kind}Count")(self.handle, byref(count)))
        return dict(self._one(kind, place) for place in range(count.value))

    def _one(self, kind: str, place: int) -> tuple[str, str | None]:
        name = c_void_p()
        done(getattr(self._api, f"SessionGet{kind}Name")(self.handle, place, native.allocator(), byref(name)))
        text = (cast(name, c_char_p).value or b"").decode("utf-8", "replace")
        done(self._api.AllocatorFree(native.allocator(), name))
        about, tensor, code = c_void_p(), c_void_p(), c_int()
        done(getattr(self._api, f"SessionGet{kind}TypeInfo")(self.handle, place, byref(about)))
        try:
            done(self._api.CastTypeInfoToTensorInfo(about, byref(tensor)))
            if tensor:
                done(self._api.GetTensorElementType(tensor, byref(code)))
        finally:
            self._api.ReleaseTypeInfo(about)
        return text, native_tensor.DATATYPES.get(code.value)


def listed(names: Iterable[str]) -> Any:
    """Names as an array of C strings, which keeps them alive."""
    encoded = [name.encode() for name in names]
    return (c_char_p * len(encoded))(*encoded)
