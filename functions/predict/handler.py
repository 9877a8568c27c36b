"""Predictions: `on_http` answers requests, `on_transform` whole files that arrive under predict-in/."""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext as Context

    from lepton.endpoint.serving import Serving


@cache
def _serving() -> Serving:
    from lepton.aws import stores
    from lepton.endpoint.serving import Serving
    from lepton.settings import Settings

    settings = Settings.from_environment(os.environ)
    return Serving(
        settings,
        stores.object_store(settings.lake_bucket, os.environ),
        landing=lambda: stores.object_store(settings.landing_bucket, os.environ),
        bus=lambda: stores.event_bus(settings.event_bus),
        links=lambda: stores.links(settings),
        memory_mb=int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "1769")),
    )


def on_http(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """API Gateway's proxy event in, its answer out."""
    return _serving().answer(event, context)


def on_transform(event: dict[str, Any], context: Context) -> dict[str, Any]:
    """SQS records in, the ones that failed out."""
    return _serving().transform(event, context)
