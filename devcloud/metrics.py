"""CloudWatch metrics: what Lambda measures of itself, and what functions say in embedded metric format on their output.

One statistic set for each metric and minute, as CloudWatch keeps them, in moto's CloudWatch. Metrics do not survive a
restart. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from moto.cloudwatch.models import MetricAggregatedDatum

from devcloud.environments import FunctionSpec, Outcome
from devcloud.live_log import LogLine

Dimensions = tuple[tuple[str, str], ...]


class Metrics:
    """Adds values to moto's CloudWatch."""

    def __init__(self, backend: Any) -> None:
        self._backend = backend
        self._held: dict[tuple[Any, ...], Any] = {}
        self._lock = threading.Lock()

    def add(self, namespace: str, name: str, value: float, *, dimensions: Dimensions, unit: str, at: datetime) -> None:
        """One value at a time."""
        minute = at.astimezone(UTC).replace(second=0, microsecond=0, tzinfo=None)  # moto's are naive, in UTC
        place = (namespace, name, dimensions, unit, minute)
        with self._lock:
            datum = self._held.get(place)
            if datum is None:
                named = [{"Name": key, "Value": text} for key, text in dimensions]
                datum = MetricAggregatedDatum(namespace, name, value, value, 1.0, value, named, minute, unit)
                self._held[place] = datum
                self._backend.metric_data.append(datum)
                return
            datum.min, datum.max = min(datum.min, value), max(datum.max, value)
            datum.sum += value
            datum.sample_count += 1

    def invoked(self, spec: FunctionSpec, outcome: Outcome | None, concurrency: int) -> None:
        """After an invocation (None: it was throttled): the metrics of AWS/Lambda."""
        values = [("Throttles", 1.0 if outcome is None else 0.0, "Count")]
        if outcome is not None:
            values += [
                ("Invocations", 1.0, "Count"),
                ("Errors", 0.0 if outcome.error is None else 1.0, "Count"),
                ("Duration", outcome.seconds * 1000, "Milliseconds"),
                ("ConcurrentExecutions", float(concurrency), "Count"),
            ]
        now = datetime.now(UTC)
        for name, value, unit in values:
            self.add("AWS/Lambda", name, value, dimensions=(("FunctionName", spec.name),), unit=unit, at=now)

    def logged(self, line: LogLine) -> None:
        """Take the metrics out of a line in embedded metric format; other lines are none of ours."""
        if not line.text.startswith("{") or '"_aws"' not in line.text:
            return
        try:
            record = json.loads(line.text)
            at = datetime.fromtimestamp(record["_aws"]["Timestamp"] / 1000, UTC)
            directives = record["_aws"]["CloudWatchMetrics"]
            for directive in directives:
                self._take(directive, record, at)
        except (ValueError, KeyError, TypeError):
            return  # CloudWatch leaves such a line in the log, and so do we

    def _take(self, directive: Mapping[str, Any], record: Mapping[str, Any], at: datetime) -> None:
        for names in directive.get("Dimensions") or [[]]:
            dimensions = tuple((name, str(record[name])) for name in names)
            for metric in directive["Metrics"]:
                for value in _values(record[metric["Name"]]):
                    self.add(
                        directive["Namespace"],
                        metric["Name"],
                        value,
                        dimensions=dimensions,
                        unit=metric.get("Unit", "None"),
                        at=at,
                    )


def _values(value: Any) -> Iterable[float]:
    return [float(one) for one in value] if isinstance(value, list) else [float(value)]
