"""A small stack for the tests of the local cloud: its template, its function, and what they ask of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from devcloud.cloud import LocalCloud

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String, Default: v1}
Globals:
  Function: {Runtime: python3.13, Timeout: 2, MemorySize: 256, CodeUri: app}
Resources:
  Nested:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: nested.yaml, Parameters: {Kind: landing}}
  DeadLetters: {Type: AWS::SQS::Queue}
  Uploads:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 60
      RedrivePolicy: {deadLetterTargetArn: !GetAtt DeadLetters.Arn, maxReceiveCount: 2}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-bus"}}
  UploadRule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [aws.s3]
        detail-type: [Object Created]
        detail:
          bucket: {name: [!GetAtt Nested.Outputs.Bucket]}
          object: {key: [{anything-but: {prefix: ignored/}}]}
      Targets: [{Id: queue, Arn: !GetAtt Uploads.Arn}]
  Core: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: layer}}
  Ingest:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handler.on_queue
      Layers: [!Ref Core]
      Environment: {Variables: {BUCKET: !GetAtt Nested.Outputs.Bucket}}
      Events:
        Queue:
          Type: SQS
          Properties: {Queue: !GetAtt Uploads.Arn, BatchSize: 5, FunctionResponseTypes: [ReportBatchItemFailures]}
  Trigger:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handler.on_event
      EventInvokeConfig:
        MaximumRetryAttempts: 1
        DestinationConfig: {OnFailure: {Type: SQS, Destination: !GetAtt DeadLetters.Arn}}
      Events:
        Ready:
          Type: EventBridgeRule
          Properties: {EventBusName: !Ref Bus, Pattern: {detail-type: [Dataset Ready]}}
        Hourly: {Type: Schedule, Properties: {Schedule: rate(1 hour)}}
        Jobs:
          Type: EventBridgeRule
          Properties: {Pattern: {source: [aws.batch], detail: {status: [SUCCEEDED, FAILED]}}}
  Web:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handler.on_http
      Events:
        Item: {Type: Api, Properties: {RestApiId: !Ref Api, Method: GET, Path: "/items/{name}"}}
        Post: {Type: Api, Properties: {RestApiId: !Ref Api, Method: POST, Path: "/items/{name}"}}
        Own: {Type: Api, Properties: {RestApiId: !Ref Api, Method: GET, Path: /items/own}}
        Files: {Type: Api, Properties: {RestApiId: !Ref Api, Method: ANY, Path: "/files/{proxy+}"}}
  Api:
    Type: AWS::Serverless::Api
    Properties: {StageName: !Ref Stage, BinaryMediaTypes: [image~1png], Auth: {DefaultAuthorizer: AWS_IAM}}
  JobQueue:
    Type: AWS::Batch::JobQueue
    Properties: {JobQueueName: cpu, Priority: 1, ComputeEnvironmentOrder: []}
  Job:
    Type: AWS::Batch::JobDefinition
    Properties:
      JobDefinitionName: trainer
      Type: container
      RetryStrategy:
        Attempts: 3
        EvaluateOnExit:
          - {OnExitCode: "75", Action: RETRY}
          - {OnStatusReason: "Host EC2*", Action: RETRY}
          - {OnReason: "*", Action: EXIT}
      ContainerProperties:
        Image: none
        Command: [python, -c, "print('default')"]
        Environment: [{Name: FROM, Value: definition}]
Outputs:
  ApiUrl: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/${Stage}"}
  Bucket: {Value: !GetAtt Nested.Outputs.Bucket}
  Bus: {Value: !Ref Bus}
  DeadLettersUrl: {Value: !Ref DeadLetters}
"""

NESTED = """
Parameters: {Kind: {Type: String}}
Resources:
  Bucket:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !Join ["-", [!Ref AWS::AccountId, !Ref Kind]]
      VersioningConfiguration: {Status: Enabled}
      NotificationConfiguration: {EventBridgeConfiguration: {EventBridgeEnabled: true}}
Outputs: {Bucket: {Value: !Ref Bucket}}
"""

HANDLER = """
import base64, json, os, sys, time

def say(**what):
    print(json.dumps(what))

def importable(name):
    try:
        __import__(name)
        return True
    except ImportError:
        return False

def on_queue(event, context):
    failed = []
    for record in event["Records"]:
        body = json.loads(record["body"])
        say(message="queued", event=body, count=record["attributes"]["ApproximateReceiveCount"])
        if "poison" in record["body"]:
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}

def on_event(event, context):
    say(message="event", event=event)
    if event.get("detail", {}).get("fail"):
        raise ValueError("asked to fail")

def on_http(event, context):
    query = event["queryStringParameters"] or {}
    act = query.get("act")
    if act == "sleep": time.sleep(10)
    if act == "exit": os._exit(3)
    if act == "raise": raise ValueError("asked to fail")
    if act == "malformed": return ["no", "response"]
    if act == "png":
        return {"statusCode": 200, "headers": {"Content-Type": "image/png"}, "isBase64Encoded": True,
                "body": base64.b64encode(bytes(range(256))).decode()}
    told = {"event": event, "env": dict(os.environ), "cwd": os.getcwd(), "core": importable("core_only"),
            "numpy": importable("numpy"), "boto3": importable("boto3"), "pid": os.getpid()}
    return {"statusCode": 200, "headers": {"X-One": "1"}, "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
            "body": json.dumps(told)}
"""

# moto leaves the spooled file of an object that was written over to the garbage collector.
UNCLOSED_FILES_OF_MOTO = pytest.mark.filterwarnings(
    "ignore:.*SpooledTemporaryFile:pytest.PytestUnraisableExceptionWarning"
)


def write_stack(folder: Path) -> Path:
    """The stack's files; the path of its template."""
    for name, text in {
        "template.yaml": TEMPLATE,
        "nested.yaml": NESTED,
        "app/handler.py": HANDLER,
        "layer/python/core_only.py": "NAME = 'core'\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder / "template.yaml"


def client(cloud: LocalCloud, service: str) -> Any:
    """A boto3 client of the local cloud."""
    return client_at(cloud.endpoint_url, service)


def client_at(endpoint: str, service: str) -> Any:
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(signature_version="s3v4" if service == "s3" else "v4"),
    )


def until(found: Callable[[], Any], seconds: float = 10.0) -> Any:
    """What `found` gives, as soon as it gives something."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"nothing within {seconds} s")


def said(cloud: LocalCloud, source: str, word: str) -> list[dict[str, Any]]:
    """The JSON lines of a function with this word in them."""
    lines = [line.text for line in cloud.log.lines() if line.source == source and word in line.text]
    return [json.loads(text) for text in lines if text.startswith('{"message"')]
