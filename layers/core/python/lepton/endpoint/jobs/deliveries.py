"""What Lambda hands over from the queue: messages in, those that failed out, each job with the time that is left."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from lepton.dataset.arrivals import arrivals
from lepton.endpoint import replies
from lepton.endpoint.exchange import Exchange
from lepton.endpoint.jobs.closing import cost
from lepton.endpoint.jobs.records import JobRecord
from lepton.endpoint.jobs.worker import Answered, Worker
from lepton.endpoint.request import Limits
from lepton.endpoint.route import Call
from lepton.errors import LeptonError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lepton.endpoint.serving import Serving

# Of a request that nobody waits for: no gateway stands between, the function's memory is the bound.
LATER = Limits(body_bytes=50_000_000, answer_bytes=200_000_000, rows=1_000_000)


class Deliveries:
    """The worker over what serves: the same endpoint, the same routes."""

    def __init__(self, serving: Serving) -> None:
        self._serving = copy(serving)
        self._serving.limits = LATER
        price = cost(serving.settings.price_region, serving.memory_mb)
        self._worker = Worker(serving.landing(), serving.lake, serving.endpoint, self._answered, price, serving.clock)

    def handle(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """SQS records in, the identifiers of those to be tried again out."""

        def remaining() -> float:
            return context.get_remaining_time_in_millis() / 1000

        def one(record: SQSRecord) -> None:
            self._one(record, remaining)

        processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)
        try:
            return dict(process_partial_response(event, one, processor, context))
        finally:
            self._serving.telemetry.flush()

    def _one(self, record: SQSRecord, remaining: Callable[[], float]) -> None:
        for arrival in arrivals(record.body):
            if arrival.key.endswith("/"):
                continue  # what the S3 console makes for a folder
            report = self._worker.handle(arrival.keys, remaining)
            if report is not None:
                self._serving.telemetry.transformed(report)
            self._serving.telemetry.flush()

    def _answered(self, record: JobRecord, body: bytes) -> Answered:
        """The stored request through the route that it was sent to, by the version that its job is held to."""
        from lepton.endpoint.routes_infer import infer, invocations

        stored = record.call
        assert stored is not None  # noqa: S101  # a request has one
        path = {"model": record.model, "version": record.version}
        exchange = Exchange("POST", stored.path, stored.headers, stored.query, body, record.job, record.by)
        try:
            reply = (infer if stored.path == "infer" else invocations)(Call(exchange, path, self._serving))
        except LeptonError as error:
            reply = replies.refused(error, exchange)
        return Answered(reply.status, reply.headers, reply.body)
