"""The one value that every body is decoded into, and the limits that it is held to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lepton.endpoint.arrays import NUMPY
    from lepton.endpoint.buffers import Array
else:

    def __getattr__(name: str) -> Any:
        """NumPy's part of this module is paid for by whoever asks for it."""
        if name == "NUMPY":
            from lepton.endpoint.arrays import NUMPY

            return NUMPY
        if name == "Array":
            return Any
        raise AttributeError(name)


__all__ = ["NUMPY", "Array", "InferAnswer", "InferRequest", "Limits", "Wish"]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may ask for. Lambda takes and gives at most 6 MB a call, base64 included."""

    body_bytes: int = 6_000_000
    answer_bytes: int = 6_000_000
    rows: int = 10_000
    pixels: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """How an output was asked for. `binary` None: as `InferRequest.binary` says; `top`: the k best classes of it."""

    binary: bool | None = None
    top: int | None = None


@dataclass(frozen=True, slots=True)
class InferRequest:
    """Inputs by name, each with `rows` as its first dimension and of the signature's datatype.

    BYTES is an object array of str. `outputs` empty: all of them. `ignored` names columns that came in and that the
    model does not use, `warnings` what the signature only warns of. `binary`: whether outputs go out as bytes where
    their wish does not say (None: as the answer's media type has it); `columnar`: they are wanted column by column.
    `parameters` are the request's own, as they came.
    """

    inputs: Mapping[str, Array]
    rows: int
    id: str | None = None
    outputs: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    wishes: Mapping[str, Wish] = field(default_factory=dict)
    binary: bool | None = None
    columnar: bool = False


@dataclass(frozen=True, slots=True)
class InferAnswer:
    """Outputs by name, in the order asked for."""

    outputs: Mapping[str, Array]
    rows: int
