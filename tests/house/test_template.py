"""The template's values that the code, or whoever deploys it, relies on."""

import re
from dataclasses import fields
from typing import Any

import pytest

from lepton.endpoint.gateway import BINARY
from lepton.lake import TRANSFORM_PREFIX
from lepton.settings import Settings
from tests.house.repository import functions, modules, nested, of_type, template, text

STORAGE, MESSAGING = template("infra/storage.yaml"), template("infra/messaging.yaml")
QUEUES = {name: queue["Properties"] for name, queue in of_type(MESSAGING, "AWS::SQS::Queue").items()}
READERS = {"UploadQueue": "IngestFunction", "TransformQueue": "TransformFunction"}
SHARED = template()["Globals"]["Function"]


def _settings() -> list[str]:
    return [one.name for one in fields(Settings)]


def _environment() -> set[str]:
    own = [it["Environment"]["Variables"] for it in functions().values()]
    names = {name for variables in [SHARED["Environment"]["Variables"], *own] for name in variables}
    return {name for name in names if not name.startswith("POWERTOOLS_")}


def _events(kind: str) -> dict[str, dict[str, Any]]:
    return {
        f"{name}.{label}": event["Properties"]
        for name, it in functions().items()
        for label, event in it["Events"].items()
        if event["Type"] == kind
    }


def test_bytes_are_told_from_text_as_the_template_tells_them() -> None:
    declared = template()["Resources"]["Api"]["Properties"]["BinaryMediaTypes"]
    assert {media.replace("~1", "/") for media in declared} == set(BINARY)


def test_every_setting_is_told_by_the_template() -> None:
    assert {name.upper() for name in _settings()} - _environment() == set()


def test_every_variable_of_the_template_is_read_by_somebody() -> None:
    read = {name for path in modules("functions/") for name in re.findall(r"environ(?:\.get\(|\[)\"(\w+)", text(path))}
    assert _environment() - {name.upper() for name in _settings()} - read == set()


def test_a_function_that_watches_the_metrics_is_told_its_service() -> None:
    told = {name: it["Environment"]["Variables"].get("POWERTOOLS_SERVICE_NAME") for name, it in functions().items()}
    assert told == {name: it["CodeUri"].removeprefix("functions/") for name, it in functions().items()}


@pytest.mark.parametrize("queue", READERS)
def test_a_message_stays_hidden_for_six_times_as_long_as_its_reader_may_run(queue: str) -> None:
    parameter = QUEUES[queue]["VisibilityTimeout"]["Ref"]
    hidden = template()["Resources"]["Messaging"]["Properties"]["Parameters"][parameter]
    assert hidden >= 6 * functions()[READERS[queue]]["Timeout"]


@pytest.mark.parametrize("queue", READERS)
def test_a_message_that_fails_five_times_is_kept_for_two_weeks(queue: str) -> None:
    redrive = QUEUES[queue]["RedrivePolicy"]
    dead = QUEUES[redrive["deadLetterTargetArn"]["Fn::GetAtt"][0]]
    assert (redrive["maxReceiveCount"], dead["MessageRetentionPeriod"]) == (5, 14 * 86400)


def test_every_queue_is_encrypted_and_open_to_our_rules_alone() -> None:
    assert [name for name, queue in QUEUES.items() if not queue["SqsManagedSseEnabled"]] == []
    policies = [
        it["Properties"]["PolicyDocument"]["Statement"] for it in of_type(MESSAGING, "AWS::SQS::QueuePolicy").values()
    ]
    allowed = [one for statements in policies for one in statements if one["Effect"] == "Allow"]
    assert len(allowed) == 3
    assert {(one["Principal"]["Service"], "aws:SourceArn" in str(one["Condition"])) for one in allowed} == {
        ("events.amazonaws.com", True)
    }


def test_failures_of_a_batch_are_told_one_by_one() -> None:
    assert {name: it["FunctionResponseTypes"] for name, it in _events("SQS").items()} == {
        "IngestFunction.Queue": ["ReportBatchItemFailures"],
        "TransformFunction.Queue": ["ReportBatchItemFailures"],
    }


