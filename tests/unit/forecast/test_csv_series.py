"""CSV text into a series, or a pointer to the line that stands in the way."""

import math

import pytest

from lepton.errors import InvalidRequest
from lepton.forecast.csv_series import series_from_csv

HEAD = "timestamp,requests\n"


def test_blank_counts_and_missing_lines_are_not_measured() -> None:
    text = HEAD + "2026-01-05T00:00Z,1\n2026-01-05T01:00Z,\n2026-01-05T02:00Z,3\n2026-01-05T04:00Z,5\n"
    series, notes = series_from_csv("r", text)
    assert series.step == 3600
    assert [v if v == v else None for v in series.arrivals] == [1, None, 3, None, 5]  # noqa: PLR0124
    assert notes == ("1 lines are missing from the grid of 3600 s: taken as not measured",)
    assert math.isnan(series.arrivals[1])


def test_times_with_an_offset_are_read_and_times_without_are_utc() -> None:
    offset, _ = series_from_csv("r", HEAD + "".join(f"2026-01-05T0{h}:00+02:00,1\n" for h in range(4)))
    naive, notes = series_from_csv("r", HEAD + "".join(f"2026-01-05 0{h}:00:00,1\n" for h in range(4)))
    assert offset.start.isoformat() == "2026-01-04T22:00:00+00:00"
    assert naive.start.isoformat() == "2026-01-05T00:00:00+00:00"
    assert notes == ("times without a zone were read as UTC",)


@pytest.mark.parametrize(
    ("lines", "pointer", "says"),
    [
        (["2026-01-05T00:00Z,1", "2026-01-05T02:00Z,1", "2026-01-05T01:00Z,1"], "csv:4", "does not come after"),
        (["2026-01-05T00:00Z,1", "2026-01-05T01:00,1", "2026-01-05T02:00Z,1"], "csv:3", "are mixed"),
        (["2026-01-05T00:00Z,1", "yesterday,1", "2026-01-05T02:00Z,1"], "csv:3", "is not a time"),
        (["2026-01-05T00:00Z,1", "2026-01-05T01:00Z,many", "2026-01-05T02:00Z,1"], "csv:3", "is not a count"),
        (["2026-01-05T00:00Z,1", "2026-01-05T01:00Z", "2026-01-05T02:00Z,1"], "csv:3", "a line of 1 cells"),
        ([f"2026-01-05T0{h}:00Z,1" for h in range(5)] + ["2026-01-05T05:07Z,1"], "csv:7", "not on the grid"),
        (["2026-01-05T00:00Z,1", "2026-01-05T00:01Z,1"], "/csv", "too short"),
        ([f"2026-01-05T{h * h:02d}:00Z,1" for h in range(5)], "/csv", "not evenly spaced"),
    ],
)
def test_a_bad_line_is_pointed_at(lines: list[str], pointer: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as told:
        series_from_csv("r", HEAD + "\n".join(lines) + "\n")
    assert told.value.pointer == pointer
