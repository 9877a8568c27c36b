"""What every method gives for one row, and which figure of the answer it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lepton.errors import InvalidRequest
from lepton.explanation.columns import Array
from lepton.explanation.options import Options
from lepton.model_package.manifest import Signature, TensorSpec

# Inputs by name (rows first) to outputs by name.
Run = Callable[[Mapping[str, Array]], Mapping[str, Array]]


@dataclass(frozen=True, slots=True)
class Attribution:
    """base + sum of contributions = value, up to `residual`, which is in the unit of the answer (see `scale`).

    contributions: (players,). error: standard error of each contribution; None where they are exact.
    """

    base: float
    value: float
    contributions: Array
    residual: float
    scale: str
    of_class: str | None
    error: Array | None = None


@dataclass(frozen=True, slots=True)
class Aim:
    """The output that is explained. `width`: how many numbers it has for a row; `classes`: their names, or ()."""

    output: str
    width: int
    classes: tuple[str, ...]
    fixed: int | None

    def index(self, row: Array) -> int:
        """Which number of the row's output: the one asked for, or the largest."""
        return self.fixed if self.fixed is not None else int(row.argmax())

    def name(self, index: int) -> str | None:
        return self.classes[index] if self.classes else None

    def of(self, outputs: Mapping[str, Array]) -> Array:
        """The output of every row, (N, width) float64."""
        array = outputs[self.output]
        made: Array = array.reshape(len(array), -1).astype("float64")
        return made


def aim(signature: Signature, options: Options, pointer: str = "/parameters/explain") -> Aim:
    """Raises InvalidRequest when there is no such output or class, or none that is a number."""
    numeric = {spec.name: spec for spec in signature.outputs if spec.datatype not in ("BYTES", "BOOL")}
    if options.output is not None and options.output not in numeric:
        raise InvalidRequest(
            f"there is no output {options.output[:80]!r} of numbers",
            pointer=f"{pointer}/output",
            hint=", ".join(numeric) or "the model has none",
        )
    if not numeric:
        raise InvalidRequest("the model has no output of numbers: nothing can be explained", pointer=pointer)
    chosen = options.output or ("probabilities" if "probabilities" in numeric else next(iter(numeric)))
    width = _width(numeric[chosen], pointer)
    classes = signature.classes if len(signature.classes) == width and width > 1 else ()
    return Aim(chosen, width, classes, _fixed(options, classes, width, pointer))


def _width(spec: TensorSpec, pointer: str) -> int:
    width = 1
    for size in spec.shape[1:]:
        width *= size
    if width < 1:
        raise InvalidRequest(
            f"output {spec.name!r} has no fixed size: it is not explained", pointer=f"{pointer}/output"
        )
    return width


def _fixed(options: Options, classes: tuple[str, ...], width: int, pointer: str) -> int | None:
    given = options.of_class
    if given is None:
        return 0 if width == 1 else None
    if given in classes:
        return classes.index(given)
    if not classes and given.isdecimal() and int(given) < width:
        return int(given)
    known = ", ".join(classes[:40]) or f"0 to {width - 1}"
    raise InvalidRequest(f"there is no class {given[:80]!r}", pointer=f"{pointer}/class", hint=known)
