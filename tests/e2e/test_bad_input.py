"""What bad input gets, at the place where its sender looks: a clear error, and nothing half written."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest

from tests.e2e.conftest import TELCO, Cloud

HEADER = b"age,city,income\n"
TABLE = HEADER + b"".join(
    f"{20 + i % 50},{'Bonn' if i % 3 else 'Ulm'},{'high' if i % 2 else 'low'}\n".encode() for i in range(300)
)


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, body in members.items():
            archive.writestr(name, body)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("filename", "body"),
    [
        ("empty.csv", b"\n"),
        ("header-only.csv", HEADER),
        ("noise.csv", bytes(range(256)) * 40),
        ("paper.pdf", b"%PDF-1.7\n1 0 obj <<>> endobj\n" * 20),
        ("no-images.zip", _zip(readme=b"nothing to see")),
    ],
)
def test_an_upload_that_is_no_dataset_is_rejected_with_what_to_do(cloud: Cloud, filename: str, body: bytes) -> None:
    name = "reject-" + filename.split(".", maxsplit=1)[0]
    receipt = cloud.upload(name, filename, body)
    assert receipt["state"] == "rejected"
    assert receipt["reason"]
    assert receipt["message"]
    assert receipt["hint"]
    assert cloud.call("GET", f"/datasets/{name}")[0] == 404


@pytest.fixture(scope="module")
def people(cloud: Cloud) -> str:
    receipt = cloud.upload("people", "people.csv", TABLE)
    assert receipt["state"] == "ready", receipt
    return receipt["version"]


def _spec(**changes: Any) -> dict[str, Any]:
    base = {"schema_version": 1, "model": "people", "task": "classification", "dataset": "people", "target": "income"}
    return base | {"algorithm": "logistic"} | changes


@pytest.mark.parametrize(
    ("changes", "status", "told"),
    [
        ({"tarjet": "income"}, 400, "tarjet"),
        ({"dataset": "nowhere"}, 404, "nowhere"),
        ({"dataset": "people@0123456789ab"}, 404, "0123456789ab"),
        ({"target": "incme"}, 400, "income"),
        ({"algorithm": "cnn"}, 400, "cnn"),
        ({"hyperparameters": {"depth": 3}}, 400, "depth"),
    ],
)
def test_a_spec_that_cannot_be_planned_says_where_and_why(
    cloud: Cloud, people: str, changes: dict[str, Any], status: int, told: str
) -> None:
    answered, error = cloud.call("POST", "/training-runs", {"spec": _spec(**changes)})
    assert (answered, told in error["error"] + error.get("hint", "")) == (status, True), error
    assert error["code"]
    assert error["request_id"]


def test_a_trainer_that_cannot_go_on_leaves_a_failed_run_with_its_reason(cloud: Cloud) -> None:
    one_class = HEADER + b"".join(b"%d,Bonn,%s\n" % (i, b"low" if i < 299 else b"high") for i in range(300))
    cloud.upload("one-sided", "one-sided.csv", one_class)
    spec = _spec(model="one-sided", dataset="one-sided")
    status, run = cloud.call("POST", "/training-runs", {"spec": spec})
    if status == 202:
        run = cloud.finished(run["run"])
        assert run["state"] in {"failed", "refused"}
        assert run["reason"]
        assert run["log_tail"] or run["state"] == "refused"
    else:
        assert status == 400
        assert "class" in run["error"]


def test_an_unknown_model_and_an_unknown_route_are_404(cloud: Cloud) -> None:
    assert cloud.call("POST", "/v2/models/nobody/infer", {"inputs": []})[0] == 404
    assert cloud.call("GET", "/v2/models/nobody")[0] == 404
    assert cloud.call("GET", "/datasets/nothing/at/all")[0] in {403, 404}


def test_a_name_that_is_no_name_never_becomes_a_path(cloud: Cloud) -> None:
    status, error = cloud.call("POST", "/datasets/..%2fmodels/uploads", {"filename": "x.csv"})
    assert status in {400, 403, 404}, error


def test_the_shipped_table_has_its_seven_damaged_lines_in_quarantine(cloud: Cloud) -> None:
    receipt = cloud.upload("telco", "export.csv", (TELCO / "telco-churn-first-export.csv").read_bytes())
    assert (receipt["state"], receipt["rows"], receipt["quarantined"]) == ("ready", 2494, 7)
    aside = cloud.call("GET", f"/datasets/telco/versions/{receipt['version']}/quarantine", expected=200)[1]
    assert [row["line"] for row in aside["rows"]] == [120, 404, 779, 1205, 1906, 2103, 2502]
