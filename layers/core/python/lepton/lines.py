"""Log lines and metrics as powertools writes them, without powertools: for what is written once for every answer.

The same members in the same order as its Logger and Metrics write (`level`, `location`, `message`, `timestamp`,
`service`, then what is told; CloudWatch's embedded metric format), so nothing that reads them can tell which wrote
them. There is no sampling, no correlation and no state here: whoever needs more takes `lepton.observability`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii
from typing import Any

quoted = encode_basestring_ascii
LEVELS = {"DEBUG": 10, "INFO": 20, "WARNING": 30, "ERROR": 40, "CRITICAL": 50}
_ANSWERED = (("Predictions", "Count"), ("Latency", "Milliseconds"))


class Lines:
    """`service`, `namespace` and `level` as powertools is told them by its environment variables."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        level = environment.get("POWERTOOLS_LOG_LEVEL") or environment.get("LOG_LEVEL") or "INFO"
        self._environment = environment
        self._least = LEVELS.get(level.upper(), LEVELS["INFO"])
        self._service = quoted(environment.get("POWERTOOLS_SERVICE_NAME") or "service_undefined")
        self._namespace = quoted(environment.get("POWERTOOLS_METRICS_NAMESPACE") or "")
        self._second, self._clock = 0, ""
        self._heads: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[str, str]] = {}

    @classmethod
    def of_process(cls) -> Lines:
        """As this process's environment says."""
        return cls(os.environ)

    def log(self, level: str, location: str, message: str, told: Mapping[str, Any]) -> str:
        """A log line; members that are None are left out. Empty below the level that is logged."""
        if LEVELS[level] < self._least:
            return ""
        more = {name: value for name, value in told.items() if value is not None}
        return self.log_of(level, location, message, json.dumps(more, separators=(",", ":"))[1:-1])

    def log_of(self, level: str, location: str, message: str, members: str) -> str:
        """A log line with members that are JSON already."""
        if LEVELS[level] < self._least:
            return ""
        trace = self._environment.get("_X_AMZN_TRACE_ID")
        traced = f',"xray_trace_id":{quoted(trace.partition("Root=")[2].partition(";")[0])}' if trace else ""
        return (
            f'{{"level":"{level}","location":"{location}","message":{quoted(message)},"timestamp":"{self._now()}",'
            f'"service":{self._service}{"," if members else ""}{members}{traced}}}\n'
        )

    def metrics(self, model: str, figures: Mapping[str, tuple[str, float]]) -> str:
        """Metrics by name (unit, value) of a model. `model` is plain: a legal name."""
        values = "".join(f',"{name}":[{float(value)!r}]' for name, (_, value) in figures.items())
        head, tail = self._headed(model, tuple((name, unit) for name, (unit, _) in figures.items()))
        return f"{head}{int(time.time() * 1000)}{tail}{values}}}\n"

    def answered(self, model: str, rows: int, milliseconds: float) -> str:
        """The metrics of an answer."""
        head, tail = self._headed(model, _ANSWERED)
        at = int(time.time() * 1000)
        return f'{head}{at}{tail},"Predictions":[{float(rows)!r}],"Latency":[{milliseconds!r}]}}\n'

    def _headed(self, model: str, units: tuple[tuple[str, str], ...]) -> tuple[str, str]:
        """What stands before the time, and between it and the values."""
        held = self._heads.get((model, units))
        if held is None:
            named = ",".join(f'{{"Name":"{name}","Unit":"{unit}"}}' for name, unit in units)
            told = f'"Namespace":{self._namespace},"Dimensions":[["model","service"]],"Metrics":[{named}]'
            tail = f',"CloudWatchMetrics":[{{{told}}}]}},"model":"{model}","service":{self._service}'
            held = self._heads[model, units] = ('{"_aws":{"Timestamp":', tail)
        return held

    def _now(self) -> str:
        """Local time with milliseconds and offset."""
        now = time.time()
        second = int(now)
        if second != self._second:
            at = time.localtime(second)
            self._clock = time.strftime("%Y-%m-%d %H:%M:%S", at) + ",%03d" + time.strftime("%z", at)
            self._second = second
        return self._clock % int((now - second) * 1000)


def write(text: str) -> None:
    """On standard output, whole and at once."""
    if text:
        sys.stdout.write(text)
        sys.stdout.flush()
