"""A tensor as it lies in memory, without NumPy: that is asked for only by whoever wants an array of it."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]
    Buffer: TypeAlias = bytes | bytearray | memoryview

# struct's letter and the size in bytes of one element; a BYTES element has neither.
FORMATS = {
    **{"BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q"},
    **{"INT8": "b", "INT16": "h", "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d"},
}
SIZES = {
    **{"BOOL": 1, "UINT8": 1, "UINT16": 2, "UINT32": 4, "UINT64": 8},
    **{"INT8": 1, "INT16": 2, "INT32": 4, "INT64": 8, "FP16": 2, "FP32": 4, "FP64": 8},
}
DATATYPES = (*SIZES, "BYTES")
FLOATS = frozenset({"FP16", "FP32", "FP64"})
INTEGERS = frozenset({"UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"})


class Tensor:
    """Row-major. `data`: little-endian elements, aligned to their size; a list of str when the datatype is BYTES."""

    __slots__ = ("_array", "data", "datatype", "shape")

    def __init__(self, datatype: str, shape: tuple[int, ...], data: Buffer | list[str]) -> None:
        self.datatype = datatype
        self.shape = shape
        self.data = data
        self._array: Array | None = None

    @classmethod
    def of(cls, datatype: str, array: Array) -> Tensor:
        """Of an array of that datatype; its memory is shared. BYTES: an object array of str."""
        if datatype == "BYTES":
            made = cls(datatype, array.shape, array.reshape(-1).tolist())
        else:
            import numpy as np

            flat = np.ascontiguousarray(array).reshape(-1)
            made = cls(datatype, array.shape, flat.view(np.uint8).data)
        made._array = array
        return made

    def flat(self) -> list[Any]:
        """The elements as Python has them, in row-major order."""
        if isinstance(self.data, list):
            return self.data
        size, letter = SIZES[self.datatype], FORMATS[self.datatype]
        view: Any = memoryview(self.data)
        if size > 2 and view.format == "B":  # native order: the processors that this runs on are little-endian
            listed: list[Any] = view.cast(letter).tolist()
            return listed
        return list(struct.unpack(f"<{view.nbytes // size}{letter}", view))

    def array(self) -> Array:
        """As NumPy has it, sharing the memory. BYTES: an object array of str."""
        if self._array is None:
            import numpy as np

            from lepton.endpoint.arrays import NUMPY

            if isinstance(self.data, list):
                flat = np.empty(len(self.data), dtype=object)
                flat[:] = self.data
            else:
                flat = np.frombuffer(self.data, dtype=NUMPY[self.datatype])
            self._array = flat.reshape(self.shape)
        return self._array


class Codes(Tensor):
    """BYTES as places in a list of texts: many rows of a few texts, without an object for each. `codes` is flat."""

    __slots__ = ("codes", "texts")

    def __init__(self, codes: Array, texts: tuple[str, ...]) -> None:
        super().__init__("BYTES", (len(codes), 1), [])
        self.codes = codes
        self.texts = texts

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, rows: Any) -> Codes:
        """Some of the rows, as NumPy picks them."""
        return Codes(self.codes[rows], self.texts)

    def flat(self) -> list[Any]:
        return [self.texts[code] for code in self.codes.tolist()]

    def array(self) -> Array:
        import numpy as np

        return np.array(self.texts, dtype=object)[self.codes].reshape(self.shape)


class Tensors(Mapping[str, "Array"]):
    """Tensors by name; read as a mapping they are arrays, which costs NumPy. `tensors` are what they are made of."""

    __slots__ = ("tensors",)

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self.tensors = tensors

    def __getitem__(self, name: str) -> Array:
        return self.tensors[name].array()

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)
