"""The predict function as Lambda has it: its real handler and environment, S3 and EventBridge by moto's server."""

from __future__ import annotations

import importlib.util
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from urllib.request import Request, urlopen

from moto.server import ThreadedMotoServer

from lepton.observability import logger, metrics

ROOT = Path(__file__).parents[2]
CONTEXT = SimpleNamespace(
    aws_request_id="request-1",
    function_name="predict",
    memory_limit_in_mb=1769,
    invoked_function_arn="arn:predict",
    get_remaining_time_in_millis=lambda: 600_000,
)
ENVIRONMENT = {
    "LAKE_BUCKET": "lake",
    "LANDING_BUCKET": "landing",
    "EVENT_BUS": "lepton",
    "ALIAS_STALENESS_SECONDS": "0.2",
    "POWERTOOLS_SERVICE_NAME": "predict",
    "POWERTOOLS_METRICS_NAMESPACE": "Lepton",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
}


class PredictCloud:
    """`lake` and `landing` are the real adapters; `http` and `transform` call the handler's entry points."""

    def __init__(self) -> None:
        import boto3

        from lepton.aws.s3 import S3ObjectStore

        self.s3 = boto3.client("s3")
        for bucket in ("lake", "landing"):
            self.s3.create_bucket(Bucket=bucket)
        self.events = boto3.client("events")
        self.events.create_event_bus(Name="lepton")
        self.lake = S3ObjectStore("lake", self.s3)
        self.landing = S3ObjectStore("landing", self.s3)
        self.handler = _handler()
        self.version = ""

    def forget_models(self) -> None:
        """As in a fresh environment of Lambda."""
        for path in Path(tempfile.gettempdir()).rglob("*.onnx"):
            path.unlink()
        self.handler = _handler()

    def http(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
        """The status and parsed body of a request with a JSON body, or a text one as it is."""
        text = body if isinstance(body, str | None) else json.dumps(body)
        return self.answer(proxy_event(method, path, text, headers))

    def answer(self, event: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = self.handler.on_http(event, CONTEXT)
        return answer["statusCode"], json.loads(answer["body"])

    def transform(self, *keys: str) -> list[str]:
        """The keys whose records failed."""
        bodies = {key: {"detail": {"bucket": {"name": "landing"}, "object": {"key": key}}} for key in keys}
        records = [
            {"messageId": key, "body": json.dumps(body), "eventSource": "aws:sqs"} for key, body in bodies.items()
        ]
        answer = self.handler.on_transform({"Records": records}, CONTEXT)
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def lake_files(self, prefix: str) -> dict[str, bytes]:
        """Contents by the last step of the key."""
        blobs = ((entry.key, self.lake.get(entry.key)) for entry in self.lake.list(prefix))
        return {key.rsplit("/", 1)[-1]: blob.body for key, blob in blobs if blob is not None}


def proxy_event(
    method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None
) -> dict[str, Any]:
    """What API Gateway's REST proxy integration sends."""
    given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
    return {
        **{"resource": "/{proxy+}", "path": path, "httpMethod": method, "body": body, "isBase64Encoded": False},
        **{"headers": given, "multiValueHeaders": {name: [value] for name, value in given.items()}},
        **dict.fromkeys(("queryStringParameters", "multiValueQueryStringParameters", "stageVariables")),
        "pathParameters": None,
        "requestContext": {"requestId": "request-1", "stage": "v1", "identity": {"userArn": None}},
    }


def fresh_observability() -> None:
    """Logger and metrics are one for each process, made from the environment: forget those of an earlier test."""
    metrics().clear_metrics()
    metrics.cache_clear()
    logger.cache_clear()


@contextmanager
def predict_cloud(folder: Path, **environment: str) -> Iterator[PredictCloud]:
    """A cloud of its own, the artifacts' cache in `folder`."""
    before, before_folder = dict(os.environ), tempfile.tempdir
    os.environ.update(ENVIRONMENT | {"AWS_ENDPOINT_URL": _moto()} | environment)
    tempfile.tempdir = str(folder)
    fresh_observability()
    try:
        yield PredictCloud()
    finally:
        fresh_observability()
        tempfile.tempdir = before_folder
        os.environ.clear()
        os.environ.update(before)


@cache
def _server() -> str:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def _moto() -> str:
    """The address of this process's moto server, emptied."""
    urlopen(Request(f"{_server()}/moto-api/reset", method="POST")).close()
    return _server()


def _handler() -> ModuleType:
    spec = importlib.util.spec_from_file_location("predict_handler", ROOT / "functions/predict/handler.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
