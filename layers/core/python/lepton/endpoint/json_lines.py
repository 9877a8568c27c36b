"""JSON lines: an object a row, or an array a row for a model of one input; blank lines are passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lepton.endpoint import document, invocations, oip
from lepton.endpoint.request import InferRequest, Limits
from lepton.errors import InvalidRequest, LeptonError

if TYPE_CHECKING:
    from lepton.model_package.manifest import Signature

_FORM = {True: "dataframe_records", False: "instances"}


def decode(body: bytes, signature: Signature, limits: Limits) -> InferRequest:
    """Raises InvalidRequest (pointer `line N` and what follows in it) or TooLarge."""
    rows: list[Any] = []
    lines: list[int] = []
    for number, line in enumerate(body.split(b"\n"), 1):
        if not line.strip():
            continue
        rows.append(_row(line, number))
        lines.append(number)
        oip.check_rows(len(rows), limits, f"line {number}")
    if not rows:
        raise InvalidRequest("there is no line", pointer="line 1", hint="one JSON object a line")
    form = _FORM[isinstance(rows[0], dict)]
    try:
        return invocations.of_form(form, rows, signature, limits)
    except LeptonError as error:
        error.pointer = _at_line(error.pointer or "", form, lines)
        raise


def _row(line: bytes, number: int) -> Any:
    try:
        return document.read(line)
    except InvalidRequest as error:
        error.pointer = f"line {number}"
        raise


def _at_line(pointer: str, form: str, lines: list[int]) -> str:
    """`/instances/3/age` as the line of the fourth row and `/age`."""
    row, _, rest = pointer.removeprefix(f"/{form}").lstrip("/").partition("/")
    where = f"line {lines[int(row)]}" if row.isdigit() and int(row) < len(lines) else f"line {lines[0]}"
    return f"{where}/{rest}" if rest else where
