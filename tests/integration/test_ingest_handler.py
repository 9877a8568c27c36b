"""The ingest function's entry points, driven by the golden events on real uploads."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.integration.ingest_cloud import DATA, ENVIRONMENT, EVENTS, IngestCloud, golden

TABLE = "telco-churn/0123456789abcdef/telco-churn-first-export.csv"
IMAGES = "digits/fedcba9876543210/mnist-digits.zip"
VERSION = "bc32da604366"
DAMAGED = {
    120: "too_few_fields",
    404: "too_many_fields",
    779: "not_a_number",
    1205: "not_a_number",
    1906: "too_few_fields",
    2103: "not_a_number",
    2502: "too_few_fields",
}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[IngestCloud]:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    with mock_aws():
        cloud = IngestCloud.started()
        cloud.put(TABLE, (DATA / "telco-churn/telco-churn-first-export.csv").read_bytes())
        cloud.put(IMAGES, (DATA / "mnist-digits/mnist-digits.zip").read_bytes())
        cloud.put("telco-churn/00000000deadbeef/report.pdf", b"%PDF-1.7\n")
        yield cloud


UPLOADS = sorted(path.name.split(".")[0] for path in EVENTS.glob("upload_*.expected.json"))
ANSWERS = sorted(
    path.name.split(".")[0] for path in EVENTS.glob("*.expected.json") if not path.name.startswith("upload_")
)


@pytest.mark.parametrize("event", UPLOADS)
def test_golden_upload_gets_its_answer(cloud, event):
    assert cloud.on_upload(event) == golden(f"{event}.expected")


@pytest.mark.parametrize("event", ANSWERS)
def test_golden_request_gets_its_answer(cloud, event):
    cloud.on_upload("upload_table")
    assert cloud.on_http(event) == golden(f"{event}.expected")


def test_every_golden_event_has_an_answer_or_a_test_below():
    tested = {"new_upload", "show_receipt", "show_dataset", "show_version"}
    events = {path.name.split(".")[0] for path in EVENTS.glob("*.json")}
    assert events == {*UPLOADS, *ANSWERS, *tested}


def test_table_becomes_a_version_with_the_seven_damaged_lines_aside(cloud):
    cloud.on_upload("upload_table")
    rows = cloud.on_http("show_quarantine")["body"]["rows"]
    assert {row["line"]: row["reason"] for row in rows} == DAMAGED
    body = cloud.on_http("show_version")["body"]
    assert (body["manifest"]["rows"], body["manifest"]["quarantined"], body["profile"]["rows"]) == (2494, 7, 2494)
    charges = next(column for column in body["profile"]["columns"] if column["name"] == "TotalCharges")
    assert (charges["type"], charges["missing"]) == ("float64", 5)


def test_images_become_a_version_with_ten_classes(cloud):
    cloud.on_upload("upload_images")
    (name, ready), *more = cloud.told()
    assert (name, ready["kind"], ready["rows"], more) == ("Dataset Ready", "images", 5000, [])
    assert ready["manifest"] in cloud.lake()


def test_receipt_tells_what_became_of_the_upload(cloud):
    cloud.on_upload("upload_table")
    receipt = cloud.on_http("show_receipt")["body"]
    assert (receipt["state"], receipt["version"], receipt["rows"], receipt["quarantined"]) == (
        "ready",
        VERSION,
        2494,
        7,
    )


def test_dataset_lists_its_versions_newest_first(cloud):
    cloud.on_upload("upload_table")
    cloud.put(TABLE, (DATA / "telco-churn/telco-churn.csv").read_bytes())
    later = golden("upload_table")
    later["Records"][0]["body"] = later["Records"][0]["body"].replace("407460", "407999")
    cloud.handler.on_upload(later, None)
    body = cloud.on_http("show_dataset")["body"]
    assert {version["rows"] for version in body["versions"]} == {2494, 7043}
    assert body["latest"] in {version["version"] for version in body["versions"] if version["rows"] == 7043}


def test_presigned_form_is_for_one_safe_key_only(cloud):
    answer = cloud.on_http("new_upload")
    body = answer["body"]
    assert answer["statusCode"] == 201
    assert body["key"] == f"telco-churn/{body['upload']}/My-churn-v2-.csv" == body["fields"]["key"]
    assert "policy" in body["fields"]
    assert body["max_bytes"] == 1_000_000_000


def test_rejected_upload_is_told_in_the_receipt_and_on_the_bus(cloud):
    cloud.on_upload("upload_rejected")
    ((name, told),) = cloud.told()
    assert (name, told["reason"]) == ("Dataset Rejected", "unsupported_format")
    assert "a PDF document" in told["message"]
    assert list(cloud.lake()) == ["uploads/telco-churn/00000000deadbeef.json"]


def test_key_without_a_dataset_is_told_on_the_bus(cloud):
    cloud.on_upload("upload_without_dataset")
    ((name, told),) = cloud.told()
    assert (name, told["reason"], told["key"]) == ("Dataset Rejected", "illegal_key", "My Data.csv")


def test_notification_key_is_decoded(cloud):
    key = "telco-churn/my export über all+more.csv"
    cloud.put(key, (DATA / "telco-churn/telco-churn-first-export.csv").read_bytes())
    cloud.on_upload("upload_notification")
    ((name, ready),) = cloud.told()
    assert (name, ready["version"]) == ("Dataset Ready", VERSION)


def test_upload_for_predictions_is_left_alone(cloud):
    cloud.on_upload("upload_transform")
    assert (cloud.told(), cloud.lake()) == ([], {})
