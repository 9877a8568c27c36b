"""Lines in a terminal: braille dots, two by four to a character. Pure: values in, text out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

_BLANK = 0x2800
# Bit of each dot of a braille character, [row from the top][column].
_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))


@dataclass(frozen=True, slots=True)
class Line:
    """A named line: evenly spaced values from `start` on the common axis; NaN leaves a gap."""

    name: str
    values: Sequence[float]
    style: str
    start: int = 0


def draw(lines: Sequence[Line], *, width: int = 72, height: int = 10) -> list[Text]:
    """`height` rows of text, the largest value on the left, and a legend under them.

    All lines share both axes, the lower edge is zero; where lines meet, the later one gives the colour.
    """
    shown = [line for line in lines if any(math.isfinite(value) for value in line.values)]
    if not shown:
        return []
    length = max(line.start + len(line.values) for line in shown)
    top = max(value for line in shown for value in line.values if math.isfinite(value)) or 1.0
    canvas = [[_BLANK] * width for _ in range(height)]
    styles = [[""] * width for _ in range(height)]
    for line in shown:
        for x, y in _points(line, length, top, 2 * width, 4 * height):
            canvas[y // 4][x // 2] |= _DOTS[y % 4][x % 2]
            styles[y // 4][x // 2] = line.style
    margin = len(_figure(top))
    rows = [_row(canvas[row], styles[row], _axis(row, height, top, margin)) for row in range(height)]
    return [*rows, _legend(shown, margin)]


def _points(line: Line, length: int, top: float, width: int, height: int) -> list[tuple[int, int]]:
    """Dots of a line: for each column of dots the largest value in it, joined to the one before."""
    columns: dict[int, float] = {}
    for index, value in enumerate(line.values):
        if math.isfinite(value):
            x = min((line.start + index) * width // length, width - 1)
            columns[x] = max(value, columns.get(x, 0.0))
    reach = 2 * width // length + 2
    points: list[tuple[int, int]] = []
    before: tuple[int, int] | None = None
    for x in sorted(columns):
        here = (x, height - 1 - round(min(max(columns[x] / top, 0.0), 1.0) * (height - 1)))
        points += _between(before, here) if before is not None and x - before[0] <= reach else [here]
        before = here
    return points


def _between(start: tuple[int, int], end: tuple[int, int]) -> list[tuple[int, int]]:
    """Dots of a straight line, the first one left out."""
    steps = max(end[0] - start[0], abs(end[1] - start[1]), 1)
    across, down = (end[0] - start[0]) / steps, (end[1] - start[1]) / steps
    return [(start[0] + round(across * step), start[1] + round(down * step)) for step in range(1, steps + 1)]


def _row(codes: list[int], styles: list[str], axis: str) -> Text:
    text = Text(axis, style="dim")
    for code, style in zip(codes, styles, strict=True):
        text.append(chr(code) if code != _BLANK else " ", style=style or "default")
    text.rstrip()
    return text


def _axis(row: int, height: int, top: float, margin: int) -> str:
    figure = {0: _figure(top), height - 1: "0"}.get(row, "")
    return f"{figure:>{margin}} ┤" if figure else f"{'':>{margin}} │"


def _legend(lines: Sequence[Line], margin: int) -> Text:
    text = Text(" " * (margin + 2))
    for line in lines:
        text.append("⠒ ", style=line.style).append(f"{line.name}   ", style="dim")
    return text


def _figure(value: float) -> str:
    for bound, divisor, unit in ((1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if value >= bound:
            return f"{value / divisor:.3g}{unit}"
    return f"{value:.3g}"
