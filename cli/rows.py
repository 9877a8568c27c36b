"""A CSV file in pieces that one request carries, and the answers put together again."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from lepton.errors import InvalidRequest

ROWS = 1_000
BYTES = 1_000_000
_DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Piece:
    """The header and some rows. `first_line` is the 1-based line of the file on which its first row begins."""

    body: bytes
    first_line: int
    header_lines: int

    def pointer(self, pointer: str, file: str) -> str:
        """The API's `line LINE` as a line of the whole file; any other pointer as it is."""
        found = re.fullmatch(r"line (\d+)", pointer)
        if not found:
            return pointer
        line = int(found.group(1))
        return f"{file}:{line if line <= self.header_lines else line - self.header_lines + self.first_line - 1}"


def pieces(text: str, *, rows: int = ROWS, size: int = BYTES) -> Iterator[Piece]:
    """At most `rows` records or about `size` bytes each, every one led by the header. Raises InvalidRequest."""
    records = _records(text.splitlines(keepends=True))
    header = next(records, "")
    if not header.strip():
        raise InvalidRequest("there is no header line", hint="the first line names the columns")
    above = header.count("\n")
    lines, held, start = above, [], above + 1
    for record in records:
        lines += record.count("\n")
        held.append(record)
        if len(held) >= rows or sum(map(len, held[-1:])) >= size or len("".join(held)) >= size:
            yield Piece((header + "".join(held)).encode(), start, above)
            held, start = [], lines + 1
    if held or start == above + 1:
        yield Piece((header + "".join(held)).encode(), start, above)


def _records(lines: list[str]) -> Iterator[str]:
    """The file's records as they are written, the newlines inside quotes included."""
    seen: list[str] = []

    def recorded() -> Iterator[str]:
        for line in lines:
            seen.append(line)
            yield line

    delimiter = max(_DELIMITERS, key=lines[0].count) if lines else ","
    reader = csv.reader(recorded(), delimiter=delimiter)
    try:
        for _ in reader:
            yield "".join(seen)
            seen.clear()
    except csv.Error as error:
        raise InvalidRequest(f"not CSV: {error}", pointer=f"line {reader.line_num}") from error


def merged(answers: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """One answer from those of the pieces: predictions one after the other, tensors joined along the batch."""
    whole: dict[str, Any] = {}
    for answer in answers:
        if not whole:
            whole = answer
        elif "predictions" in answer:
            whole["predictions"] = [*whole["predictions"], *answer["predictions"]]
        else:
            whole["outputs"] = [
                _joined(one, other) for one, other in zip(whole["outputs"], answer["outputs"], strict=True)
            ]
    return whole


def _joined(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    shape = [one["shape"][0] + other["shape"][0], *one["shape"][1:]]
    return {**one, "shape": shape, "data": [*one["data"], *other["data"]]}


def predictions(answer: dict[str, Any]) -> tuple[list[str], list[list[Any]]]:
    """Column names and one row for each prediction, of an answer in either form."""
    if "predictions" in answer:
        records = [one if isinstance(one, dict) else {"prediction": one} for one in answer["predictions"]]
        names = list(records[0]) if records else ["prediction"]
        return names, [[record.get(name) for name in names] for record in records]
    outputs = answer["outputs"]
    columns = [_per_row(output) for output in outputs]
    return [output["name"] for output in outputs], [list(row) for row in zip(*columns, strict=True)]


def _per_row(output: dict[str, Any]) -> list[Any]:
    """A tensor's data row by row: flat data of shape [n, c] in n pieces of c."""
    data, shape = output["data"], output["shape"]
    width = 1
    for length in shape[1:]:
        width *= length
    if len(shape) < 2 or len(data) == shape[0]:
        return list(data)
    return [data[start : start + width] for start in range(0, len(data), width)]
