"""A tensor off the wire, checked against its TensorSpec: datatype, rank, dimensions, count, values.

`WireTensor.data` is what the body carried for it: a JSON array, flat or nested, or the bytes of a binary tensor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from lepton.endpoint import binary, document
from lepton.endpoint.buffers import FLOATS, Tensor
from lepton.endpoint.casts import castable
from lepton.endpoint.document import at
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.model_package.manifest import TensorSpec

LARGEST = 2**31 - 1  # of a dimension


@dataclass(frozen=True, slots=True)
class WireTensor:
    """One input as the body has it. `pointer` leads to it in the body; `bare`: what stands there is the data alone;
    `rowwise`: what stands there are rows, with the data's under its name in each."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    data: list[Any] | memoryview
    pointer: str
    bare: bool = False
    rowwise: bool = False

    def place(self, member: str, *steps: int) -> str:
        """The pointer to a member (name, datatype, shape, data), or to an element of its data."""
        if self.rowwise:
            return self.pointer + (at(steps[0], self.name, *steps[1:]) if steps else "")
        return self.pointer + at(*(() if self.bare else (member,)), *steps)

    @property
    def size_pointer(self) -> str:
        """Where the body says how many bytes a binary tensor has."""
        return self.pointer if self.bare else self.pointer + "/parameters/binary_data_size"


def decoded(tensor: WireTensor, spec: TensorSpec, warnings: list[str]) -> Tensor:
    """The tensor, of the spec's datatype and its own shape; what is only warned of is added. Raises InvalidRequest."""
    _check_datatype(tensor, spec)
    _check_shape(tensor, spec)
    if isinstance(tensor.data, memoryview):
        raw = binary.tensor(tensor.name, tensor.datatype, tensor.shape, tensor.data, tensor.size_pointer)
        if _as_it_is(tensor.datatype, spec):
            return raw
        return _judged(tensor, raw, spec, warnings)
    return _judged(tensor, flattened(tensor), spec, warnings)


def _as_it_is(datatype: str, spec: TensorSpec) -> bool:
    """Whether every such binary value is one that the model takes."""
    free = spec.minimum is None and spec.maximum is None
    return datatype == spec.datatype and datatype not in FLOATS and datatype != "BYTES" and free


def _judged(tensor: WireTensor, given: Tensor | list[Any], spec: TensorSpec, warnings: list[str]) -> Tensor:
    from lepton.endpoint import bounds, values

    if isinstance(given, Tensor) and given.datatype != "BYTES":
        flat, wrong = values.converted(given.array().reshape(-1), tensor.datatype, spec)
    else:
        cells = given.data if isinstance(given, Tensor) else given
        flat, wrong = values.column(cells, tensor.datatype, spec)  # type: ignore[arg-type]  # BYTES lies in a list
    if wrong:
        index = min(wrong)
        raise _misfit(tensor, index, wrong[index])
    warnings += bounds.warnings(flat, spec)
    return Tensor.of(spec.datatype, flat.reshape(tensor.shape))


def flattened(tensor: WireTensor) -> list[Any]:
    """The data in row-major order; nested data must be nested as the shape says. Raises InvalidRequest."""
    assert isinstance(tensor.data, list)  # noqa: S101  # bytes do not come here
    data = tensor.data
    if data and isinstance(data[0], list):
        data = _unnested(tensor)
    count = math.prod(tensor.shape)
    if len(data) != count:
        raise InvalidRequest(
            f"{tensor.name!r} has {len(data)} elements, its shape {_shown(tensor.shape)} asks for {count}",
            pointer=tensor.place("data"),
        )
    return data


def shape_of(nested: Any) -> tuple[int, ...]:
    """The shape that nested arrays have along their first elements."""
    shape: list[int] = []
    while isinstance(nested, list):
        shape.append(len(nested))
        nested = nested[0] if nested else None
    return tuple(shape)


def checked_shape(value: Any, pointer: str) -> tuple[int, ...]:
    """The value as a shape. Raises InvalidRequest."""
    for position, size in enumerate(document.array(value, pointer, "shape")):
        if type(size) is not int or not 0 <= size <= LARGEST:
            raise InvalidRequest(
                f"a dimension is an integer from 0 to {LARGEST}",
                pointer=pointer + at(position),
                hint=f"got {str(size)[:20]}",
            )
    return tuple(value)


def _check_datatype(tensor: WireTensor, spec: TensorSpec) -> None:
    if not castable(tensor.datatype, spec.datatype):
        raise InvalidRequest(
            f"{tensor.name!r} is {tensor.datatype}, the model takes {spec.datatype}",
            pointer=tensor.place("datatype"),
            hint="casts that could change a value are not made here",
        )


def _check_shape(tensor: WireTensor, spec: TensorSpec) -> None:
    pointer = tensor.place("shape")
    wanted = f"the model takes {list(spec.shape)}, where -1 is any size"
    if len(tensor.shape) != len(spec.shape):
        raise InvalidRequest(
            f"{tensor.name!r} has shape {_shown(tensor.shape)}: {len(tensor.shape)} dimensions, not {len(spec.shape)}",
            pointer=pointer,
            hint=wanted,
        )
    for position, (given, size) in enumerate(zip(tensor.shape, spec.shape, strict=True)):
        if size not in (-1, given):
            raise InvalidRequest(
                f"{tensor.name!r} has {given} in dimension {position}, not {size}", pointer=pointer, hint=wanted
            )
        if given == 0:
            raise InvalidRequest(f"{tensor.name!r} has no elements: dimension {position} is 0", pointer=pointer)


def _unnested(tensor: WireTensor) -> list[Any]:
    level: list[Any] = [tensor.data]
    for size in tensor.shape:
        for part in level:
            if not isinstance(part, list) or len(part) != size:
                raise InvalidRequest(
                    f"the nesting of {tensor.name!r} does not follow its shape {_shown(tensor.shape)}",
                    pointer=tensor.place("data"),
                    hint="nest it as the shape says, or send it flat in row-major order",
                )
        level = list(chain.from_iterable(level))
    return level


def _shown(shape: tuple[int, ...]) -> str:
    return str(list(shape)) if len(shape) <= 8 else f"{list(shape[:8])} and {len(shape) - 8} more"


def _misfit(tensor: WireTensor, index: int, reason: str) -> InvalidRequest:
    if isinstance(tensor.data, memoryview):
        return InvalidRequest(f"element {index}: {reason}", pointer=tensor.pointer)
    return InvalidRequest(reason, pointer=tensor.place("data", *_place(tensor.data, tensor.shape, index)))


def _place(data: list[Any], shape: tuple[int, ...], index: int) -> tuple[int, ...]:
    """The steps to element `index` of the flat data, as the body nests it."""
    if not isinstance(data[0], list):
        return (index,)
    steps: list[int] = []
    for size in reversed(shape):
        index, step = divmod(index, size)
        steps.append(step)
    return tuple(reversed(steps))
