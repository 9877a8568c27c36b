"""Values off the wire into one NumPy column of the signature's datatype, or the reason for each that does not fit.

Casts that are made without asking, from the declared datatype to the signature's:
    same to same; any float to any float (rounded to nearest, as JSON's own decimals are; never to infinity);
    any integer or BOOL to any number when this very value is exactly representable there.
Refused: float to integer, anything to BOOL but BOOL, anything to or from BYTES. A missing value (null) is NaN in a
float input and "" in a BYTES input, when the input is nullable; nothing else holds a missing value.

There are two paths with one result: whole columns at C speed, and cell by cell once something in it does not fit.
"""

from __future__ import annotations

import math
from operator import countOf
from typing import TYPE_CHECKING, Any

import numpy as np

from lepton.endpoint import bounds
from lepton.endpoint.arrays import NUMPY
from lepton.endpoint.buffers import FLOATS, INTEGERS
from lepton.endpoint.casts import castable
from lepton.endpoint.document import kind
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.model_package.manifest import TensorSpec

__all__ = ["FLOATS", "INTEGERS", "castable", "cell", "column", "converted", "takes_missing"]

_MANTISSA = {"FP16": 11, "FP32": 24, "FP64": 53}  # bits: every integer up to 2**bits is exact
_PYTHON: dict[str, frozenset[type]] = {
    **dict.fromkeys(FLOATS, frozenset({int, float})),
    **dict.fromkeys(INTEGERS, frozenset({int})),
    "BOOL": frozenset({bool}),
    "BYTES": frozenset({str}),
}
_SAID = {"BOOL": "true or false", "BYTES": "a string"} | dict.fromkeys(INTEGERS, "an integer")


def column(values: list[Any], declared: str, spec: TensorSpec) -> tuple[Array, dict[int, str]]:
    """The values as one flat array, and {index: reason} for those that do not fit (their place holds a filler)."""
    whole = _strings(values, spec) if spec.datatype == "BYTES" else _numbers(values, declared, spec)
    if whole is not None:
        return whole, bounds.outside(whole, spec)
    return _one_by_one(values, declared, spec)


def converted(given: Array, declared: str, spec: TensorSpec) -> tuple[Array, dict[int, str]]:
    """A flat array that was sent as one, likewise. NaN is a missing value; infinity needs the signature's leave."""
    if declared in FLOATS:
        with np.errstate(over="ignore"):
            made = given.astype(NUMPY[spec.datatype], copy=False)
        fits = np.isfinite(made)
        if not fits.all():
            fits |= np.isnan(given) & takes_missing(spec) | np.isinf(given) & spec.infinity
    else:
        made = given.astype(NUMPY[spec.datatype], copy=False)
        same = declared in (spec.datatype, "BOOL") or _exact(given, spec.datatype)
        fits = np.True_ if same else np.array([_holds(one, spec.datatype) for one in given.tolist()])
    if fits.all():
        return made, bounds.outside(made, spec)
    wrong = {int(at): _misfit(given[at].item(), spec) for at in np.flatnonzero(~fits)[:1000]}
    return made, bounds.outside(made, spec) | wrong


def takes_missing(spec: TensorSpec) -> bool:
    return spec.nullable and (spec.datatype in FLOATS or spec.datatype == "BYTES")


def _strings(values: list[Any], spec: TensorSpec) -> Array | None:
    kinds = set(map(type, values))
    if kinds != {str}:
        if not (spec.nullable and kinds <= {str, type(None)}):
            return None
        values = ["" if value is None else value for value in values]
    distinct = set(values)
    if ("" in distinct and not spec.nullable) or not _known(distinct, spec) or not _encodes("".join(distinct)):
        return None
    made = np.empty(len(values), dtype=object)
    made[:] = values
    return made


def _numbers(values: list[Any], declared: str, spec: TensorSpec) -> Array | None:
    missing = False
    if declared not in FLOATS or countOf(map(type, values), float) != len(values):
        kinds = set(map(type, values))
        missing = type(None) in kinds and takes_missing(spec) and declared in FLOATS
        if not kinds - ({type(None)} if missing else set()) <= _PYTHON[declared]:
            return None
    try:
        if declared in FLOATS:
            return _floats(values, declared, spec, missing)
        given = np.array(values, dtype=NUMPY[declared])
    except OverflowError:
        return None
    exact = declared in (spec.datatype, "BOOL") or _exact(given, spec.datatype)
    return given.astype(NUMPY[spec.datatype]) if exact else None