def test_an_event_that_reaches_nobody_is_kept() -> None:
    delivered = {**_events("EventBridgeRule"), **_events("Schedule")}
    rules = [rule["Properties"] for rule in of_type(MESSAGING, "AWS::Events::Rule").values()]
    targets = [target for rule in rules for target in rule["Targets"]]
    assert (len(delivered), len(targets)) == (4, 2)
    assert [one for one in [*delivered.values(), *targets] if not {"DeadLetterConfig", "RetryPolicy"} <= set(one)] == []


def test_a_function_that_an_event_asks_in_vain_keeps_the_event() -> None:
    asked = {name.split(".")[0] for name in [*_events("EventBridgeRule"), *_events("Schedule")]}
    settings = {name: it.get("EventInvokeConfig", {}) for name, it in functions().items()}
    assert {name for name, it in settings.items() if "OnFailure" in it.get("DestinationConfig", {})} == asked


def test_the_two_rules_of_the_landing_bucket_share_out_every_key() -> None:
    rules = {name: it["Properties"]["EventPattern"] for name, it in of_type(MESSAGING, "AWS::Events::Rule").items()}
    assert {name: pattern["detail"]["object"]["key"] for name, pattern in rules.items()} == {
        "UploadRule": [{"anything-but": {"prefix": TRANSFORM_PREFIX}}],
        "TransformRule": [{"prefix": TRANSFORM_PREFIX}],
    }


@pytest.mark.parametrize("bucket", ["LandingBucket", "LakeBucket"])
def test_a_bucket_is_private_encrypted_versioned_and_tidied(bucket: str) -> None:
    it = STORAGE["Resources"][bucket]["Properties"]
    assert set(it["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(it["PublicAccessBlockConfiguration"]) == 4
    assert it["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert it["VersioningConfiguration"] == {"Status": "Enabled"}
    assert any("AbortIncompleteMultipartUpload" in rule for rule in it["LifecycleConfiguration"]["Rules"])


@pytest.mark.parametrize("bucket", ["LandingBucket", "LakeBucket"])
def test_a_bucket_is_reached_over_tls_only(bucket: str) -> None:
    (denied,) = STORAGE["Resources"][f"{bucket}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (denied["Effect"], denied["Principal"], denied["Action"]) == ("Deny", "*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert len(denied["Resource"]) == 2


def test_the_lake_outlives_its_stack_and_the_landing_bucket_forgets() -> None:
    assert STORAGE["Resources"]["LakeBucket"]["DeletionPolicy"] == "RetainExceptOnCreate"
    rules = STORAGE["Resources"]["LandingBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule] == [{"Ref": "LandingDays"}]


def test_the_api_lets_in_signed_requests_only_and_not_too_many() -> None:
    api = template()["Resources"]["Api"]["Properties"]
    assert api["Auth"] == {"DefaultAuthorizer": "AWS_IAM"}
    assert [event for event in _events("Api").values() if "Auth" in event] == []
    (limits,) = api["MethodSettings"]
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= set(limits)


def test_a_function_behind_the_api_ends_before_the_api_gives_up() -> None:
    behind = {name.split(".")[0] for name in _events("Api")}
    assert {name: functions()[name].get("Timeout", SHARED["Timeout"]) for name in behind} == dict.fromkeys(behind, 29)


def test_every_function_writes_to_a_log_that_ends() -> None:
    logs = {name: functions()[name]["LoggingConfig"]["LogGroup"]["Ref"] for name in functions()}
    groups = of_type(template(), "AWS::Logs::LogGroup")
    assert {name for name, group in logs.items() if "RetentionInDays" not in groups[group]["Properties"]} == set()
    assert len(set(logs.values())) == len(functions()) == 10


def test_every_nested_stack_gets_exactly_the_parameters_that_it_asks_for() -> None:
    given = {name: set(template()["Resources"][name]["Properties"].get("Parameters", {})) for name in nested()}
    assert given == {name: set(template(path).get("Parameters", {})) for name, path in nested().items()}
