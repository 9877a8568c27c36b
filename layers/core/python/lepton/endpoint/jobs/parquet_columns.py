"""One column of a Parquet file into one input: quickly where everything fits, exactly where something may not.

Quickly: numbers are narrowed, and texts that training has seen come as codes into its categories, so that Python makes
no text for each cell. Whatever is in doubt (an overflow, a missing value that may not be, a text that is no category)
has its column read again, exactly: as the same cells would be read in a request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lepton.dataset.column_types import MISSING_TEXTS
from lepton.dataset.staging import literal, quoted
from lepton.endpoint import tables, values
from lepton.endpoint.arrays import DATATYPES
from lepton.endpoint.buffers import Codes
from lepton.endpoint.jobs.batch import Array, Checked, all_misfits, given, reasons
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import TensorSpec

STRIKES = 2  # readings in doubt, after which a column is read exactly at once
_NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")
_FRACTIONS = ("FLOAT", "DOUBLE")
_MISSING = ("", *MISSING_TEXTS)


@dataclass(slots=True)
class Column:
    """`exact` and `quick` are SQL; `odd` (of text): the SQL of what does not fit. `kinds`: the texts of the codes."""

    spec: TensorSpec
    exact: str
    is_text: bool = False
    odd: str | None = None
    quick: str | None = None
    kinds: tuple[str, ...] = ()
    strikes: int = field(default=0)

    def is_quick(self) -> bool:
        return self.quick is not None and self.strikes < STRIKES

    def cells(self, at: int, exactly: bool) -> list[str]:
        """The SQL of the result's columns c{at} and, if it is asked for, o{at}."""
        if not exactly and self.is_quick():
            return [f"{self.quick} AS c{at}"]
        return [f"{self.exact} AS c{at}", *([f"{self.odd} AS o{at}"] if self.odd else [])]

    def quickly(self, cells: Any) -> Array | Codes | None:
        """The column as the input takes it; None when something is in doubt."""
        made = self._kinds(cells) if self.kinds else self._narrowed(cells)
        self.strikes = 0 if made is not None else self.strikes + 1
        return made

    def exactly(self, cells: Any, odd: Any) -> Checked:
        """The column as the input takes it, and why single cells do not fit."""
        spec = self.spec
        if self.is_text and spec.datatype != "BYTES":
            return given(tables.from_text(["" if cell is None else cell for cell in cells], spec), spec)
        if self.is_text:
            rows = np.flatnonzero(odd).tolist() if odd is not None else []
            return cells, reasons(rows, lambda row: cells[row] or None, spec) if rows else {}
        if spec.datatype in values.FLOATS:
            numbers = np.ma.filled(cells, np.nan)
            return all_misfits(lambda part: values.converted(numbers[part], "FP64", spec), len(cells))
        if np.ma.is_masked(cells) or cells.dtype not in DATATYPES:
            return given(cells.tolist(), spec)
        return all_misfits(lambda part: values.converted(cells[part], DATATYPES[cells.dtype], spec), len(cells))

    def _kinds(self, codes: Any) -> Codes | None:
        return None if np.ma.is_masked(codes) else Codes(np.ma.getdata(codes), self.kinds)

    def _narrowed(self, cells: Any) -> Array | None:
        """An overflow comes as infinity."""
        numbers = np.ma.filled(cells, np.nan)
        if np.isinf(numbers).any():
            return None
        made, misfits = values.converted(numbers, "FP32", self.spec)
        return None if misfits else made


def column(spec: TensorSpec, declared: str) -> Column:
    """How a column is read for an input. Raises InvalidRequest when its type cannot mean what is wanted."""
    name = quoted(spec.name)
    if declared == "VARCHAR" and spec.datatype != "BYTES":
        return Column(spec, f"trim({name})", is_text=True)
    if declared == "VARCHAR":
        return _texts(spec, name)
    if spec.datatype in values.FLOATS and (declared in (*_NUMBERS, *_FRACTIONS) or declared.startswith("DECIMAL")):
        return Column(spec, f"{name}::DOUBLE", quick=_narrow(spec, f"{name}::DOUBLE"))
    if spec.datatype in values.FLOATS and declared == "BOOLEAN":
        return Column(spec, f"{name}::TINYINT::DOUBLE")
    if spec.datatype != "BYTES" and (declared == "BOOLEAN" or declared in _NUMBERS):
        return Column(spec, name)
    raise InvalidRequest(
        f"column {spec.name!r} is {declared}, the model takes {spec.datatype}",
        pointer=f"columns/{spec.name}",
        hint="write it as text or as a number",
    )


def _narrow(spec: TensorSpec, sql: str) -> str | None:
    if spec.datatype != "FP32":
        return None
    return f"coalesce(TRY_CAST({sql} AS FLOAT), CASE WHEN {sql} IS NOT NULL THEN 'inf'::FLOAT END)"


def _texts(spec: TensorSpec, name: str) -> Column:
    trimmed = f"trim({name})"
    missing = ", ".join(map(literal, _MISSING))
    exact = f"CASE WHEN {trimmed} IS NULL OR {trimmed} IN ({missing}) THEN '' ELSE {trimmed} END"
    known = [one for one in spec.categories or () if one not in _MISSING and one == one.strip(" ")]
    if not known:
        return Column(spec, exact, is_text=True, odd=_odd(spec, exact))
    kinds = [*known, *(_MISSING if spec.nullable else ())]
    cell = f"coalesce({name}, '')" if spec.nullable else name
    codes = f"enum_code(TRY_CAST({cell} AS ENUM({', '.join(map(literal, kinds))})))"
    texts = (*known, *("" for _ in range(len(kinds) - len(known))))
    return Column(spec, exact, is_text=True, odd=_odd(spec, exact), quick=codes, kinds=texts)


def _odd(spec: TensorSpec, sql: str) -> str | None:
    """The SQL that finds a text that does not fit; None when all of them do."""
    tests = [] if spec.nullable else [f"({sql}) = ''"]
    if spec.closed and spec.categories is not None:
        known = ", ".join(literal(one) for one in ("", *spec.categories))
        tests.append(f"({sql}) NOT IN ({known})")
    return " OR ".join(tests) or None
