"""What serving tells of itself: one log line and three metrics a prediction, and an event when something is wrong.

Log lines carry ids, counts, durations and versions, never a payload.
"""

from __future__ import annotations

from collections.abc import Callable

from aws_lambda_powertools.metrics import MetricUnit

from lepton.endpoint.transform_report import TransformReport
from lepton.errors import LeptonError
from lepton.events import FaultDetected
from lepton.model_package.manifest import ModelManifest
from lepton.observability import logger, metrics
from lepton.ports import EventBus


class Telemetry:
    """`bus` is asked for only when there is something to tell: its client is not free."""

    def __init__(self, bus: Callable[[], EventBus]) -> None:
        self._bus = bus

    def predicted(
        self, manifest: ModelManifest, *, rows: int, milliseconds: float, request: str, id: str | None
    ) -> None:
        """One prediction was answered."""
        logger().info(
            "predicted",
            model=manifest.model,
            version=manifest.version,
            rows=rows,
            ms=round(milliseconds, 3),
            request_id=request,
            id=None if id is None else ascii(id[:64])[1:-1],
        )
        metrics().add_dimension("model", manifest.model)
        metrics().add_metric("Predictions", MetricUnit.Count, rows)
        metrics().add_metric("Latency", MetricUnit.Milliseconds, milliseconds)

    def transformed(self, report: TransformReport) -> None:
        """A whole file was predicted, or refused."""
        logger().info(
            "transformed",
            model=report.model,
            version=report.version,
            job=report.job,
            state=report.state,
            rows=report.rows,
            rejected=report.rejected,
            seconds=report.seconds,
            reason=report.reason,
        )
        metrics().add_dimension("model", report.model)
        metrics().add_metric("Predictions", MetricUnit.Count, report.rows)
        metrics().add_metric("RejectedRows", MetricUnit.Count, report.rejected)

    def loaded(self, manifest: ModelManifest, milliseconds: float) -> None:
        """A version was loaded and is warm."""
        logger().info("model loaded", model=manifest.model, version=manifest.version, ms=round(milliseconds, 1))
        metrics().add_metric("ModelLoads", MetricUnit.Count, 1)

    def put_off(self, model: str, what: str, error: LeptonError) -> None:
        """Something could not be read just now; what was served is served on, and it is tried again."""
        logger().warning(what, model=model, code=error.code, reason=error.message)

    def fault(self, model: str, version: str, error: LeptonError) -> None:
        """A version does not load: told once on the bus, where a bus that fails too is only logged."""
        logger().error("model does not load", model=model, version=version, code=error.code, reason=error.message)
        event = FaultDetected(
            component="endpoint",
            what=error.message,
            where=f"{model}@{version}",
            action="the version served before is served on, if there was one",
        )
        try:
            self._bus().publish(event)
        except LeptonError as unheard:
            logger().error("fault not published", code=unheard.code, reason=unheard.message)

    def flush(self) -> None:
        """Write the metrics of this invocation, if there are any."""
        if metrics().metric_set:
            metrics().flush_metrics()
