"""What a caller has, as the tensors of a request: lists, rows, or NumPy arrays, against the model's metadata.

NumPy is not needed: an array that comes in has brought it along.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lepton.client.records.serving import ModelMetadata, TensorMetadata
from lepton.errors import InvalidRequest

# The datatype that a NumPy array is sent as, by its kind and size in bytes.
_DATATYPES = {
    **{f"f{size}": f"FP{size * 8}" for size in (2, 4, 8)},
    **{f"i{size}": f"INT{size * 8}" for size in (1, 2, 4, 8)},
    **{f"u{size}": f"UINT{size * 8}" for size in (1, 2, 4, 8)},
    "b1": "BOOL",
}


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input, ready to be sent. `array` is the NumPy array, C-ordered, little-endian, where there is one."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: Sequence[Any]
    array: Any = None

    def raw(self) -> bytes | None:
        """The bytes of the binary tensor extension; None for what has none here (text)."""
        return None if self.array is None else bytes(self.array.tobytes())


def tensors(inputs: Any, metadata: ModelMetadata) -> tuple[list[Tensor], tuple[str, ...]]:
    """The tensors, and the columns that the model does not use. Raises InvalidRequest for what is missing."""
    specs = metadata["inputs"]
    columns, ignored = _columns(inputs, specs)
    known = {spec["name"]: spec for spec in specs}
    if unknown := [name for name in columns if name not in known]:
        raise InvalidRequest(
            f"the model has no input {unknown[0]!r}", pointer=f"/{unknown[0]}", hint=f"it takes {', '.join(known)}"
        )
    if missing := [name for name in known if name not in columns]:
        raise InvalidRequest(f"missing input: {', '.join(missing)}", pointer=f"/{missing[0]}")
    return [_tensor(columns[name], spec) for name, spec in known.items()], ignored


def _columns(inputs: Any, specs: list[TensorMetadata]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Named columns from columns, a data frame, rows, or the one input of a model that has one."""
    if hasattr(inputs, "to_dict") and hasattr(inputs, "columns"):
        inputs = {str(name): inputs[name].to_numpy() for name in inputs.columns}
        return _used(inputs, specs)
    if isinstance(inputs, Mapping):
        return inputs, ()
    if isinstance(inputs, Sequence) and inputs and all(isinstance(row, Mapping) for row in inputs):
        return _used(_transposed(inputs, [spec["name"] for spec in specs]), specs)
    if len(specs) == 1:
        return {specs[0]["name"]: inputs}, ()
    names = ", ".join(spec["name"] for spec in specs)
    raise InvalidRequest("several inputs, and none of them named", hint=f"give a mapping or rows with: {names}")


def _used(columns: Mapping[str, Any], specs: list[TensorMetadata]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Columns of a table that the model does not use are left out, and named: ids and the target travel with it."""
    known = {spec["name"] for spec in specs}
    return (
        {name: value for name, value in columns.items() if name in known},
        tuple(name for name in columns if name not in known),
    )


def _transposed(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = {name: [] for name in (*names, *rows[0])}
    for number, row in enumerate(rows):
        for name, column in columns.items():
            if name not in row:
                raise InvalidRequest(f"row {number} has no {name!r}", pointer=f"/{number}/{name}")
            column.append(row[name])
    return columns


def _tensor(value: Any, spec: TensorMetadata) -> Tensor:
    if hasattr(value, "dtype") and hasattr(value, "tobytes"):
        return _of_array(value, spec)
    shape: list[int] = []
    flat = _flat(value, shape, 0, spec["name"])
    size = _fitted(tuple(shape), spec)
    kinds = set(map(type, flat)) - {type(None)}
    datatype = "BOOL" if kinds == {bool} and spec["datatype"] != "BYTES" else spec["datatype"]
    return Tensor(spec["name"], datatype, size, [_plain(one) for one in flat])


def _of_array(array: Any, spec: TensorMetadata) -> Tensor:
    datatype = _DATATYPES.get(f"{array.dtype.kind}{array.dtype.itemsize}", spec["datatype"])
    shape = _fitted(tuple(int(size) for size in array.shape), spec)
    if array.dtype.kind not in "fiub":
        return Tensor(spec["name"], datatype, shape, [_plain(one) for one in array.reshape(-1).tolist()])
    ordered = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
    return Tensor(spec["name"], datatype, shape, _Lazy(ordered), ordered)


class _Lazy(Sequence[Any]):
    """The values of an array, made when JSON asks for them: sent as bytes, they never are."""

    def __init__(self, array: Any) -> None:
        self._array = array

    def __len__(self) -> int:
        return int(self._array.size)

    def __getitem__(self, index: Any) -> Any:
        return self.listed()[index]

    def listed(self) -> list[Any]:
        return [_plain(one) for one in self._array.reshape(-1).tolist()]


def listed(tensor: Tensor) -> list[Any]:
    """The values as JSON has them."""
    return tensor.values.listed() if isinstance(tensor.values, _Lazy) else list(tensor.values)


def _plain(value: Any) -> Any:
    """A missing number is null in JSON; a NumPy scalar is what it holds."""
    if hasattr(value, "item") and not isinstance(value, str | bytes):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.decode() if isinstance(value, bytes) else value


def _fitted(shape: tuple[int, ...], spec: TensorMetadata) -> tuple[int, ...]:
    """A column is [n, 1] on the wire: [n] is meant to be that, and a single value to be one row."""
    wanted = spec["shape"]
    if not shape:
        shape = (1,)
    if len(shape) != len(wanted) - 1:
        return shape
    is_one = all(size in (-1, given) for size, given in zip(wanted[1:], shape, strict=True))
    return (*shape, 1) if wanted[-1] == 1 and not is_one else (1, *shape)


def _flat(value: Any, shape: list[int], depth: int, name: str) -> list[Any]:
    """The values in row-major order; `shape` gets the size of each dimension. Raises InvalidRequest when ragged."""
    if not isinstance(value, list | tuple):
        if len(shape) > depth:
            raise _ragged(name)
        return [value]
    if depth == len(shape):
        shape.append(len(value))
    elif shape[depth] != len(value):
        raise _ragged(name)
    made: list[Any] = []
    for number, one in enumerate(value):
        if number and depth + 1 == len(shape) and isinstance(one, list | tuple):
            raise _ragged(name)
        made += _flat(one, shape, depth + 1, name)
    return made


def _ragged(name: str) -> InvalidRequest:
    return InvalidRequest(f"the lists of {name!r} are not all of one length", pointer=f"/{name}")
