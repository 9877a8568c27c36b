"""Objects, queues, buses, schedules: what is put in at one end comes out of a function at the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from devcloud.cloud import LocalCloud
from lepton.errors import NotFound
from tests.integration.devcloud_stack import UNCLOSED_FILES_OF_MOTO, client, said, until, write_stack

pytestmark = UNCLOSED_FILES_OF_MOTO


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    folder: Path = tmp_path_factory.mktemp("delivery")
    with LocalCloud(template=write_stack(folder), retry_seconds=0) as cloud:
        yield cloud


def _queued(cloud: LocalCloud, key: str) -> list[dict[str, Any]]:
    return [line for line in said(cloud, "Ingest", "queued") if line["event"]["detail"]["object"]["key"] == key]


def _events(cloud: LocalCloud, word: str) -> list[dict[str, Any]]:
    return [line["event"] for line in said(cloud, "Trigger", word)]


def _dead(cloud: LocalCloud, word: str) -> list[str]:
    held = cloud.moto.sqs.get_queue("lepton-DeadLetters")._messages
    return [message.body for message in held if word in message.body]


def test_an_object_reaches_the_function_through_the_queue_with_the_event_that_s3_sends(cloud: LocalCloud) -> None:
    bucket = cloud.outputs["Bucket"]
    answer = client(cloud, "s3").put_object(Bucket=bucket, Key="a/b c+ü.csv", Body=b"x,y\n1,2\n")
    event = until(lambda: _queued(cloud, "a/b c+ü.csv"))[0]["event"]
    assert event["detail-type"] == "Object Created"
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert event["detail"]["reason"] == "PutObject"
    assert event["detail"]["object"]["size"] == 8
    assert f'"{event["detail"]["object"]["etag"]}"' == answer["ETag"]
    assert event["detail"]["object"]["version-id"] == answer["VersionId"]


def test_every_event_has_an_id_of_its_own_and_a_growing_sequencer(cloud: LocalCloud) -> None:
    s3 = client(cloud, "s3")
    for _ in range(3):
        s3.put_object(Bucket=cloud.outputs["Bucket"], Key="same", Body=b"x")
    until(lambda: len(_queued(cloud, "same")) == 3)
    events = [line["event"] for line in _queued(cloud, "same")]
    assert len({event["id"] for event in events}) == 3
    assert len({event["detail"]["object"]["sequencer"] for event in events}) == 3


def test_a_multipart_upload_and_a_copy_say_so(cloud: LocalCloud) -> None:
    s3, bucket = client(cloud, "s3"), cloud.outputs["Bucket"]
    upload = s3.create_multipart_upload(Bucket=bucket, Key="large")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="large", UploadId=upload, PartNumber=1, Body=b"x" * 100)["ETag"]
    parts = {"Parts": [{"ETag": part, "PartNumber": 1}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="large", UploadId=upload, MultipartUpload=parts)
    s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "large"})
    made, copied = until(lambda: _queued(cloud, "large"))[0], until(lambda: _queued(cloud, "copy"))[0]
    assert made["event"]["detail"]["reason"] == "CompleteMultipartUpload"
    assert made["event"]["detail"]["object"]["etag"].endswith("-1")
    assert copied["event"]["detail"]["reason"] == "CopyObject"


def test_a_deletion_is_an_event_too(cloud: LocalCloud) -> None:
    seen: list[dict[str, Any]] = []
    cloud.buses.watch(lambda _, event: seen.append(event))
    s3, bucket = client(cloud, "s3"), cloud.outputs["Bucket"]
    s3.put_object(Bucket=bucket, Key="ignored/gone", Body=b"x")
    s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "ignored/gone"}]})
    gone = [event for event in seen if event["detail-type"] == "Object Deleted"]
    assert [event["detail"]["object"]["key"] for event in gone] == ["ignored/gone"]
    assert gone[0]["detail"]["deletion-type"] == "Delete Marker Created"


def test_a_key_that_the_pattern_excludes_goes_nowhere(cloud: LocalCloud) -> None:
    s3 = client(cloud, "s3")
    s3.put_object(Bucket=cloud.outputs["Bucket"], Key="ignored/x", Body=b"x")
    s3.put_object(Bucket=cloud.outputs["Bucket"], Key="after", Body=b"x")
    until(lambda: _queued(cloud, "after"))
    assert _queued(cloud, "ignored/x") == []


def test_a_message_that_keeps_failing_ends_in_the_dead_letter_queue_and_takes_no_other_along(cloud: LocalCloud) -> None:
    s3 = client(cloud, "s3")
    for key in ("poison-1", "healthy-1"):
        s3.put_object(Bucket=cloud.outputs["Bucket"], Key=key, Body=b"x")
    until(lambda: _dead(cloud, "poison-1"))
    assert sorted(line["count"] for line in _queued(cloud, "poison-1")) == ["1", "2"]
    assert [line["count"] for line in _queued(cloud, "healthy-1")] == ["1"]


def test_put_events_reaches_the_rule_of_its_bus_only(cloud: LocalCloud) -> None:
    events = client(cloud, "events")
    for bus in ("default", cloud.outputs["Bus"]):
        entry = {"EventBusName": bus, "Source": "t", "DetailType": "Dataset Ready", "Detail": json.dumps({"bus": bus})}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    found = until(lambda: _events(cloud, '"bus"'))
    assert [event["detail"]["bus"] for event in found] == [cloud.outputs["Bus"]]


def test_an_event_that_fails_is_retried_and_then_told_to_the_failure_destination(cloud: LocalCloud) -> None:
    entry = {
        "EventBusName": cloud.outputs["Bus"],
        "Source": "t",
        "DetailType": "Dataset Ready",
        "Detail": json.dumps({"fail": "twice"}),
    }
    client(cloud, "events").put_events(Entries=[entry])
    told = json.loads(until(lambda: _dead(cloud, "twice"))[0])
    assert len(_events(cloud, "twice")) == 2
    assert told["requestContext"]["condition"] == "RetriesExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["responsePayload"]["errorMessage"] == "asked to fail"
    assert told["requestPayload"]["detail"] == {"fail": "twice"}


def test_a_schedule_can_be_fired_now(cloud: LocalCloud) -> None:
    cloud.fire_schedule("TriggerHourly")
    event = until(lambda: _events(cloud, "Scheduled Event"))[0]
    assert event["source"] == "aws.events"


def test_firing_a_schedule_that_is_none_names_those_that_are(cloud: LocalCloud) -> None:
    with pytest.raises(NotFound, match="TriggerHourly"):
        cloud.fire_schedule("Nope")


def test_one_of_many_racing_conditional_writes_wins(cloud: LocalCloud) -> None:
    from concurrent.futures import ThreadPoolExecutor

    s3 = client(cloud, "s3")

    def write(n: int) -> bool:
        try:
            s3.put_object(Bucket=cloud.outputs["Bucket"], Key="ignored/race", Body=str(n).encode(), IfNoneMatch="*")
        except s3.exceptions.ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(8))) == 1
