"""Predictions for whole files: landing `predict-in/{model}/{file}` to lake `predictions/{model}/{job}/`.

    predictions.csv | .parquet     as the input was; one row for each row that could be read
    rejected.jsonl                 one RejectedRow for each that could not
    report.json                    a TransformReport, written last: where it says "done", everything is there

A job is named by the file's key and etag, so the same file is done once, however often it is announced, and all of
it by one model version.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lepton import lake
from lepton.endpoint import table_file, tables
from lepton.endpoint.endpoint import Endpoint
from lepton.endpoint.model import Model
from lepton.endpoint.prediction_file import PredictionFile
from lepton.endpoint.request import InferRequest
from lepton.endpoint.table_file import Chunk, TableFile
from lepton.endpoint.transform_report import RejectedRow, TransformReport
from lepton.errors import CallerError, DataError, InvalidRequest, LeptonError, NotFound
from lepton.ports import Entry, ObjectStore

TOLD = 100
MAX_BYTES = 200_000_000  # of an input file: it and its predictions lie in /tmp, which holds 512 MB
_MEDIA = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}


@dataclass(slots=True)
class _Count:
    """What was done so far."""

    rows: int = 0
    rejected: int = 0
    errors: list[RejectedRow] = field(default_factory=list)


class Transform:
    """`clock` gives wall-clock seconds."""

    def __init__(
        self, landing: ObjectStore, lake_store: ObjectStore, endpoint: Endpoint, clock: Callable[[], float]
    ) -> None:
        self._landing = landing
        self._lake = lake_store
        self._endpoint = endpoint
        self._clock = clock

    def run(self, keys: Sequence[str]) -> TransformReport:
        """Predict the file (under the first of the keys that is one), or say in its report why not.

        Raises InvalidRequest for a key that is no job's, NotFound, TransientError and OperatorError: then there is no
        report, and the same call may succeed later.
        """
        started = self._clock()
        entry = self._entry(keys)
        model = _model_of(entry.key)
        etag = entry.etag.strip('"')
        job = lake.short_digest(entry.key.encode(), etag.encode())
        prefix = lake.prediction_prefix(model, job)
        if (earlier := self._report(prefix)) and earlier.state == "done":
            return earlier
        told: dict[str, Any] = {"model": model, "job": job, "key": entry.key, "etag": etag}
        try:
            told |= self._predicted(entry, model, prefix)
        except (CallerError, DataError) as error:
            told |= _refusal(error)
        now = self._clock()
        at = datetime.fromtimestamp(now, UTC).isoformat()
        report = TransformReport(**told, seconds=round(now - started, 3), at=at)
        body = report.model_dump_json(indent=1).encode()
        self._lake.put(prefix + "report.json", body, content_type="application/json")
        return report

    def _predicted(self, entry: Entry, name: str, prefix: str) -> dict[str, Any]:
        if entry.size > MAX_BYTES:
            raise InvalidRequest(
                f"the file has {entry.size:,} bytes, the limit is {MAX_BYTES:,}", hint="split it into several files"
            )
        model = self._endpoint.model(name)
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            self._landing.fetch(entry.key, folder / "input")
            with table_file.opened(folder / "input", model.manifest.signature) as table:
                out = PredictionFile(folder, model.manifest.signature)
                try:
                    count = _run(model, table, out)
                finally:
                    out.close()
                return self._stored(model, table, out, count, prefix)

    def _stored(
        self, model: Model, table: TableFile, out: PredictionFile, count: _Count, prefix: str
    ) -> dict[str, Any]:
        told: dict[str, Any] = {
            "state": "done",
            "version": model.manifest.version,
            "rows": count.rows,
            "rejected": count.rejected,
            "errors": tuple(count.errors),
            "ignored_columns": table.ignored,
        }
        if count.rejected:
            told["rejected_rows"] = prefix + out.rejected.name
            self._lake.put(told["rejected_rows"], out.rejected, content_type="application/x-ndjson")
        if not count.rows:
            what = (
                f"none of {count.rejected} rows could be read" if count.rejected else "there is no row under the header"
            )
            return told | {"state": "rejected", "reason": "no_usable_row", "message": what}
        path = out.parquet() if table.format == "parquet" else out.csv
        told["predictions"] = prefix + path.name
        self._lake.put(told["predictions"], path, content_type=_MEDIA[path.suffix])
        return told

    def _entry(self, keys: Sequence[str]) -> Entry:
        """The object in the landing bucket. Raises NotFound."""
        for key in keys:
            entry = next(iter(self._landing.list(key)), None)
            if entry is not None and entry.key == key:
                return entry
        raise NotFound(f"there is no object {keys[0]!r} in the landing bucket", hint="was it deleted meanwhile?")

    def _report(self, prefix: str) -> TransformReport | None:
        try:
            blob = self._lake.get(prefix + "report.json")
        except NotFound:
            return None
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return TransformReport.model_validate_json(blob.body)


def _model_of(key: str) -> str:
    """The model in `predict-in/{model}/{file}`. Raises InvalidRequest."""
    steps = key.removeprefix(lake.TRANSFORM_PREFIX).split("/")
    if not key.startswith(lake.TRANSFORM_PREFIX) or len(steps) < 2 or not steps[-1]:
        raise InvalidRequest(f"{key!r} is not {lake.TRANSFORM_PREFIX}MODEL/FILE")
    return lake.checked_name(steps[0], "model")


def _run(model: Model, table: TableFile, out: PredictionFile) -> _Count:
    count = _Count()
    for chunk in table.chunks:
        rejected = list(chunk.faults)
        if chunk.lines:
            rejected += _run_chunk(model, table, chunk, out, count)
        for row in sorted(rejected, key=lambda row: row.line):
            out.reject(row)
            count.rejected += 1
            count.errors += [row] if len(count.errors) < TOLD else []
    return count


def _run_chunk(model: Model, table: TableFile, chunk: Chunk, out: PredictionFile, count: _Count) -> list[RejectedRow]:
    """Predict the rows that fit; return those that do not, each with its first reason."""
    inputs, misfits = tables.fitted(chunk.columns, model.manifest.signature, table.reader)
    first = {misfit.row: misfit for misfit in reversed(misfits)}
    lines = [line for row, line in enumerate(chunk.lines) if row not in first]
    if lines:
        fitting = tables.without(inputs, first, len(chunk.lines)) if first else inputs
        out.add(lines, model.run(InferRequest(fitting, len(lines))))
        count.rows += len(lines)
    return [
        RejectedRow(line=chunk.lines[row], column=misfit.column, reason=misfit.reason) for row, misfit in first.items()
    ]


def _refusal(error: LeptonError) -> dict[str, Any]:
    told = {"reason": getattr(error, "reason", error.code), "message": error.message}
    return {"state": "rejected", "version": None, **told, "pointer": error.pointer, "hint": error.hint}
