"""Delimited text and JSON lines into typed rows; what does not fit is set aside with its line."""

from __future__ import annotations

import gzip
import json

import pytest

from lepton.dataset.limits import Limits

NUMBERS = [f"{at},item {at},{at * 1.5}" for at in range(1, 301)]


def table(*lines: str, header: str = "id,name,price") -> str:
    return "\n".join((header, *lines)) + "\n"


def types(prepared):
    return {column.name: column.type for column in prepared.columns}


def set_aside(quarantine):
    return [(row.line, row.reason, row.column) for row in quarantine.rows]


def test_clean_table_has_all_its_rows_typed(prepare, rows_of):
    prepared, quarantine = prepare(table(*NUMBERS))
    assert types(prepared) == {"id": "int64", "name": "string", "price": "float64"}
    first = rows_of(prepared)[0]
    assert {key: first[key] for key in ("id", "name", "price", "_line")} == {
        "id": 1,
        "name": "item 1",
        "price": 1.5,
        "_line": 2,
    }
    assert (prepared.rows, quarantine.total, sum(prepared.splits.values())) == (300, 0, 300)


def test_ragged_row_is_quarantined_with_its_line_number(prepare):
    _, quarantine = prepare(table(*NUMBERS[:5], "6,too few", *NUMBERS[5:9], "11,one,2.0,too many", *NUMBERS[9:]))
    assert set_aside(quarantine) == [(7, "too_few_fields", None), (12, "too_many_fields", None)]
    assert quarantine.rows[0].raw == "6,too few"


def test_odd_cell_of_a_numeric_column_is_quarantined_with_its_column(prepare, rows_of):
    prepared, quarantine = prepare(table(*NUMBERS[:10], "11,item,cheap", *NUMBERS[11:]))
    assert set_aside(quarantine) == [(12, "not_a_number", "price")]
    assert "cheap" in quarantine.rows[0].message
    assert 12 not in {row["_line"] for row in rows_of(prepared)}


def test_column_with_too_many_odd_cells_is_text_and_said_to_be(prepare):
    prepared, quarantine = prepare(table(*NUMBERS[:40], *["9,x,cheap"] * 4))
    assert types(prepared)["price"] == "string"
    assert quarantine.total == 0
    assert "nearly_numeric" in {warning["code"] for warning in prepared.profile["warnings"]}


@pytest.mark.parametrize("word", ["", "  ", "?", "NA", "n/a", "null", "NaN", "-", "None"])
def test_word_for_missing_is_null_in_a_numeric_column(prepare, rows_of, word):
    prepared, quarantine = prepare(table(*NUMBERS[:9], f"10,item,{word}"))
    assert quarantine.total == 0
    assert rows_of(prepared)[-1]["price"] is None
    assert prepared.columns[2].nullable


def test_text_keeps_words_that_may_be_meant(prepare):
    prepared, _ = prepare(table("1,None", "2,NA", "3,", "4,none", header="id,fence"))
    assert prepared.columns[1].categories == ("None", "none")


def test_numbers_with_leading_zeros_stay_text(prepare):
    prepared, _ = prepare(table("02134,1", "90210,2", "00501,3", header="zip,n"))
    assert types(prepared) == {"zip": "string", "n": "int64"}


def test_integers_beyond_64_bits_stay_text(prepare):
    prepared, _ = prepare(table("123456789012345678901,1", "123456789012345678902,2", header="account,n"))
    assert types(prepared)["account"] == "string"


def test_infinite_number_is_quarantined(prepare):
    _, quarantine = prepare(table(*NUMBERS, "301,item,1e999"))
    assert set_aside(quarantine) == [(302, "not_a_number", "price")]


def test_dates_and_truths_get_their_types(prepare, rows_of):
    lines = [f"2024-01-{day:02d},true,2024-01-01T10:00:{day:02d}+02:00" for day in range(1, 29)]
    prepared, _ = prepare(table(*lines, header="day,paid,at"))
    assert types(prepared) == {"day": "timestamp", "paid": "bool", "at": "timestamp"}
    assert rows_of(prepared)[0]["at"].isoformat() == "2024-01-01T08:00:01"


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_delimiter_and_encoding_are_found(prepare, rows_of, delimiter, encoding):
    text = table(*[f"{at},Zoë {at},{at}.5" for at in range(50)]).replace(",", delimiter)
    prepared, quarantine = prepare(text.encode(encoding))
    assert (prepared.rows, quarantine.total) == (50, 0)
    assert rows_of(prepared)[1]["name"] == "Zoë 1"


def test_decimal_commas_are_numbers_between_semicolons(prepare, rows_of):
    prepared, _ = prepare(table("1;3,5", "2;4", "3;-0,25", header="id;price"))
    assert [row["price"] for row in rows_of(prepared)] == [3.5, 4.0, -0.25]


def test_quoted_cells_hold_delimiters_line_breaks_and_quotes(prepare, rows_of):
    prepared, _ = prepare(table('1,"a, b",1', '2,"two\nlines",2', '3,"say ""hi""",3'))
    assert [(row["_line"], row["name"]) for row in rows_of(prepared)] == [
        (2, "a, b"),
        (3, "two\nlines"),
        (5, 'say "hi"'),
    ]


