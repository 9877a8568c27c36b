"""Ingest: uploads become dataset versions (on_upload); uploads and datasets over HTTP (on_http)."""

import os
import secrets
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from lepton.aws.eventbridge import EventBridgeBus
from lepton.aws.s3 import S3ObjectStore, presign_upload
from lepton.dataset.catalog import Catalog
from lepton.dataset.deliveries import Deliveries
from lepton.dataset.ingest import Ingest
from lepton.dataset.limits import Limits
from lepton.dataset.routes import DatasetsApi
from lepton.dataset.uploads import UploadDesk
from lepton.settings import Settings


def on_upload(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return _deliveries().handle(event, context)


def on_http(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return _api().resolve(event, context)


@cache
def _deliveries() -> Deliveries:
    s = Settings.from_environment(os.environ)
    landing, lake = S3ObjectStore(s.landing_bucket), S3ObjectStore(s.lake_bucket)
    return Deliveries(Ingest(landing, lake, EventBridgeBus(s.event_bus), Limits(upload=s.upload_max_bytes)))


@cache
def _api() -> DatasetsApi:
    s = Settings.from_environment(os.environ)
    form = partial(presign_upload, s.landing_bucket, max_bytes=s.upload_max_bytes, seconds=s.upload_seconds)
    desk = UploadDesk(form, s.upload_max_bytes, now=partial(datetime.now, UTC), token=partial(secrets.token_hex, 8))
    return DatasetsApi(Catalog(S3ObjectStore(s.lake_bucket)), desk)
