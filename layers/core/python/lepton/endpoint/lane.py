"""A run that is prepared: inputs and outputs of one shape, laid out once and used again by one request after another.

A lane has its own memory, which ONNX Runtime reads from and writes to, so a run costs one call. One request at a time
uses a lane: whoever finds none free gets a new one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ctypes import addressof, c_char, c_void_p
from math import prod
from typing import Any

from lepton.endpoint import native, native_tensor
from lepton.endpoint.buffers import SIZES, Tensor
from lepton.endpoint.native import done
from lepton.endpoint.session import Session, listed

LARGEST = 65_536  # bytes of inputs and outputs together: beyond, laying them out costs little beside the run
KNOWN = 256  # texts that are kept ready
Form = tuple[str, str, tuple[int, ...]]  # name, datatype, shape


class Lane:
    """Inputs and outputs of these forms. Numbers lie in our memory; a text that came before is used again as it is."""

    def __init__(self, session: Session, inputs: Sequence[Form], outputs: Sequence[Form]) -> None:
        self._session = session
        self._api = native.api()
        self._inputs, self._outputs = inputs, outputs
        self._given = (c_void_p * len(inputs))()
        self._found = (c_void_p * len(outputs))()
        self._held: list[Any] = []
        self._owned: list[int] = []
        self._texts: dict[tuple[Any, ...], int] = {}
        into = [self._laid(form, self._given, place) for place, form in enumerate(inputs)]
        names = [name for name, _, _ in inputs]
        self._numbers = [(name, memory) for name, memory in zip(names, into, strict=True) if memory is not None]
        self._named = [(place, name) for place, name in enumerate(names) if into[place] is None]
        self._from = [self._laid(form, self._found, place) for place, form in enumerate(outputs)]
        told = [listed(name for name, _, _ in forms) for forms in (inputs, outputs)]
        self._call = (session.handle, None, told[0], self._given, len(inputs), told[1], len(outputs), self._found)
        self._run = self._api.Run

    def __del__(self) -> None:
        for value in self._owned:
            self._api.ReleaseValue(value)
        self._forget()

    def run(self, feeds: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The outputs. Raises CorruptArtifact when the graph fails, or gives an output of another form."""
        if len(self._texts) > KNOWN:
            self._forget()
        for name, into in self._numbers:
            data: Any = feeds[name].data
            into[:] = data if type(data) is bytes else memoryview(data).cast("B")
        for place, name in self._named:
            self._given[place] = self._text(place, feeds[name].flat())  # the `data` of codes is empty
        done(self._run(*self._call))
        return {
            name: Tensor(datatype, shape, native_tensor.told(value, prod(shape)) if of is None else bytes(of))
            for (name, datatype, shape), of, value in zip(self._outputs, self._from, self._found, strict=True)
        }

    def _laid(self, form: Form, values: Any, place: int) -> memoryview | None:
        """The memory of an input or output; None when it is texts, which ONNX Runtime keeps itself."""
        _, datatype, shape = form
        if datatype == "BYTES":
            value, memory = native_tensor.texts(shape, None), None
        else:
            held = (c_char * (SIZES[datatype] * prod(shape)))()
            self._held.append(held)
            value, memory = native_tensor.over(datatype, shape, addressof(held)), memoryview(held).cast("B")
        self._owned.append(value)
        values[place] = value
        return memory

    def _text(self, place: int, cells: list[str]) -> int:
        """A value of these texts."""
        key = (place, *cells)
        value = self._texts.get(key)
        if value is None:
            value = self._texts[key] = native_tensor.texts(self._inputs[place][2], cells)
        return value

    def _forget(self) -> None:
        for value in self._texts.values():
            self._api.ReleaseValue(value)
        self._texts.clear()


def fits(forms: Sequence[Form]) -> bool:
    """Whether a lane of these forms is worth its memory: every dimension known, and not many."""
    return sum(SIZES.get(datatype, 16) * prod(shape) for _, datatype, shape in forms) <= LARGEST and all(
        size >= 0 for _, _, shape in forms for size in shape
    )
