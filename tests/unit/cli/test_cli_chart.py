"""Braille charts."""

from __future__ import annotations

import math

from cli.chart import Line, draw


def _plain(*lines: Line, width: int = 10, height: int = 4) -> list[str]:
    return [text.plain for text in draw(lines, width=width, height=height)]


def test_a_rising_line_goes_from_the_lower_left_to_the_upper_right() -> None:
    rows = _plain(Line("load", list(range(20)), "cyan"))
    assert rows[0].rstrip()[-1] > "\u2800"
    assert rows[3][4] > "\u2800"
    assert rows[0][4] == " "


def test_the_axis_names_the_largest_value_and_zero() -> None:
    rows = _plain(Line("load", [0.0, 1_250_000.0], "cyan"))
    assert rows[0].startswith("1.25M ┤")
    assert rows[3].startswith("    0 ┤")


def test_a_gap_stays_empty() -> None:
    rows = _plain(Line("load", [1.0] * 8 + [math.nan] * 24 + [1.0] * 8, "cyan"))
    assert rows[0][7:].strip("⠉⠁⠈").strip() == ""
    assert "   " in rows[0][4:].rstrip()


def test_lines_share_the_axes() -> None:
    rows = _plain(Line("past", [4.0, 4.0], "cyan"), Line("next", [2.0, 2.0], "green", 2), width=8)
    assert rows[0].rstrip().count("⠉") <= 4
    assert "past" in rows[-1]
    assert "next" in rows[-1]


def test_nothing_measured_draws_nothing() -> None:
    assert draw([Line("load", [math.nan], "cyan")]) == []
    assert len(draw([Line("load", [0.0, 0.0], "cyan")])) == 11
