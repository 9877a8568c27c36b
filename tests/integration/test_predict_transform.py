"""Whole files under predict-in/: every row is either predicted or told of, once, by one version."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.integration.predict_cloud import PredictCloud, predict_cloud
from tests.unit.endpoint.packages import publish

CSV = b"age,plan,calls,id\n1,pro,3,a\n2,gold,4,b\n3,pro\n4,basic,twelve,c\n,NA,5,d\n"
KEY = "predict-in/churn/file.csv"


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path) as made:
        yield made


def transformed(cloud: PredictCloud, body: bytes, key: str = KEY) -> tuple[dict[str, Any], dict[str, bytes]]:
    cloud.landing.put(key, body)
    assert cloud.transform(key) == []
    files = cloud.lake_files("predictions/churn/")
    return json.loads(files["report.json"]), files


def test_rows_that_fit_are_predicted_and_the_others_told_with_their_lines(cloud: PredictCloud) -> None:
    version = publish(cloud.lake, "churn")
    report, files = transformed(cloud, CSV)
    assert [line.split(",")[:2] for line in files["part-00000.csv"].decode().split()[1:]] == [
        ["2", "Yes"],
        ["6", "Yes"],
    ]
    rejected = [json.loads(line) for line in files["rejected-00000.jsonl"].splitlines()]
    assert [(row["line"], row["column"]) for row in rejected] == [(3, "plan"), (4, None), (5, "calls")]
    assert (report["state"], report["rows"], report["rejected"], report["version"]) == ("done", 2, 3, version)
    assert (report["errors"], report["ignored_columns"]) == (rejected, ["id"])


def test_the_rows_of_a_file_get_what_the_same_rows_get_over_http(cloud: PredictCloud) -> None:
    publish(cloud.lake, "churn")
    text = "age;plan;calls\n" + "".join(f"{row % 90};{('pro', 'basic')[row % 2]};{row % 7}\n" for row in range(4500))
    _, files = transformed(cloud, text.encode())
    lines = files["part-00000.csv"].decode().splitlines()[1:]
    status, body = cloud.http("POST", "/models/churn/invocations", text, Content_Type="text/csv")
    assert (status, len(lines)) == (200, 4500)
    told = [(one["label"], one["probabilities"]["No"]) for one in body["predictions"]]
    assert [(row.split(",")[1], float(row.split(",")[2])) for row in lines] == told


def test_a_file_announced_twice_is_done_once(cloud: PredictCloud) -> None:
    publish(cloud.lake, "churn")
    report, _ = transformed(cloud, CSV)
    publish(cloud.lake, "churn", bias=1.0)
    again, _ = transformed(cloud, CSV)
    assert again == report


def test_parquet_in_is_parquet_out(cloud: PredictCloud, tmp_path: Path) -> None:
    publish(cloud.lake, "churn")
    rows = "(1.5::DECIMAL(4,2), 'pro', 3), (NULL, NULL, 4), (1, 'pro', NULL)"
    duckdb.sql(f"COPY (FROM (VALUES {rows}) AS t(age, plan, calls)) TO '{tmp_path}/in.parquet' (FORMAT parquet)")
    report, files = transformed(cloud, (tmp_path / "in.parquet").read_bytes(), "predict-in/churn/file.parquet")
    (tmp_path / "out.parquet").write_bytes(files["part-00000.parquet"])
    found = duckdb.sql(f"SELECT line, label, probability_No + probability_Yes FROM '{tmp_path}/out.parquet'").fetchall()
    assert [(line, label) for line, label, _ in found] == [(1, "Yes"), (2, "Yes")]
    assert [total for _, _, total in found] == pytest.approx([1, 1])
    assert report["errors"][0]["line"] == 3


@pytest.mark.parametrize(
    ("body", "reason", "told"),
    [
        (b"", "invalid_request", "empty"),
        (b"age,plan\n1,pro\n", "invalid_request", "missing column: calls"),
        (b"age,plan,calls\n", "no_usable_row", "no row under the header"),
        (b"age,plan,calls\n1,gold,2\n", "no_usable_row", "none of 1 rows"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "invalid_request", "neither CSV, JSON lines, Parquet"),
        (b"PAR1" + bytes(200), "invalid_request", "Parquet file cannot be read"),
        (b"age,age,plan,calls\n1,1,pro,2\n", "invalid_request", "'age' is given twice"),
    ],
)
def test_a_file_that_is_no_table_gets_a_report_that_says_why(
    cloud: PredictCloud, body: bytes, reason: str, told: str
) -> None:
    publish(cloud.lake, "churn")
    report, files = transformed(cloud, body)
    assert (report["state"], report["reason"], report["rows"]) == ("rejected", reason, 0)
    assert told in report["message"]
    assert not [name for name in files if name.startswith("part-")]


def test_a_file_for_a_model_that_is_not_live_is_rejected_and_done_once_it_is(cloud: PredictCloud) -> None:
    report, _ = transformed(cloud, CSV)
    assert (report["state"], report["reason"]) == ("rejected", "not_found")
    publish(cloud.lake, "churn")
    assert transformed(cloud, CSV)[0]["state"] == "done"


def test_only_the_records_that_failed_are_tried_again(cloud: PredictCloud) -> None:
    publish(cloud.lake, "churn")
    cloud.landing.put(KEY, CSV)
    gone, nowhere = "predict-in/churn/gone.csv", "predict-in/no model/x.csv"
    cloud.landing.put(nowhere, CSV)
    assert cloud.transform(gone, KEY, nowhere, "predict-in/churn/") == [gone, nowhere]
    assert "part-00000.csv" in cloud.lake_files("predictions/churn/")


def test_a_broken_package_leaves_no_report_and_is_tried_again(cloud: PredictCloud) -> None:
    version = publish(cloud.lake, "churn")
    cloud.lake.put(f"models/churn/{version}/model.onnx", b"junk")
    cloud.landing.put(KEY, CSV)
    assert cloud.transform(KEY) == [KEY]
    assert cloud.lake_files("predictions/") == {}
