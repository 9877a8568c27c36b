"""The upload queue's messages, one by one: what fails goes back to the queue, all others are done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from lepton.dataset.arrivals import Arrival, arrivals
from lepton.dataset.ingest import Ingest
from lepton.dataset.manifest import UploadReceipt
from lepton.errors import TransientError
from lepton.observability import logger, metrics


class Deliveries:
    """Takes batches from the queue. Bad data is told to its sender and done; faults are tried again, then the DLQ's."""

    def __init__(self, ingest: Ingest) -> None:
        self._ingest = ingest
        log: Any = logger()  # powertools' Logger is a logging.Logger by delegation only
        self._processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False, logger=log)

    def handle(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """The batch's answer: `batchItemFailures` names the messages to be delivered again."""
        if not event.get("Records"):
            logger().info("nothing to ingest")
            return {"batchItemFailures": []}
        answer = process_partial_response(
            event=dict(event), record_handler=self._take, processor=self._processor, context=context
        )
        return dict(answer)

    def _take(self, record: SQSRecord) -> None:
        for arrival in arrivals(record.body):
            self._receive(arrival)

    def _receive(self, arrival: Arrival) -> None:
        try:
            receipt = self._ingest.receive(arrival)
        except TransientError:
            raise
        except Exception:
            self._ingest.failed(arrival)
            raise
        _count(arrival, receipt)


def _count(arrival: Arrival, receipt: UploadReceipt | None) -> None:
    if receipt is None:
        logger().warning("not an upload", key=arrival.key)
        return
    logger().info(
        f"upload {receipt.state}",
        dataset=receipt.dataset,
        upload=receipt.upload,
        version=receipt.version,
        rows=receipt.rows,
        quarantined=receipt.quarantined,
        reason=receipt.reason,
        bytes=arrival.size,
    )
    metrics().add_metric("UploadsReady" if receipt.state == "ready" else "UploadsRejected", MetricUnit.Count, 1)
    metrics().add_metric("RowsQuarantined", MetricUnit.Count, receipt.quarantined)
    metrics().flush_metrics()
