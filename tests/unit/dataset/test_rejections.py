"""Uploads of which nothing can come: each is refused with a reason, where, and what to do."""

from __future__ import annotations

import random
import tarfile
import zlib
from io import BytesIO

import pytest

from lepton.dataset.limits import Limits
from lepton.errors import RejectedUpload

TABLES = {
    "empty_file": "",
    "header_only": "id,name\n",
    "blank_column_name": "id,,name\n1,2,x\n2,3,y\n",
    "duplicate_column_name": "id,name,ID\n1,a,2\n2,b,3\n",
    "bad_column_name": '{"a": 1, "b\\ud800": 2}\n{"a": 2}\n',
    "reserved_column_name": "id,_split\n1,a\n2,b\n",
    "all_rows_bad": "a,b\n1\n2\n" + "x,y,z\n" * 9,
    "json_array": '[{"a": 1}]',
    "one_column": '{"a": 1}\n{"a": 2}\n',
}
FILES = {
    "a PDF document": b"%PDF-1.7 \x00\x01",
    "a single PNG image": b"\x89PNG\r\n\x1a\n",
    "an old Excel or Word file": b"\xd0\xcf\x11\xe0\xa1\xb1",
    "neither text": random.Random(7).randbytes(5000),
    "web page": b"<!DOCTYPE html><html></html>",
}


@pytest.mark.parametrize(("reason", "text"), TABLES.items())
def test_table_that_cannot_be_used_is_rejected_with_its_reason(prepare, reason, text):
    with pytest.raises(RejectedUpload) as caught:
        prepare(text)
    assert caught.value.reason == reason
    assert caught.value.hint


@pytest.mark.parametrize(("what", "body"), FILES.items())
def test_file_of_another_kind_is_called_by_its_name(prepare, what, body):
    with pytest.raises(RejectedUpload, match=what) as caught:
        prepare(body)
    assert caught.value.reason == "unsupported_format"


def test_whitespace_only_is_an_empty_file(prepare):
    with pytest.raises(RejectedUpload, match="empty"):
        prepare(" \n\r\n\t\n")


def test_prose_is_not_a_table(prepare):
    prose = "Call me Ishmael.\nSome years ago, never mind how long, I went to sea.\nIt is a way, mine, of\ndriving\n"
    with pytest.raises(RejectedUpload) as caught:
        prepare(prose)
    assert caught.value.reason == "not_a_table"


def test_upload_that_is_mostly_damaged_is_rejected_with_an_example(prepare):
    with pytest.raises(RejectedUpload, match=r"11 of 21 rows .* line 2 is not JSON") as caught:
        prepare('{"a": 1, "b": 2}\n' + "{\n" * 11 + '{"a": 1, "b": 2}\n' * 9)
    assert caught.value.reason == "too_many_bad_rows"


def test_cut_off_gzip_is_a_damaged_archive(prepare):
    whole = zlib.compress(b"id,name\n" + b"1,x\n" * 5000, wbits=31)
    with pytest.raises(RejectedUpload) as caught:
        prepare(whole[: len(whole) // 2])
    assert caught.value.reason == "damaged_archive"


def test_gzip_bomb_stops_at_the_limit(prepare):
    bomb = zlib.compress(b"a,b\n" * 1_000_000, wbits=31)
    with pytest.raises(RejectedUpload, match="more than 1 MB") as caught:
        prepare(bomb, Limits(unpacked=1_000_000))
    assert caught.value.reason == "too_large"


def test_too_many_columns_are_counted_in_the_message(prepare):
    wide = ",".join(f"c{at}" for at in range(60))
    with pytest.raises(RejectedUpload, match="60 columns, more than 50"):
        prepare(f"{wide}\n{wide.replace('c', '')}\n", Limits(columns=50))


def test_line_without_end_is_told(prepare):
    with pytest.raises(RejectedUpload) as caught:
        prepare("a,b\n1," + "x" * 5000, Limits(line_chars=1000))
    assert (caught.value.reason, caught.value.pointer) == ("line_too_long", "line 2")


def test_damaged_parquet_is_rejected(prepare):
    with pytest.raises(RejectedUpload) as caught:
        prepare(b"PAR1" + b"\x00" * 100 + b"PAR1")
    assert caught.value.reason == "damaged_parquet"


def test_zip_without_images_is_rejected(prepare, zipped):
    with pytest.raises(RejectedUpload) as caught:
        prepare(zipped({"a.txt": b"x", "b.txt": b"y"}))
    assert caught.value.reason == "no_images"


def test_excel_workbook_is_told_to_become_csv(prepare, zipped):
    with pytest.raises(RejectedUpload, match="Office") as caught:
        prepare(zipped({"[Content_Types].xml": b"x", "xl/workbook.xml": b"y"}))
    assert "CSV" in (caught.value.hint or "")


def test_cut_off_zip_is_a_damaged_archive(prepare, zipped, picture):
    with pytest.raises(RejectedUpload) as caught:
        prepare(zipped({"a/1.png": picture(1)})[:-30])
    assert caught.value.reason == "damaged_archive"


def test_tar_is_told_to_become_a_zip(prepare):
    out = BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    with pytest.raises(RejectedUpload, match="tar archive"):
        prepare(out.getvalue())
