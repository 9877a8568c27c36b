"""boto3 clients, one of a kind for each process, and the translation of botocore's errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lepton.aws.kinds import KINDS
from lepton.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_batch import BatchClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client

# total_max_attempts counts the first call too; the timeouts stay below every function's own.
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 4},
    connect_timeout=3,
    read_timeout=20,
    signature_version="s3v4",
    s3={"addressing_style": "path"},
)
_PLAIN = CONFIG.merge(Config(signature_version="v4"))


@cache
def s3() -> S3Client:
    return boto3.client("s3", config=CONFIG)


@cache
def batch() -> BatchClient:
    return boto3.client("batch", config=_PLAIN)


@cache
def eventbridge() -> EventBridgeClient:
    return boto3.client("events", config=_PLAIN)


@cache
def cloudwatch() -> CloudWatchClient:
    return boto3.client("cloudwatch", config=_PLAIN)


@cache
def autoscaling() -> ApplicationAutoScalingClient:
    return boto3.client("application-autoscaling", config=_PLAIN)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn whatever botocore raises inside into one of our errors; `what` names the call in its message."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        message = f"{what}: {error.response.get('Error', {}).get('Message', code)}"
        raise KINDS.get(code, Unavailable)(message) from error
    except BotoCoreError as error:
        raise Unavailable(f"{what}: {error}") from error
