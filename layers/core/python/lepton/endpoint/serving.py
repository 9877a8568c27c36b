"""Serving put together from the settings and the ports: one Endpoint, and what Lambda calls of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lepton.endpoint.artifacts import ArtifactCache
from lepton.endpoint.endpoint import Bounds, Endpoint
from lepton.endpoint.request import Limits
from lepton.endpoint.telemetry import Telemetry
from lepton.ports import EventBus, ObjectStore
from lepton.registry import Registry
from lepton.settings import Settings

if TYPE_CHECKING:
    from aws_lambda_powertools.event_handler import APIGatewayRestResolver
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lepton.endpoint.transform import Transform

MEMORY_PER_VCPU = 1769  # MB of a Lambda that come with one vCPU
DISK = 300_000_000  # bytes of /tmp, which holds 512 MB, for ONNX files
_MB = 1 << 20


class Serving:
    """Threads follow the function's share of CPU; loaded models may take a third of its memory."""

    def __init__(
        self,
        settings: Settings,
        lake: ObjectStore,
        *,
        landing: Callable[[], ObjectStore],
        bus: Callable[[], EventBus],
        memory_mb: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._lake = lake
        self._landing = landing
        self._clock = clock
        self._telemetry = Telemetry(bus)
        bounds = Bounds(
            staleness=settings.alias_staleness_seconds,
            memory=memory_mb * _MB // 3,
            threads=max(1, memory_mb // MEMORY_PER_VCPU),
        )
        artifacts = ArtifactCache(lake, Path(tempfile.gettempdir()) / "lepton-models", DISK)
        self.endpoint = Endpoint(Registry(lake), artifacts, self._telemetry, bounds, clock)

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """API Gateway's proxy event in, its answer out."""
        try:
            return self._app.resolve(event, context)
        finally:
            self._telemetry.flush()

    def transform(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """SQS records in, the identifiers of those to be tried again out."""
        from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        try:
            return dict(process_partial_response(event, self._transform_record, processor, context))
        finally:
            self._telemetry.flush()

    @cached_property
    def _app(self) -> APIGatewayRestResolver:
        from lepton.endpoint import routes

        return routes.build(self.endpoint, self._telemetry, Limits())

    @cached_property
    def _transform(self) -> Transform:
        from lepton.endpoint.transform import Transform

        return Transform(self._landing(), self._lake, self.endpoint, self._clock)

    def _transform_record(self, record: SQSRecord) -> None:
        from lepton.dataset.arrivals import arrivals

        for arrival in arrivals(record.body):
            if arrival.key.endswith("/"):
                continue  # what the S3 console makes for a folder
            self._telemetry.transformed(self._transform.run(arrival.keys))
            self._telemetry.flush()
