"""A finished Batch job, as EventBridge tells of it, and what its end means."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from lepton.training.plan import JOB_PREFIX

_RUN = re.compile(JOB_PREFIX + r"([a-z0-9][a-z0-9-]{0,62}-[0-9a-f]{12})")


class _Told(BaseModel):
    """AWS adds fields when it likes: what is not read is let pass."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Container(_Told):
    exit_code: int | None = Field(default=None, alias="exitCode")
    reason: str | None = None
    log_stream: str | None = Field(default=None, alias="logStreamName")


class Attempt(_Told):
    """Times in milliseconds since 1970, as Batch gives them."""

    container: Container = Container()
    started: int | None = Field(default=None, alias="startedAt")
    stopped: int | None = Field(default=None, alias="stoppedAt")
    reason: str | None = Field(default=None, alias="statusReason")


class JobChange(_Told):
    """The `detail` of a "Batch Job State Change" event, as far as it is of use here."""

    name: str = Field(alias="jobName")
    job_id: str = Field(alias="jobId")
    status: str
    reason: str | None = Field(default=None, alias="statusReason")
    attempts: tuple[Attempt, ...] = ()
    container: Container = Container()
    started: int | None = Field(default=None, alias="startedAt")
    stopped: int | None = Field(default=None, alias="stoppedAt")

    @property
    def run(self) -> str | None:
        """The run that the job is of; None: not a job of ours."""
        match = _RUN.fullmatch(self.name)
        return match.group(1) if match else None

    @property
    def exit_code(self) -> int | None:
        last = self.attempts[-1].container.exit_code if self.attempts else None
        return self.container.exit_code if self.container.exit_code is not None else last

    @property
    def why(self) -> str | None:
        """Batch's own words, the container's first: they say `OutOfMemoryError: …` where the job's say less."""
        last = self.attempts[-1] if self.attempts else Attempt()
        told = (self.container.reason or last.container.reason, self.reason or last.reason)
        return "; ".join(text for text in told if text) or None

    @property
    def seconds(self) -> float:
        """Time that was paid for: of all attempts together."""
        spans = [(one.started, one.stopped) for one in self.attempts] or [(self.started, self.stopped)]
        return sum(max(0, stop - start) / 1000 for start, stop in spans if start is not None and stop is not None)

    @property
    def ended_at(self) -> datetime | None:
        return None if self.stopped is None else datetime.fromtimestamp(self.stopped / 1000, UTC)

    @property
    def started_at(self) -> datetime | None:
        first = self.attempts[0].started if self.attempts else self.started
        return None if first is None else datetime.fromtimestamp(first / 1000, UTC)


class Meaning(NamedTuple):
    """What an exit code says, and what to do about it."""

    what: str
    hint: str


_MEANINGS: dict[int, Meaning] = {
    64: Meaning("the spec cannot be trained", "mend the spec and submit it again"),
    65: Meaning(
        "the data cannot be learned from", "look at the dataset's quarantine and profile, upload a better version"
    ),
    66: Meaning("something that the run needs is missing", "look whether the dataset version still lies in the lake"),
    70: Meaning("a bug in the trainer", "the log has its trace: report it"),
    75: Meaning(
        "a service did not answer, on every attempt",
        "submit it again with another seed: the same spec on the same data is this run",
    ),
    78: Meaning("the deployment is at fault", "the log names the setting or the permission"),
    137: Meaning(
        "out of memory: the container was killed (SIGKILL)",
        "give it more under resources.memory_mib, or train on less at a time",
    ),
    139: Meaning("the process crashed (SIGSEGV)", "a bug in a native library: report it"),
    143: Meaning("the container was stopped (SIGTERM)", "its host was reclaimed, it was cancelled, or its time was up"),
}


def meaning(exit_code: int | None, why: str | None) -> Meaning:
    """What the end of a failed job means; Batch's words decide where the code alone does not."""
    told = (why or "").lower()
    if "outofmemory" in told.replace(" ", ""):
        return _MEANINGS[137]
    if "timeout" in told or "attempt duration exceeded" in told:
        return Meaning("its time was up", "give it more under resources.max_hours")
    if "host ec2" in told:
        return Meaning("its host was reclaimed on every attempt", "set resources.spot: false and submit it again")
    if exit_code is None:
        return Meaning(
            "it never ran", "look at the job queue and its compute environment, then submit it with another seed"
        )
    return _MEANINGS.get(exit_code, Meaning(f"ended with exit code {exit_code}", "its log says more"))
