"""Presigned uploads: sent with curl as users do, and refused where S3 refuses them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from devcloud.cloud import LocalCloud
from tests.integration.devcloud_stack import UNCLOSED_FILES_OF_MOTO, client, said, until, write_stack

pytestmark = UNCLOSED_FILES_OF_MOTO


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(template=write_stack(tmp_path_factory.mktemp("uploads"))) as cloud:
        yield cloud


def _form(cloud: LocalCloud, key: str, seconds: int = 60) -> dict[str, Any]:
    form: dict[str, Any] = client(cloud, "s3").generate_presigned_post(
        cloud.outputs["Bucket"], key, Conditions=[["content-length-range", 1, 1000]], ExpiresIn=seconds
    )
    return form


def _send(form: dict[str, Any], body: bytes, **changed: str) -> httpx.Response:
    return httpx.post(form["url"], data=form["fields"] | changed, files={"file": ("a.csv", body, "text/csv")})


def test_curl_uploads_with_a_presigned_form_and_the_object_is_announced(cloud: LocalCloud, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x,y\n1,\xff\n")
    form = _form(cloud, "telco/up/a.csv")
    fields = [f"-F{name}={value}" for name, value in form["fields"].items()]
    command = ["curl", "-sS", "-w", "%{http_code}", *fields, f"-Ffile=@{tmp_path / 'a.csv'}", form["url"]]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "204"
    stored = client(cloud, "s3").get_object(Bucket=cloud.outputs["Bucket"], Key="telco/up/a.csv")
    assert stored["Body"].read() == b"x,y\n1,\xff\n"
    event = until(lambda: said(cloud, "Ingest", "telco/up/a.csv"))[0]["event"]
    assert event["detail"]["reason"] == "POST Object"


@pytest.mark.parametrize(
    ("size", "status", "code"), [(0, 400, "EntityTooSmall"), (1001, 400, "EntityTooLarge"), (1000, 204, "")]
)
def test_the_length_is_held_to_the_policy(cloud: LocalCloud, size: int, status: int, code: str) -> None:
    answer = _send(_form(cloud, "ignored/size.csv"), b"x" * size)
    assert answer.status_code == status
    assert code in answer.text


def test_another_key_than_the_signed_one_is_refused(cloud: LocalCloud) -> None:
    answer = _send(_form(cloud, "ignored/mine.csv"), b"x", key="ignored/theirs.csv")
    assert answer.status_code == 403
    assert "Policy Condition failed" in answer.text


def test_a_field_that_the_policy_does_not_name_is_refused(cloud: LocalCloud) -> None:
    answer = _send(_form(cloud, "ignored/mine.csv"), b"x", acl="public-read")
    assert answer.status_code == 403
    assert "Extra input fields: acl" in answer.text


def test_a_policy_that_was_changed_after_signing_is_refused(cloud: LocalCloud) -> None:
    other = _form(cloud, "ignored/theirs.csv")["fields"]
    answer = _send(_form(cloud, "ignored/mine.csv"), b"x", key="ignored/theirs.csv", policy=other["policy"])
    assert answer.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in answer.text


def test_a_form_that_expired_is_refused(cloud: LocalCloud) -> None:
    answer = _send(_form(cloud, "ignored/late.csv", seconds=-1), b"x")
    assert answer.status_code == 403
    assert "Policy expired" in answer.text


def test_a_form_without_a_policy_is_refused(cloud: LocalCloud) -> None:
    answer = _send({"url": f"{cloud.endpoint_url}/{cloud.outputs['Bucket']}", "fields": {"key": "ignored/x"}}, b"x")
    assert answer.status_code == 403


def test_a_put_with_the_content_type_of_a_form_keeps_its_bytes(cloud: LocalCloud) -> None:
    s3, place = client(cloud, "s3"), {"Bucket": cloud.outputs["Bucket"], "Key": "ignored/form"}
    kind = "application/x-www-form-urlencoded"
    s3.put_object(**place, Body=b"a=1&b=2", ContentType=kind)
    stored = s3.get_object(**place)
    assert (stored["Body"].read(), stored["ContentType"]) == (b"a=1&b=2", kind)


def test_a_presigned_url_that_expired_is_refused(cloud: LocalCloud) -> None:
    place = {"Bucket": cloud.outputs["Bucket"], "Key": "ignored/x"}
    url = client(cloud, "s3").generate_presigned_url("get_object", Params=place, ExpiresIn=-1)
    answer = httpx.get(url)
    assert (answer.status_code, "Request has expired" in answer.text) == (403, True)
