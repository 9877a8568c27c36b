"""CSV in pieces and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.rows import merged, pieces, predictions
from lepton.errors import InvalidRequest

CELLS = st.text(alphabet="abc ,\"\n'1", max_size=8)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


@given(st.lists(CELLS, max_size=30), st.integers(1, 7))
def test_pieces_hold_every_row_once_and_in_order(cells: list[str], rows: int) -> None:
    text = "x\n" + "".join(_quoted(cell) + "\n" for cell in cells)
    found = list(pieces(text, rows=rows))
    assert "x\n" + "".join(piece.body.decode().removeprefix("x\n") for piece in found) == text


def test_a_quoted_newline_stays_inside_its_row_and_counts_as_a_line() -> None:
    first, second = pieces('x,y\n"a\nb",1\nc,2\n', rows=1)
    assert first.body == b'x,y\n"a\nb",1\n'
    assert second.pointer("line 2", "rows.csv") == "rows.csv:4"


def test_a_pointer_into_the_header_stays_on_the_header() -> None:
    *_, last = pieces("x\n1\n2\n", rows=1)
    assert last.pointer("line 1", "rows.csv") == "rows.csv:1"
    assert last.pointer("/inputs", "rows.csv") == "/inputs"


def test_a_header_alone_is_one_piece_for_the_api_to_judge() -> None:
    assert [piece.body for piece in pieces("x,y\n")] == [b"x,y\n"]


def test_an_empty_file_has_no_header() -> None:
    with pytest.raises(InvalidRequest, match="no header"):
        list(pieces(""))


def test_pieces_keep_to_the_size() -> None:
    assert len(list(pieces("x\n" + "aaaa\n" * 10, size=10))) == 5


def test_tensors_are_joined_along_the_batch() -> None:
    one = {"model_name": "m", "outputs": [{"name": "p", "shape": [1, 2], "data": [0.1, 0.9]}]}
    two = {"model_name": "m", "outputs": [{"name": "p", "shape": [2, 2], "data": [0.2, 0.8, 0.3, 0.7]}]}
    whole = merged([one, two])
    assert whole["outputs"][0]["shape"] == [3, 2]
    assert predictions(whole) == (["p"], [[[0.1, 0.9]], [[0.2, 0.8]], [[0.3, 0.7]]])
