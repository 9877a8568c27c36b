"""The report at the end: what the progress and the prices say together."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lepton.endpoint.jobs.records import JobRecord, Progress, TransformReport
from lepton.endpoint.jobs.transform import part_name, rejected_name
from lepton.errors import InvalidRequest, LeptonError

_GB = 1024  # MB, as Lambda bills memory


def refusal(error: LeptonError) -> dict[str, Any]:
    """The members of a report that say why nothing came of it."""
    told = {"reason": getattr(error, "reason", error.code), "message": error.message}
    return told | {"pointer": error.pointer, "hint": error.hint}


def transformed(
    record: JobRecord, progress: Progress, *, cancelled: bool, key: Callable[[str], str], price: dict[str, Any], at: str
) -> TransformReport:
    """`key` gives the lake's key of a file of the job; `price` comes from `cost`."""
    known = named(record)
    rate = round(progress.rows / progress.seconds, 1) if progress.seconds else None
    told: dict[str, Any] = {
        "state": "cancelled" if cancelled else "done",
        "rows": progress.rows,
        "rejected": progress.rejected,
        "seconds": round(progress.seconds, 3),
        "rows_per_second": rate,
        "runs": progress.runs,
        "classes": progress.classes,
        "predictions": tuple(key(part_name(number, progress.format)) for number in progress.predicted),
        "rejected_rows": tuple(key(rejected_name(number)) for number in progress.refused),
        "ignored_columns": progress.ignored_columns,
        "errors": progress.errors,
    }
    if not cancelled and not progress.rows:
        told |= {"state": "rejected", "reason": "no_usable_row", "message": _nothing(progress)}
    return TransformReport(**known, **told, **price, at=at)


def named(record: JobRecord) -> dict[str, Any]:
    """The members that every report of the job has."""
    source = record.source
    told: dict[str, Any] = {"key": source.key, "etag": source.etag} if source else {}
    return {"model": record.model, "version": record.version, "job": record.job} | told


def cost(region: str, memory_mb: int) -> Callable[[float, int], dict[str, Any]]:
    """What seconds and invocations of a function of that memory cost, where the region has a price list."""
    return partial(_cost, region, memory_mb)


def _cost(region: str, memory_mb: int, seconds: float, runs: int) -> dict[str, Any]:
    from lepton.capacity.prices import prices_of

    try:
        prices = prices_of(region)
    except InvalidRequest:
        return {}
    dollars = seconds * memory_mb / _GB * prices.on_demand_gb_second + runs * prices.request
    return {"cost_usd": round(dollars, 9), "prices": f"{prices.region} {prices.as_of}"}


def _nothing(progress: Progress) -> str:
    if progress.rejected:
        return f"none of {progress.rejected} rows could be read"
    return "there is no row under the header"