def _floats(values: list[Any], declared: str, spec: TensorSpec, missing: bool) -> Array | None:
    first = spec.datatype if declared == "FP64" else declared
    with np.errstate(over="ignore"):
        given = np.array(
            [math.nan if value is None else value for value in values] if missing else values, NUMPY[first]
        )
        made = given.astype(NUMPY[spec.datatype], copy=False)
    fits = np.isfinite(made) | np.isnan(given) if missing else np.isfinite(made)
    return made if fits.all() else None


def _exact(given: Array, wanted: str) -> bool:
    if not given.size:
        return True
    low, high = int(given.min()), int(given.max())
    if wanted in FLOATS:
        return -_bound(wanted) <= low and high <= _bound(wanted)
    info = np.iinfo(NUMPY[wanted])
    return int(info.min) <= low and high <= int(info.max)


def _bound(wanted: str) -> int:
    return 1 << _MANTISSA[wanted]


def _holds(value: int, wanted: str) -> bool:
    """Whether the datatype has this very integer."""
    try:
        return int(NUMPY[wanted].type(value)) == value
    except OverflowError:
        return False


def _misfit(value: Any, spec: TensorSpec) -> str:
    if isinstance(value, float) and math.isnan(value):
        return f"{spec.name!r} is NaN: a value is needed"
    return f"{spec.name!r} is {str(value)[:40]}, which {spec.datatype} does not hold here"


def _one_by_one(values: list[Any], declared: str, spec: TensorSpec) -> tuple[Array, dict[int, str]]:
    made = np.empty(len(values), dtype=NUMPY[spec.datatype])
    wrong: dict[int, str] = {}
    for index, value in enumerate(values):
        try:
            made[index] = cell(value, declared, spec)
            if reason := bounds.reason(made[index], spec):
                wrong[index] = reason
        except InvalidRequest as error:
            wrong[index] = error.message
            made[index] = "" if spec.datatype == "BYTES" else 0
    return made, wrong


def cell(value: Any, declared: str, spec: TensorSpec) -> Any:
    """One value of the signature's datatype. Raises InvalidRequest with the reason."""
    if value is None:
        if not takes_missing(spec):
            why = "a value is needed" if not spec.nullable else f"{spec.datatype} holds no missing value"
            raise InvalidRequest(f"{spec.name!r} is missing: {why}")
        return "" if spec.datatype == "BYTES" else math.nan
    if type(value) not in _PYTHON[declared]:
        shown = f"{value[:40]!r}" if isinstance(value, str) else kind(value)
        raise InvalidRequest(f"{spec.name!r} is {shown}, not {_SAID.get(declared, 'a number')}")
    return _string(value, spec) if spec.datatype == "BYTES" else _number(value, declared, spec)


def _string(value: str, spec: TensorSpec) -> str:
    if not value and not spec.nullable:
        raise InvalidRequest(f"{spec.name!r} is empty: a value is needed")
    if not _encodes(value):
        raise InvalidRequest(f"{spec.name!r} is not Unicode text: half of a surrogate pair")
    if value and not _known({value}, spec):
        seen = ", ".join((spec.categories or ())[:10])
        raise InvalidRequest(f"{spec.name!r} is {value[:40]!r}, which the model does not know: {seen}")
    return value


def _number(value: Any, declared: str, spec: TensorSpec) -> Any:
    out = InvalidRequest(f"{spec.name!r} is {str(value)[:40]}, which {spec.datatype} does not hold")
    if declared in INTEGERS:
        info = np.iinfo(NUMPY[declared])
        if not int(info.min) <= value <= int(info.max):
            raise InvalidRequest(f"{spec.name!r} is {str(value)[:40]}, which is no {declared}")
    try:
        with np.errstate(over="ignore"):
            made = NUMPY[spec.datatype].type(NUMPY[declared].type(value) if declared in FLOATS else value)
    except OverflowError as error:
        raise out from error
    if spec.datatype in FLOATS and not np.isfinite(made):
        raise out
    if declared not in FLOATS and int(made) != int(value):
        raise InvalidRequest(f"{spec.name!r} is {value}, which {spec.datatype} does not hold exactly")
    return made


def _known(distinct: set[str], spec: TensorSpec) -> bool:
    return not spec.closed or spec.categories is None or distinct - {""} <= set(spec.categories)


def _encodes(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
