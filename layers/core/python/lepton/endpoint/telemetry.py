"""What serving tells of itself: one log line and three metrics a prediction, and an event when something is wrong.

Log lines carry ids, counts, durations and versions, never a payload.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from lepton.errors import LeptonError
from lepton.lines import Lines, quoted, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from lepton.endpoint.jobs.ledger import Report
    from lepton.model_package.manifest import ModelManifest
    from lepton.ports import EventBus


class Telemetry:
    """`bus` is asked for only when there is something to tell: its client is not free."""

    def __init__(self, bus: Callable[[], EventBus]) -> None:
        self._bus = bus
        self._metered = False  # whether powertools holds metrics of ours

    @cached_property
    def _lines(self) -> Lines:
        return Lines.of_process()

    def _log(self, level: str, where: Callable[..., None], message: str, **told: Any) -> None:
        location = f"{where.__name__}:{where.__code__.co_firstlineno}"
        write(self._lines.log(level, location, message, told))

    def predicted(
        self, manifest: ModelManifest, *, rows: int, milliseconds: float, request: str, id: str | None
    ) -> None:
        """One prediction was answered."""
        named = "" if id is None else f',"id":{quoted(ascii(id[:64])[1:-1])}'
        members = (
            f'"model":"{manifest.model}","version":"{manifest.version}","rows":{rows},"ms":{round(milliseconds, 3)!r},'
            f'"request_id":{quoted(request)}{named}'
        )
        line = self._lines.log_of("INFO", _PREDICTED, "predicted", members)
        write(line + self._lines.answered(manifest.model, rows, milliseconds))

    def transformed(self, report: Report) -> None:
        """A job has ended: a whole file was predicted or refused, a request was answered later."""
        from aws_lambda_powertools.metrics import MetricUnit

        from lepton.observability import logger, metrics

        rows = getattr(report, "rows", None)
        logger().info(
            "job ended",
            model=report.model,
            version=report.version,
            job=report.job,
            state=report.state,
            rows=rows,
            rejected=getattr(report, "rejected", None),
            seconds=report.seconds,
            reason=report.reason,
        )
        if rows is not None:
            self._metered = True
            metrics().add_dimension("model", report.model)
            metrics().add_metric("Predictions", MetricUnit.Count, rows)
            metrics().add_metric("RejectedRows", MetricUnit.Count, getattr(report, "rejected", 0))

    def loaded(self, manifest: ModelManifest, milliseconds: float) -> None:
        """A version was loaded and is warm."""
        told = {"model": manifest.model, "version": manifest.version, "ms": round(milliseconds, 1)}
        self._log("INFO", Telemetry.loaded, "model loaded", **told)
        write(self._lines.metrics(manifest.model, {"ModelLoads": ("Count", 1)}))

    def put_off(self, model: str, what: str, error: LeptonError) -> None:
        """Something could not be read just now; what was served is served on, and it is tried again."""
        self._log("WARNING", Telemetry.put_off, what, model=model, code=error.code, reason=error.message)

    def fault(self, model: str, version: str, error: LeptonError) -> None:
        """A version does not load: told once on the bus, where a bus that fails too is only logged."""
        from lepton.events import FaultDetected

        told = {"model": model, "version": version, "code": error.code, "reason": error.message}
        self._log("ERROR", Telemetry.fault, "model does not load", **told)
        event = FaultDetected(
            component="endpoint",
            what=error.message,
            where=f"{model}@{version}",
            action="the version served before is served on, if there was one",
        )
        try:
            self._bus().publish(event)
        except LeptonError as unheard:
            self._log("ERROR", Telemetry.fault, "fault not published", code=unheard.code, reason=unheard.message)

    def refused(self, error: LeptonError) -> None:
        """A request was refused; only faults on our side are logged as errors.

        A caller's fault is told to the caller: the message may quote what was sent, which no log line may.
        """
        ours = error.status >= 500
        told = {"status": error.status, "code": error.code, "reason": error.message if ours else None}
        level = "ERROR" if ours else "INFO"
        self._log(level, Telemetry.refused, "request refused", **told, pointer=error.pointer)

    def bug(self, error: Exception) -> None:
        """Something of ours is wrong: the trace is for whoever mends it."""
        from traceback import format_exception

        trace = "".join(format_exception(error))
        self._log("ERROR", Telemetry.bug, "bug", exception=trace, exception_name=type(error).__name__)

    def flush(self) -> None:
        """Write the metrics that powertools holds, if there are any."""
        if self._metered:
            from lepton.observability import metrics

            self._metered = False
            metrics().flush_metrics()


_PREDICTED = f"predicted:{Telemetry.predicted.__code__.co_firstlineno}"
