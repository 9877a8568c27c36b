"""A whole file predicted part by part: each part is written once, and then the progress is moved behind it.

Killed at any point, it goes on from the last part whose progress was written; the part after that is made again, of
the same rows by the same version, and is the same bytes. Two at once do no harm: one of them moves the progress, and
the other goes on from there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lepton.endpoint.buffers import Codes, Tensor, Tensors
from lepton.endpoint.endpoint import Endpoint
from lepton.endpoint.jobs import source, ticket
from lepton.endpoint.jobs.batch import Batch, RowSource
from lepton.endpoint.jobs.ledger import Ledger
from lepton.endpoint.jobs.part_file import MEDIA, Part
from lepton.endpoint.jobs.records import JobRecord, Mark, Progress, Source
from lepton.endpoint.jobs.sizes import sizes
from lepton.endpoint.model import Model
from lepton.endpoint.request import InferRequest
from lepton.errors import Conflict, InvalidRequest
from lepton.ports import ObjectStore

TOLD = 100  # rejected rows that the report itself shows
RESERVE = 20.0  # seconds of the function's time that are left for writing and handing over
DATABASE: dict[str, Any] = {"threads": 1, "memory_limit": "1GB", "autoinstall_known_extensions": False}
_State = tuple[Progress, str]


@dataclass(frozen=True, slots=True)
class _Work:
    """A job with what is needed to go on with it. `started` is of this invocation."""

    record: JobRecord
    model: Model
    rows: RowSource
    folder: Path
    connection: Any


class Transform:
    """`clock` gives wall-clock seconds, `remaining` the seconds that the function may still run."""

    def __init__(self, landing: ObjectStore, ledger: Ledger, endpoint: Endpoint, clock: Callable[[], float]) -> None:
        self._landing = landing
        self._ledger = ledger
        self._endpoint = endpoint
        self._clock = clock

    def run(self, record: JobRecord, remaining: Callable[[], float]) -> Progress | None:
        """Go on until the file is done or the job cancelled (the progress), or time is short (None, and a ticket).

        Raises CallerError, DataError when nothing can come of the file; TransientError, OperatorError when trying
        again may help.
        """
        started = self._clock()
        with self._opened(record) as work:
            progress, etag = self._begun(work)
            while not progress.complete:
                if self._ledger.cancelled(record):
                    return progress
                left = self._some(work, progress, etag, remaining, started)
                if left is None:
                    return None
                progress, etag = left
            return progress

    def _some(
        self, work: _Work, progress: Progress, etag: str, remaining: Callable[[], float], started: float
    ) -> _State | None:
        """Parts from here on until the file ends, somebody else is further, or time is short (None).

        The first part's time is counted from `started`, so that opening the file is part of what the job took.
        """
        batches = work.rows.batches(progress.mark, progress.batch_rows)
        slowest = 0.0
        done = 0
        while not progress.complete:
            if done and remaining() < RESERVE + 1.5 * slowest:
                ticket.write(self._landing, work.record, progress.part)
                return None
            if done and self._ledger.cancelled(work.record):
                return progress, etag
            moved = self._part(work, progress, batches, started)
            try:
                etag = self._ledger.advance(work.record, moved, etag)
            except Conflict:
                return self._further(work.record)
            now = self._clock()
            slowest, started, done, progress = max(slowest, now - started), now, done + 1, moved
        return progress, etag

    def _part(self, work: _Work, before: Progress, batches: Iterator[Batch], started: float) -> Progress:
        """Write the files of the next part; the progress behind it."""
        part = Part(work.model.manifest.signature)
        mark, records = before.mark, 0
        for batch in islice(batches, before.part_rows // before.batch_rows):
            part.add(batch, _answer(work.model, batch))
            mark, records = batch.end, records + batch.records
        number = before.part
        if part.rows:
            made = part.write(work.connection, work.folder / "part", before.format)
            self._ledger.keep(work.record, part_name(number, before.format), made, MEDIA[before.format])
        if part.rejected:
            told = part.write_rejected(work.folder / "rejected")
            self._ledger.keep(work.record, rejected_name(number), told, MEDIA["jsonl"])
        moved: dict[str, Any] = {
            "mark": mark,
            "part": number + 1,
            "rows": before.rows + part.rows,
            "rejected": before.rejected + len(part.rejected),
            "predicted": (*before.predicted, *((number,) if part.rows else ())),
            "refused": (*before.refused, *((number,) if part.rejected else ())),
            "classes": dict(sorted((part.classes + _counts(before)).items())),
            "errors": tuple(islice(chain(before.errors, part.rejected), TOLD)),
            "seconds": round(before.seconds + self._clock() - started, 6),
            "complete": records < before.part_rows,
            "at": _utc(self._clock()),
        }
        return before.model_copy(update=moved)

    @contextmanager
    def _opened(self, record: JobRecord) -> Iterator[_Work]:
        import duckdb

        model = self._endpoint.model(record.model, record.version)
        asked = record.source
        assert asked is not None  # noqa: S101  # a transform has one
        if asked.size > source.MAX_BYTES:
            raise InvalidRequest(
                f"the file has {asked.size:,} bytes, the limit is {source.MAX_BYTES:,}",
                hint="split it into several files",
            )
        with tempfile.TemporaryDirectory() as made, duckdb.connect(config=DATABASE) as connection:
            folder = Path(made)
            self._fetch(asked, folder / "input")
            with source.opened(folder / "input", model.manifest.signature, connection) as rows:
                yield _Work(record, model, rows, folder, connection)

    def _fetch(self, asked: Source, to: Path) -> None:
        found = self._landing.fetch(asked.key, to)
        if found.etag.strip('"') != asked.etag:
            raise InvalidRequest(
                "the file was overwritten after the job was made", hint="the new file is a job of its own"
            )

    def _begun(self, work: _Work) -> _State:
        """The progress so far, one run more."""
        found = self._ledger.progress(work.record)
        if found is None:
            part_rows, batch_rows = sizes(work.model.manifest)
            form = work.record.output or work.rows.format
            progress = Progress(
                part_rows=part_rows,
                batch_rows=batch_rows,
                format=form,
                mark=Mark(),
                ignored_columns=work.rows.ignored,
                runs=1,
                at=_utc(self._clock()),
            )
        elif found[0].complete:
            return found
        else:
            progress = found[0].model_copy(update={"runs": found[0].runs + 1})
        try:
            return progress, self._ledger.advance(work.record, progress, found[1] if found else None)
        except Conflict:
            return self._further(work.record)

    def _further(self, record: JobRecord) -> _State:
        found = self._ledger.progress(record)
        assert found is not None  # noqa: S101  # a swap that failed has found one
        return found


def part_name(number: int, form: str) -> str:
    return f"part-{number:05d}.{form}"


def rejected_name(number: int) -> str:
    return f"rejected-{number:05d}.jsonl"


def _answer(model: Model, batch: Batch) -> Any:
    if not len(batch.lines):
        return None
    specs = model.manifest.signature.inputs
    inputs = {spec.name: _tensor(spec.datatype, batch.inputs[spec.name]) for spec in specs}
    return model.run(InferRequest(Tensors(inputs), len(batch.lines)))


def _tensor(datatype: str, cells: Any) -> Tensor:
    return cells if isinstance(cells, Codes) else Tensor.of(datatype, cells)


def _counts(progress: Progress) -> Any:
    from collections import Counter

    return Counter(progress.classes)


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