def test_quote_that_never_closes_costs_one_row(prepare):
    quoted = [f'{at},"item, {at}",1.5' for at in range(1, 301)]
    prepared, quarantine = prepare(table(*quoted[:50], '51,"never closed,1', *quoted[51:]))
    assert set_aside(quarantine) == [(52, "bad_quoting", None)]
    assert prepared.rows == 299


def test_quotes_without_meaning_are_text(prepare, rows_of):
    lines = [f"{at}\tplain" for at in range(20)] + ['20\t"5 inches', '21\t7" wide']
    prepared, quarantine = prepare(table(*lines, header="id\ttext"))
    assert quarantine.total == 0
    assert rows_of(prepared)[-2]["text"] == '"5 inches'


def test_few_lines_that_are_not_utf8_are_quarantined(prepare):
    body = table(*[f"{at},Zoë,1" for at in range(40)]).encode() + b"40,Zo\xeb,1\n"
    prepared, quarantine = prepare(body)
    assert set_aside(quarantine) == [(42, "bad_encoding", None)]
    assert quarantine.rows[0].raw == "40,Zo\\udceb,1"
    assert prepared.rows == 40


def test_file_without_header_gets_invented_names(prepare):
    prepared, _ = prepare("ham,hello\nspam,buy now\nham,ok\n")
    assert [column.name for column in prepared.columns] == ["column_1", "column_2"]
    assert prepared.rows == 3
    assert prepared.profile["warnings"][0]["code"] == "no_header"


def test_blank_lines_are_no_rows_and_empty_rows_are_told(prepare):
    prepared, quarantine = prepare(table(*NUMBERS[:3], "", ",,", *NUMBERS[3:]))
    assert prepared.rows == 300
    assert set_aside(quarantine) == [(6, "empty_row", None)]


def test_gzipped_table_is_the_same_version(prepare):
    plain, _ = prepare(table(*NUMBERS))
    packed, _ = prepare(gzip.compress(table(*NUMBERS).encode()))
    windows, _ = prepare(table(*NUMBERS).replace("\n", "\r\n"))
    assert plain.version == packed.version == windows.version


def test_lone_table_in_a_zip_is_taken_out(prepare, zipped):
    prepared, _ = prepare(zipped({"__MACOSX/._a.csv": b"x", "a.csv": table(*NUMBERS).encode()}))
    assert (prepared.kind, prepared.rows) == ("table", 300)


def test_json_lines_become_rows_and_absent_keys_are_missing(prepare, rows_of):
    lines = [json.dumps({"a": 1, "b": "x", "c": {"d": [1]}}), json.dumps({"a": 2.5, "e": True}), "[1]", "{oops"]
    prepared, quarantine = prepare("\n".join(lines))
    assert [row["a"] for row in rows_of(prepared)] == [1.0, 2.5]
    assert rows_of(prepared)[0]["c"] == '{"d":[1]}'
    assert set_aside(quarantine) == [(3, "not_a_json_object", None), (4, "not_a_json_object", None)]


def test_json_text_that_no_file_can_hold_is_quarantined(prepare):
    lines = ['{"a": 1, "b": "x"}', '{"a": 2, "b": "\\ud800"}', '{"a": 3, "b": "\\u0000"}', '{"a": 4, "b": "y"}']
    prepared, quarantine = prepare("\n".join(lines))
    assert set_aside(quarantine) == [(2, "bad_character", None), (3, "bad_character", None)]
    assert prepared.rows == 2


def test_parts_are_cut_at_the_limit_in_line_order(prepare, rows_of):
    prepared, _ = prepare(table(*NUMBERS), Limits(rows_per_part=128))
    assert [(file.part.key, file.part.rows) for file in prepared.files] == [
        ("part-00000.parquet", 128),
        ("part-00001.parquet", 128),
        ("part-00002.parquet", 44),
    ]
    assert [row["_line"] for row in rows_of(prepared)] == list(range(2, 302))


def test_profile_has_the_figures_of_each_column(prepare):
    prepared, _ = prepare(table(*NUMBERS, "1,item 1,1.5"))
    numbers, names, prices = prepared.profile["columns"]
    assert (numbers["min"], numbers["max"], numbers["distinct"]) == (1, 300, 300)
    assert names["top"][0] == ["item 1", 2]
    assert prices["quantiles"]["50%"] == 225.0
    assert "duplicate_rows" in {warning["code"] for warning in prepared.profile["warnings"]}


def test_profile_warns_of_constant_empty_and_id_like_columns(prepare):
    prepared, _ = prepare(table(*[f"k{at},same,{at % 7},," for at in range(40)], header="key,one,n,none,x"))
    codes = {(warning["code"], warning["column"]) for warning in prepared.profile["warnings"]}
    assert codes >= {("id_like", "key"), ("constant", "one"), ("empty_column", "none"), ("empty_column", "x")}
