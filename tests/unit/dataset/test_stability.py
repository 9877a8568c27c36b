"""What must not depend on chance: splits, versions, the bytes of parts."""

from __future__ import annotations

import string
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lepton.dataset.splits import split_of

WORDS = st.text(string.ascii_letters + string.digits + " äé,;\"'\n", max_size=12)
ROWS = st.lists(st.tuples(WORDS, st.integers(-(10**6), 10**6), WORDS), min_size=3, max_size=30)
QUICK = settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def cell(value):
    text = str(value)
    return '"' + text.replace('"', '""') + '"'


def table(rows, names=("word", "number", "more")):
    lines = [",".join(names), *(",".join(map(cell, row)) for row in rows)]
    return "\n".join(lines) + "\n"


def splits(rows):
    """The split of each row's content, in its textual form."""
    return {tuple(row[name] for name in ("word", "number", "more")): row["_split"] for row in rows}


@QUICK
@given(rows=ROWS, data=st.data())
def test_permuting_rows_never_moves_one_to_another_split(prepare, rows_of, rows, data):
    shuffled = data.draw(st.permutations(rows))
    one, _ = prepare(table(rows))
    other, _ = prepare(table(shuffled))
    assert splits(rows_of(one)) == splits(rows_of(other))
    assert one.splits == other.splits


@QUICK
@given(rows=ROWS, more=ROWS)
def test_adding_rows_never_moves_one_to_another_split(prepare, rows_of, rows, more):
    before, _ = prepare(table(rows))
    after, _ = prepare(table([*more, *rows]))
    larger = splits(rows_of(after))
    assert {key: larger[key] for key in splits(rows_of(before))} == splits(rows_of(before))


@QUICK
@given(rows=ROWS)
def test_same_table_gives_the_same_bytes(prepare, rows):
    one, _ = prepare(table(rows))
    other, _ = prepare(table(rows))
    assert (one.version, one.profile) == (other.version, other.profile)
    assert [file.part for file in one.files] == [file.part for file in other.files]


@QUICK
@given(rows=ROWS)
def test_no_row_is_lost(prepare, rows):
    prepared, quarantine = prepare(table(rows))
    assert prepared.rows + quarantine.total == len(rows)


def test_order_of_columns_moves_no_row(prepare, rows_of):
    rows = [(f"w{at}", at, f"m{at}") for at in range(50)]
    turned, _ = prepare(table([(c, a, b) for a, b, c in rows], ("more", "word", "number")))
    straight, _ = prepare(table(rows))
    assert splits(rows_of(straight)) == splits(rows_of(turned))


def test_order_of_rows_makes_another_version(prepare):
    rows = [(f"w{at}", at, f"m{at}") for at in range(50)]
    assert prepare(table(rows))[0].version != prepare(table(rows[::-1]))[0].version


def test_splits_are_seventy_ten_twenty():
    counted = Counter(split_of(f"{at * 42949:08x}") for at in range(100_000))
    assert [round(counted[split] / 1000) for split in ("train", "validation", "test")] == [70, 10, 20]
