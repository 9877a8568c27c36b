"""The template read: intrinsic functions, nested stacks, layers, routes, schedules; and the real one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from devcloud.blueprint import Blueprint, draw
from devcloud.console import short_line
from devcloud.intrinsics import resolve
from devcloud.layers import layer_folder, view
from devcloud.live_log import LogLine
from devcloud.schedules import next_time
from devcloud.template import Stack
from lepton.errors import Misconfigured
from tests.integration.devcloud_stack import write_stack

ROOT = Path(__file__).parents[2]
TEMPLATE = """
Parameters: {Size: {Type: Number, Default: 3}, Names: {Type: CommaDelimitedList, Default: "a,b"}}
Conditions: {Big: !Equals [!Ref Size, 3], Small: !Not [!Condition Big]}
Mappings: {M: {x: {y: found}}}
Resources: {Queue: {Type: AWS::SQS::Queue}}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    return Stack(tmp_path / "t.yaml", name="s", endpoint="http://e")


@pytest.fixture(scope="module")
def lepton() -> Blueprint:
    return draw(Stack(ROOT / "template.yaml", name="lepton", endpoint="http://e"), ROOT / "build" / "layers")


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Fn::Sub": "${AWS::StackName} ${Queue.Arn} ${!Raw}"}, "s arn:aws:sqs:us-east-1:123456789012:s-Queue ${Raw}"),
        ({"Fn::Sub": ["${A}${Size}", {"A": {"Fn::Select": [1, {"Ref": "Names"}]}}]}, "b3"),
        ({"Ref": "Queue"}, "http://e/123456789012/s-Queue"),
        ({"Fn::Join": ["-", {"Ref": "Names"}]}, "a-b"),
        ({"Fn::If": ["Big", {"Fn::FindInMap": ["M", "x", "y"]}, "no"]}, "found"),
        ({"Fn::If": ["Small", "yes", {"Fn::Split": [",", "a,b"]}]}, ["a", "b"]),
        ({"a": {"Ref": "AWS::NoValue"}, "b": [{"Ref": "AWS::NoValue"}, 1]}, {"b": [1]}),
        ({"Fn::Select": [1, {"Fn::Cidr": ["10.0.0.0/16", 2, 8]}]}, "10.0.1.0/24"),
        ({"Condition": {"Bool": True}}, {"Condition": {"Bool": True}}),
    ],
)
def test_an_intrinsic_function_gives_what_cloudformation_gives(stack: Stack, node: Any, value: Any) -> None:
    assert resolve(node, stack) == value


@pytest.mark.parametrize(
    "node", [{"Ref": "Nope"}, {"Fn::GetAtt": ["Nope", "Arn"]}, {"Fn::Nope": 1}, {"Fn::ImportValue": "x"}]
)
def test_what_cannot_be_resolved_is_named(stack: Stack, node: Any) -> None:
    with pytest.raises(Misconfigured):
        resolve(node, stack)


def test_a_parameter_without_a_value_is_named(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("Parameters: {Needed: {Type: String}}\nResources: {}\n")
    with pytest.raises(Misconfigured, match="Needed"):
        Stack(tmp_path / "t.yaml", name="s", endpoint="http://e")


def test_a_template_that_sam_refuses_is_told_with_its_cause(tmp_path: Path) -> None:
    text = (
        "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function, Properties: {N: 1}}}"
    )
    (tmp_path / "t.yaml").write_text(text)
    with pytest.raises(Misconfigured, match="F"):
        Stack(tmp_path / "t.yaml", name="s", endpoint="http://e")


def test_a_nested_stack_gives_its_outputs_and_its_resources(tmp_path: Path) -> None:
    stack = Stack(write_stack(tmp_path), name="s", endpoint="http://e")
    assert stack.outputs["Bucket"] == "123456789012-landing"
    assert [one.name for one in stack.resources({"AWS::S3::Bucket"})] == ["123456789012-landing"]


def test_the_real_template_has_its_functions_with_the_layers_that_they_need(lepton: Blueprint) -> None:
    layers = {one.logical_id: {folder.parts[-3] for folder in one.path[1:-1]} for one in lepton.functions}
    assert len(layers) == 10
    assert layers["DatasetsApiFunction"] == {"runtime", "layers"}
    assert layers["IngestFunction"] == {"runtime", "layers", "tables", "images"}
    assert layers["TransformFunction"] == {"runtime", "layers", "tables", "inference", "images"}


def test_the_real_template_wires_both_queues_and_the_landing_bucket(lepton: Blueprint) -> None:
    assert {one.function.rsplit(":", 1)[-1] for one in lepton.mappings} == {"lepton-ingest", "lepton-transform"}
    assert lepton.announced == {lepton.outputs["LandingBucket"]}
    assert {rule.schedule for rule in lepton.rules if rule.schedule} == {"rate(1 hour)", "rate(1 minute)"}


def test_a_layer_view_holds_what_is_named_and_what_that_requires_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "httpx").mkdir()
    (tmp_path / "httpx" / "requirements.txt").write_text("httpx \\\n    --hash=sha256:00\n")
    names = {entry.name for entry in layer_folder(tmp_path / "httpx", tmp_path / "build").iterdir()}
    assert {"httpx", "httpcore", "h11", "certifi"} <= names
    assert not {"numpy", "boto3", "pytest"} & names


def test_a_layer_that_pins_another_version_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="pip install"):
        view("x", [Requirement("httpx==0.0.1")], tmp_path)


@pytest.mark.parametrize(
    ("expression", "due"),
    [
        ("rate(1 hour)", "2026-01-31T11:30:30"),
        ("cron(0 * * * ? *)", "2026-01-31T11:00:00"),
        ("cron(15 12 * * ? *)", "2026-01-31T12:15:00"),
        ("cron(0 8 1 * ? *)", "2026-02-01T08:00:00"),
        ("cron(0/20 9-17 ? * MON-FRI *)", "2026-02-02T09:00:00"),
        ("cron(0 0 29 FEB ? *)", "2028-02-29T00:00:00"),
    ],
)
def test_a_schedule_is_due_when_eventbridge_says(expression: str, due: str) -> None:
    now = datetime(2026, 1, 31, 10, 30, 30, tzinfo=UTC)
    assert next_time(expression, now) == datetime.fromisoformat(due).replace(tzinfo=UTC)


@pytest.mark.parametrize("expression", ["every hour", "cron(* * *)", "cron(61 * * * ? *)", "cron(0 0 L * ? *)"])
def test_a_schedule_that_is_none_is_refused(expression: str) -> None:
    with pytest.raises(Misconfigured):
        next_time(expression, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"level":"INFO","message":"dataset ready","rows":7,"location":"x:1"}', "dataset ready  rows=7"),
        ('{"level":"ERROR","message":"bug","exception":"Trace\\nValueError: no"}', "ERROR bug ValueError: no"),
        ('{"_aws":{}}', None),
        ("plain", "plain"),
    ],
)
def test_a_log_line_is_short_for_people(text: str, told: str | None) -> None:
    line = short_line(LogLine(datetime(2026, 1, 1, tzinfo=UTC), "function", "F", text))
    assert line is None if told is None else line is not None and line.endswith(told)
