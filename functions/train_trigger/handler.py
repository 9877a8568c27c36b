"""train_trigger: starts trainings, concludes them, watches rollouts, and keeps the registry."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from lepton.aws.batch import BatchJobQueue
from lepton.aws.eventbridge import EventBridgeBus
from lepton.aws.s3 import S3ObjectStore
from lepton.settings import Settings
from lepton.training import http, notices
from lepton.training.control import Control


@cache
def _control() -> Control:
    told = Settings.from_environment(os.environ)
    return Control.of(told, S3ObjectStore(told.lake_bucket), BatchJobQueue(), EventBridgeBus(told.event_bus))


_app = cache(lambda: http.training_api(_control(), partial(datetime.now, UTC)))


def on_dataset_ready(event: dict[str, Any], _: Any) -> dict[str, Any]:
    return notices.on_dataset_ready(_control(), event, datetime.now(UTC))


def on_job_change(event: dict[str, Any], _: Any) -> dict[str, Any]:
    return notices.on_job_change(_control(), event, datetime.now(UTC))


def on_rollout_tick(_event: dict[str, Any], _: Any) -> dict[str, Any]:
    return notices.on_rollout_tick(_control(), datetime.now(UTC))


def on_http(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return _app().resolve(event, context)
