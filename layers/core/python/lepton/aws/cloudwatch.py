"""LoadHistory of a Lambda function on Amazon CloudWatch: Invocations and Duration, by GetMetricData.

Lambda writes no figure for a period without an invocation, so within what is known a missing invocation count is a
zero, and before the first figure nothing is known. A metrics outage cannot be told from silence here.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from lepton.aws import clients
from lepton.aws.clients import translated
from lepton.errors import InvalidRequest, NotFound
from lepton.ports import LoadSeries

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient

# How long CloudWatch keeps figures of each period: 15 days by the minute, 63 by 5 minutes, 455 by the hour.
KEPT_DAYS = {60: 15, 300: 63, 3600: 455}


class CloudWatchLoadHistory:
    """The metrics of the function named as the resource (all its versions and aliases together)."""

    def __init__(self, client: CloudWatchClient | None = None) -> None:
        self._cloudwatch = client or clients.cloudwatch()

    def read(self, resource: str, start: datetime, end: datetime, step: int) -> LoadSeries:
        """History of [start, end) from the first figure on. Raises NotFound when there is none, InvalidRequest."""
        if step % 60:
            raise InvalidRequest(f"CloudWatch has no periods of {step} s", pointer="/step", hint="a multiple of 60")
        figures = self._figures(resource, start, end, step)
        invocations = figures["invocations"]
        if not invocations:
            raise NotFound(
                f"no invocation of {resource!r} between {start.isoformat()} and {end.isoformat()}",
                hint="the function's metrics appear a few minutes after its first invocation",
            )
        first = min(invocations)
        slots = [first + timedelta(seconds=step * at) for at in range(math.ceil((end - first).total_seconds() / step))]
        return LoadSeries(
            resource,
            first,
            step,
            tuple(invocations.get(slot, 0.0) for slot in slots),
            tuple(figures["duration"].get(slot, math.nan) / 1000 for slot in slots),
        )

    def _figures(self, resource: str, start: datetime, end: datetime, step: int) -> dict[str, dict[datetime, float]]:
        """Figures by the start of their period, of both metrics; follows NextToken to the end."""
        found: dict[str, dict[datetime, float]] = {"invocations": {}, "duration": {}}
        token: dict[str, Any] = {}
        with translated(f"read the metrics of {resource}"):
            while True:
                answer = self._cloudwatch.get_metric_data(
                    MetricDataQueries=[
                        _query("invocations", "Invocations", "Sum", resource, step),
                        _query("duration", "Duration", "Average", resource, step),
                    ],
                    StartTime=start,
                    EndTime=end,
                    ScanBy="TimestampAscending",
                    **token,
                )
                for result in answer["MetricDataResults"]:
                    times = (at.astimezone(UTC) for at in result["Timestamps"])
                    found[result["Id"]].update(zip(times, result["Values"], strict=True))
                if not answer.get("NextToken"):
                    return found
                token = {"NextToken": answer["NextToken"]}


def _query(query: str, metric: str, statistic: str, function: str, step: int) -> Any:
    return {
        "Id": query,
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/Lambda",
                "MetricName": metric,
                "Dimensions": [{"Name": "FunctionName", "Value": function}],
            },
            "Period": step,
            "Stat": statistic,
        },
        "ReturnData": True,
    }
