"""Landing and lake buckets, a bus whose events land in a queue, and the real handler on them (moto, in process)."""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3

from lepton.aws import clients

ROOT = Path(__file__).parents[2]
DATA = ROOT / "examples" / "data"
EVENTS = ROOT / "events" / "ingest"
LANDING, LAKE, BUS = "lepton-landing", "lepton-lake", "lepton"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "LAKE_BUCKET": LAKE,
    "LANDING_BUCKET": LANDING,
    "EVENT_BUS": BUS,
    "POWERTOOLS_SERVICE_NAME": "ingest",
    "POWERTOOLS_METRICS_NAMESPACE": "Lepton",
}
CONTEXT = SimpleNamespace(
    function_name="ingest",
    memory_limit_in_mb=3008,
    invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:ingest",
    aws_request_id="c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
)


@dataclass(frozen=True)
class IngestCloud:
    """Call `on_upload` and `on_http` with golden events; look at the lake and at what was published."""

    handler: Any
    queue: str

    @classmethod
    def started(cls) -> IngestCloud:
        for maker in (clients.s3, clients.eventbridge):
            maker.cache_clear()
        handler = importlib.import_module("functions.ingest.handler")
        handler._deliveries.cache_clear()
        handler._api.cache_clear()
        for bucket in (LANDING, LAKE):
            clients.s3().create_bucket(Bucket=bucket)
        sqs = boto3.client("sqs")
        queue = sqs.create_queue(QueueName="told")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events = clients.eventbridge()
        events.create_event_bus(Name=BUS)
        events.put_rule(Name="all", EventBusName=BUS, EventPattern='{"source": ["lepton.ingest"]}')
        events.put_targets(Rule="all", EventBusName=BUS, Targets=[{"Id": "queue", "Arn": arn}])
        return cls(handler, queue)

    def put(self, key: str, body: bytes) -> None:
        clients.s3().put_object(Bucket=LANDING, Key=key, Body=body)

    def on_upload(self, event: str) -> dict[str, Any]:
        return dict(self.handler.on_upload(golden(event), CONTEXT))

    def on_http(self, event: str) -> dict[str, Any]:
        """`{"statusCode", "body"}` of the answer."""
        answer = self.handler.on_http(golden(event), CONTEXT)
        return {"statusCode": answer["statusCode"], "body": json.loads(answer["body"])}

    def lake(self) -> dict[str, bytes]:
        """Every object of the lake."""
        pages = clients.s3().get_paginator("list_objects_v2").paginate(Bucket=LAKE)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: clients.s3().get_object(Bucket=LAKE, Key=key)["Body"].read() for key in keys}

    def told(self) -> list[tuple[str, dict[str, Any]]]:
        """What was published since this was last asked: (detail type, detail)."""
        sqs = boto3.client("sqs")
        answer = sqs.receive_message(QueueUrl=self.queue, MaxNumberOfMessages=10)
        for message in answer.get("Messages", []):
            sqs.delete_message(QueueUrl=self.queue, ReceiptHandle=message["ReceiptHandle"])
        bodies = [json.loads(message["Body"]) for message in answer.get("Messages", [])]
        return [(body["detail-type"], body["detail"]) for body in bodies]


def golden(name: str) -> dict[str, Any]:
    return dict(json.loads((EVENTS / f"{name}.json").read_text()))
