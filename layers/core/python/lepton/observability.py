"""Logger and Metrics of powertools, one pair for each process, made when first asked for.

Log lines carry ids, sizes, durations and versions, never a payload. Tracer is left out: it pulls in the X-Ray SDK,
which costs more at start than all the rest together.
"""

from __future__ import annotations

from functools import cache

from aws_lambda_powertools import Logger, Metrics


@cache
def logger() -> Logger:
    """The process's logger; service and level come from POWERTOOLS_SERVICE_NAME and POWERTOOLS_LOG_LEVEL."""
    return Logger()


@cache
def metrics() -> Metrics:
    """The process's metrics (CloudWatch embedded metric format on standard output)."""
    return Metrics()
