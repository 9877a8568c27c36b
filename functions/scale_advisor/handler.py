"""Scale advisor: `on_schedule` looks at the watched functions, `on_http` answers /capacity."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from lepton.settings import Settings

if TYPE_CHECKING:
    from lepton.capacity.advisor import ScaleAdvisor


def on_schedule(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001  # Lambda's signature
    """EventBridge's hourly tick: a plan for every function in WATCHED_FUNCTIONS."""
    return _advisor().look(datetime.now(UTC)).model_dump(mode="json")


def on_http(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """API Gateway's proxy events for /capacity and below."""
    from lepton.capacity.routes import capacity_api

    return capacity_api(_advisor()).resolve(event, context)


@cache
def _advisor() -> ScaleAdvisor:
    from lepton.aws import cloudwatch, eventbridge, s3
    from lepton.capacity.advisor import ScaleAdvisor

    named = Settings.from_environment(os.environ)
    lake, bus = s3.S3ObjectStore(named.lake_bucket), eventbridge.EventBridgeBus(named.event_bus)
    return ScaleAdvisor(named, lake, cloudwatch.CloudWatchLoadHistory(), bus)
