"""The keys under predict-in/ and what each of them asks for.

predict-in/{model}/{file…}              a file that somebody put there: predict it
predict-in/{model}/{upload}/{file}      a file sent by a form of ours: it waits for the job that names it
predict-in/{model}/jobs/{job}/{part}    go on with a job
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from lepton import lake
from lepton.endpoint.jobs.records import JobRecord
from lepton.errors import Conflict, InvalidRequest
from lepton.ports import ObjectStore

FOLDER = "jobs"


@dataclass(frozen=True, slots=True)
class Ticket:
    """`job` None: the object under the key is a file. `held`: one that waits for its job."""

    model: str
    job: str | None = None
    held: bool = False


def read(key: str) -> Ticket:
    """What the key asks for. Raises InvalidRequest for one that asks for nothing."""
    steps = key.removeprefix(lake.TRANSFORM_PREFIX).split("/")
    if not key.startswith(lake.TRANSFORM_PREFIX) or len(steps) < 2 or not steps[-1]:
        raise InvalidRequest(f"{key!r} is not {lake.TRANSFORM_PREFIX}MODEL/FILE")
    model = lake.checked_name(steps[0], "model")
    if steps[1] == FOLDER and len(steps) == 4:
        return Ticket(model, job=lake.checked_digest(steps[2], "job"))
    return Ticket(model, held=len(steps) == 3 and lake.is_upload_id(steps[1]))


def write(landing: ObjectStore, record: JobRecord, part: int) -> None:
    """Have the job gone on with from that part; once, however often this is asked."""
    key = f"{lake.TRANSFORM_PREFIX}{record.model}/{FOLDER}/{record.job}/{part:05d}"
    with suppress(Conflict):
        landing.put(key, b"{}", content_type="application/json", if_absent=True)
