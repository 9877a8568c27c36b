"""JSON lines: one object a line. A key that is absent is a missing cell; what is nested stays JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from lepton.dataset.limits import Limits
from lepton.dataset.quarantine import Quarantine
from lepton.dataset.text import Lines, TextFile, is_storable


class JsonLines:
    """The file as rows. `names` are all keys in the order of their first appearance."""

    def __init__(self, text: TextFile, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self.notes: list[Any] = []
        self.names = self._keys()

    def rows(self, quarantine: Quarantine) -> Iterator[tuple[int, list[str]]]:
        """Each row's line and cells; lines that are not an object go to the quarantine."""
        with self._text.lines(self._limits) as lines:
            for number, raw, value, fault in _values(lines):
                if fault:
                    quarantine.add("not_a_json_object", f"line {number} {fault}", line=number, raw=raw)
                elif not value:
                    quarantine.add("empty_row", f"line {number} holds no value", line=number, raw=raw)
                elif not is_storable("".join(cells := [_cell(value.get(name)) for name in self.names])):
                    told = f"line {number} holds a NUL character or half a surrogate pair"
                    quarantine.add("bad_character", told, line=number, raw=raw)
                else:
                    yield number, cells

    def raw(self, wanted: set[int]) -> Iterator[tuple[int, str]]:
        """The text of the given lines."""
        with self._text.lines(self._limits) as lines:
            yield from ((lines.number, line) for line in lines if lines.number in wanted)

    def _keys(self) -> list[str]:
        names: dict[str, None] = {}
        with self._text.lines(self._limits) as lines:
            for _, _, value, _ in _values(lines):
                if value:
                    names.update(dict.fromkeys(value))
        return list(names)


def _values(lines: Lines) -> Iterator[tuple[int, str, dict[str, Any] | None, str | None]]:
    for line in lines:
        lines.taken()
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield lines.number, line, None, f"is not JSON: {error}"
            continue
        if isinstance(value, dict):
            yield lines.number, line, value, None
        else:
            yield lines.number, line, None, "is not an object: { … } is wanted"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
