"""The scale advisor as Lambda has it: its real handler and environment; S3, CloudWatch and EventBridge by moto."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from moto import mock_aws

from lepton.aws import clients
from lepton.ports import LoadSeries

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events/scale_advisor"
FUNCTION = "lepton-Predict"
CONTEXT = SimpleNamespace(
    aws_request_id="request-1", function_name="advisor", memory_limit_in_mb=1769, invoked_function_arn="arn:advisor"
)
ENVIRONMENT = {
    "LAKE_BUCKET": "lake",
    "EVENT_BUS": "lepton",
    "WATCHED_FUNCTIONS": f"{FUNCTION}:1024",
    "POWERTOOLS_SERVICE_NAME": "scale_advisor",
    "POWERTOOLS_METRICS_NAMESPACE": "Lepton",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


class AdvisorCloud:
    """`http` and `tick` call the handler's entry points; `told` is what reached the bus."""

    def __init__(self) -> None:
        self.s3 = clients.s3()
        self.s3.create_bucket(Bucket="lake")
        clients.eventbridge().create_event_bus(Name="lepton")
        self.queue = _listening_queue()
        self.handler = _handler()

    def http(self, name: str) -> tuple[int, Any]:
        """Status and body of a golden event."""
        answer = self.handler.on_http(json.loads((EVENTS / f"{name}.json").read_text()), CONTEXT)
        plain = answer["multiValueHeaders"]["Content-Type"] != ["application/json"]
        return answer["statusCode"], answer["body"] if plain else json.loads(answer["body"])

    def post(self, **body: Any) -> tuple[int, Any]:
        event = json.loads((EVENTS / "advise-busy.json").read_text())
        event["body"] = json.dumps(body)
        answer = self.handler.on_http(event, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def tick(self) -> dict[str, Any]:
        event = json.loads((EVENTS / "schedule.json").read_text())
        return self.handler.on_schedule(event, CONTEXT)["looked"][0]

    def keys(self) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket="lake").get("Contents", [])]

    def told(self) -> list[dict[str, Any]]:
        import boto3

        messages = boto3.client("sqs").receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]


def put_metrics(series: LoadSeries) -> None:
    """Write what Lambda would have written: a sum and a mean duration for each step with an invocation."""
    data = []
    for at, count in enumerate(series.arrivals):
        if count > 0:
            about = {
                "Timestamp": series.start.timestamp() + at * series.step,
                "Dimensions": [{"Name": "FunctionName", "Value": series.resource}],
            }
            data.append({**about, "MetricName": "Invocations", "Value": count, "Unit": "Count"})
            data.append(
                {**about, "MetricName": "Duration", "Value": 1000 * series.duration[at], "Unit": "Milliseconds"}
            )
    for first in range(0, len(data), 500):
        clients.cloudwatch().put_metric_data(Namespace="AWS/Lambda", MetricData=data[first : first + 500])


@contextmanager
def advisor_cloud() -> Iterator[AdvisorCloud]:
    before = dict(os.environ)
    os.environ.update(ENVIRONMENT)
    _forget_clients()
    try:
        with mock_aws():
            yield AdvisorCloud()
    finally:
        _forget_clients()
        os.environ.clear()
        os.environ.update(before)


def _forget_clients() -> None:
    for made in (clients.s3, clients.cloudwatch, clients.eventbridge):
        made.cache_clear()


def _listening_queue() -> str:
    import boto3

    sqs, events = boto3.client("sqs"), clients.eventbridge()
    url = sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="told", EventBusName="lepton", EventPattern='{"source": [{"prefix": "lepton."}]}')
    events.put_targets(Rule="told", EventBusName="lepton", Targets=[{"Id": "1", "Arn": arn}])
    return url


def _handler() -> ModuleType:
    """A fresh import of the handler: nothing wired before."""
    spec = importlib.util.spec_from_file_location("advisor_handler", ROOT / "functions/scale_advisor/handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
