"""Bodies as other servers take them: MLflow's four forms and CSV."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lepton.endpoint import document, oip, tables
from lepton.endpoint.document import at
from lepton.endpoint.request import InferRequest, Limits
from lepton.endpoint.tables import Misfit
from lepton.endpoint.tensors import WireTensor, shape_of
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.model_package.manifest import Signature

_FORMS = ("dataframe_records", "dataframe_split", "instances", "inputs")
_ALLOWED = frozenset({*_FORMS, "params", "parameters", "id"})
_SPLIT = frozenset({"columns", "data", "index"})


def decode(body: Any, signature: Signature, limits: Limits) -> InferRequest:
    """The parsed body, in whichever form it is, as a request. Raises InvalidRequest or TooLarge."""
    if isinstance(body, dict) and _is_oip(body.get("inputs")):
        return oip.decode(body, signature, limits)
    given = document.members(body, _ALLOWED, "", "an invocation")
    forms = [form for form in _FORMS if form in given]
    if len(forms) != 1:
        found = " and ".join(forms) or "none of them"
        raise InvalidRequest(f"one form is needed, there is {found}", pointer="", hint="one of " + ", ".join(_FORMS))
    request = of_form(forms[0], given[forms[0]], signature, limits)
    asked = _parameters(given)
    if not asked and given.get("id") is None:
        return request
    request_id = document.text(given["id"], "/id", "id") if given.get("id") is not None else None
    return replace(request, id=request_id, parameters=asked)


def of_form(form: str, value: Any, signature: Signature, limits: Limits) -> InferRequest:
    """What stands under the name of a form. Raises InvalidRequest or TooLarge."""
    return {
        "dataframe_records": _records,
        "dataframe_split": _split,
        "instances": _instances,
        "inputs": _inputs,
    }[form](value, at(form), signature, limits)


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """`params` (MLflow's name) and `parameters` (the protocol's) as one."""
    found: dict[str, Any] = {}
    for member in ("params", "parameters"):
        if given.get(member) is not None:
            found |= document.members(given[member], None, at(member), member)
    return found


def decode_csv(text: str, signature: Signature, limits: Limits) -> InferRequest:
    """A CSV with a header line. Raises InvalidRequest (pointer `line N`) or TooLarge."""
    from lepton.dataset.text import Lines
    from lepton.endpoint import csv_text

    lines = Lines(io.StringIO(text, newline=""), limits.body_bytes)
    table = csv_text.read(lines, [spec.name for spec in signature.inputs])
    ignored = tables.check_columns(table.header, signature, "line 1")
    found = []
    for record in table.rows:
        if fault := table.fault(record):
            raise InvalidRequest(fault, pointer=f"line {record.line}")
        found.append(record)
        oip.check_rows(len(found), limits, f"line {record.line}")
    if not found:
        raise InvalidRequest("there is no row under the header", pointer="line 2")
    columns = dict(zip(table.header, zip(*(record.cells for record in found), strict=True), strict=True))

    def place(bad: Misfit) -> str:
        return f"line {found[bad.row].line}"

    return tables.request(columns, signature, tables.from_text, place, ignored)


def _is_oip(inputs: Any) -> bool:
    return isinstance(inputs, list) and bool(inputs) and isinstance(inputs[0], dict) and "datatype" in inputs[0]


def _records(value: Any, pointer: str, signature: Signature, limits: Limits) -> InferRequest:
    records = document.array(value, pointer, "records")
    if not records:
        raise InvalidRequest("there is no record", pointer=pointer)
    oip.check_rows(len(records), limits, pointer)
    ignored: dict[str, None] = {}
    for row, record in enumerate(records):
        if not isinstance(record, dict):
            raise InvalidRequest(f"a record is {document.kind(record)}, not an object", pointer=pointer + at(row))
        ignored |= dict.fromkeys(tables.check_columns(list(record), signature, pointer + at(row)))
    columns = {spec.name: [record[spec.name] for record in records] for spec in signature.inputs}

    def place(bad: Misfit) -> str:
        return pointer + at(bad.row, bad.column)

    return tables.request(columns, signature, tables.as_given, place, ignored)


def _split(value: Any, pointer: str, signature: Signature, limits: Limits) -> InferRequest:
    given = document.members(value, _SPLIT, pointer, "dataframe_split")
    names = document.array(given.get("columns"), pointer + "/columns", "columns")
    for position, name in enumerate(names):
        document.text(name, pointer + at("columns", position), "a column's name")
    rows = document.array(given.get("data"), pointer + "/data", "data")
    ignored = tables.check_columns(names, signature, pointer + "/columns")
    if not rows:
        raise InvalidRequest("there is no row", pointer=pointer + "/data")
    oip.check_rows(len(rows), limits, pointer + "/data")
    for row, cells in enumerate(rows):
        if not isinstance(cells, list) or len(cells) != len(names):
            raise InvalidRequest(f"a row is not an array of {len(names)} cells", pointer=pointer + at("data", row))
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))

    def place(bad: Misfit) -> str:
        return pointer + at("data", bad.row, names.index(bad.column))

    return tables.request(columns, signature, tables.as_given, place, ignored)


def _instances(value: Any, pointer: str, signature: Signature, limits: Limits) -> InferRequest:
    instances = document.array(value, pointer, "instances")
    if instances and isinstance(instances[0], dict):
        if tables.is_table(signature):
            return _records(_bare(instances), pointer, signature, limits)
        return _tensors(_stacked(instances, pointer), pointer, signature, limits, rowwise=True)
    return _single(instances, pointer, signature, limits)


def _inputs(value: Any, pointer: str, signature: Signature, limits: Limits) -> InferRequest:
    if not isinstance(value, dict):
        return _single(document.array(value, pointer, "inputs"), pointer, signature, limits)
    if not tables.is_table(signature):
        return _tensors(value, pointer, signature, limits)
    ignored = tables.check_columns(list(value), signature, pointer)
    columns = {spec.name: _column(value[spec.name], pointer + at(spec.name)) for spec in signature.inputs}
    counts = {name: len(cells) for name, cells in columns.items()}
    rows = next(iter(counts.values()))
    for name, count in counts.items():
        if count != rows or not count:
            raise InvalidRequest(f"{name!r} has {count} rows, the first column has {rows}", pointer=pointer + at(name))
    oip.check_rows(rows, limits, pointer)

    def place(bad: Misfit) -> str:
        return pointer + at(bad.column, bad.row)

    return tables.request(columns, signature, tables.as_given, place, ignored)


def _column(value: Any, pointer: str) -> list[Any]:
    cells = document.array(value, pointer, "a column")
    if cells and all(isinstance(cell, list) and len(cell) == 1 for cell in cells):
        return [cell[0] for cell in cells]
    return cells


def _bare(instances: list[Any]) -> list[Any]:
    """Rows whose cells may be arrays of one, as a column of shape [-1, 1] has them."""
    return [{name: _cell(cell) for name, cell in one.items()} if isinstance(one, dict) else one for one in instances]


def _cell(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _stacked(instances: list[Any], pointer: str) -> dict[str, list[Any]]:
    """Rows of named values as columns of them."""
    names = list(instances[0])
    for row, one in enumerate(instances):
        if not isinstance(one, dict) or one.keys() != instances[0].keys():
            raise InvalidRequest("an instance has not the names of the first", pointer=pointer + at(row))
    return {name: [one[name] for one in instances] for name in names}


def _single(value: list[Any], pointer: str, signature: Signature, limits: Limits) -> InferRequest:
    """Bare nested arrays: only a model with one input knows what they are."""
    if len(signature.inputs) != 1:
        names = ", ".join(spec.name for spec in signature.inputs[:10])
        raise InvalidRequest(
            f"bare arrays, but the model has {len(signature.inputs)} inputs",
            pointer=pointer,
            hint=f"name them: {names}",
        )
    return _tensors({signature.inputs[0].name: value}, pointer, signature, limits, named=False)


def _tensors(
    given: Mapping[str, Any],
    pointer: str,
    signature: Signature,
    limits: Limits,
    *,
    named: bool = True,
    rowwise: bool = False,
) -> InferRequest:
    """Nested arrays by name; `named`: the body has them under their names, `rowwise`: row by row."""
    specs = {spec.name: spec for spec in signature.inputs}
    wire = []
    for name, value in given.items():
        place = pointer + at(name) if named and not rowwise else pointer
        data = document.array(value, place, "an input")
        shape = shape_of(data)
        if name in specs and specs[name].shape == (-1, 1) and len(shape) == 1:
            shape = (*shape, 1)
        datatype = specs[name].datatype if name in specs else "BYTES"
        wire.append(WireTensor(name, datatype, shape, data, place, bare=True, rowwise=rowwise))
    return oip.of_tensors(wire, signature, limits)


def check_top(request: InferRequest, signature: Signature) -> None:
    """Raises InvalidRequest for a `top_k` that is no number of classes, or of a model without classes."""
    top = request.parameters.get("top_k")
    if top is None:
        return
    if type(top) is not int or top < 1:
        raise InvalidRequest(f"top_k is {str(top)[:40]}, not a number of classes", pointer="/parameters/top_k")
    if not signature.classes or all(spec.name != "probabilities" for spec in signature.outputs):
        raise InvalidRequest("the model has no classes to choose from", pointer="/parameters/top_k")
