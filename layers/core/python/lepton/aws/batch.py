"""JobQueue on AWS Batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lepton.aws import clients
from lepton.aws.clients import translated
from lepton.errors import InvalidRequest, Misconfigured, NotFound
from lepton.ports import JobRequest, JobStatus

if TYPE_CHECKING:
    from mypy_boto3_batch import BatchClient


class BatchJobQueue:
    """Jobs of containers. Retries by exit code are the job definition's; what is set here is of one run."""

    def __init__(self, client: BatchClient | None = None) -> None:
        self._batch = client or clients.batch()

    def submit(self, request: JobRequest) -> str:
        # SubmitJob has no client token: a call whose answer got lost would start a second job. So it is looked
        # whether there is one of this name (Batch remembers jobs for at least a week after their end).
        known = self._named(request)
        if known is not None:
            return known
        with _asked(f"submit job {request.name} to {request.queue}"):
            return self._batch.submit_job(**_submission(request))["jobId"]

    def describe(self, job_id: str) -> JobStatus:
        with translated(f"describe job {job_id}"):
            jobs = self._batch.describe_jobs(jobs=[job_id])["jobs"]
        if not jobs:
            raise NotFound(f"Batch knows no job {job_id!r}", pointer="/job_id")
        return _status(jobs[0])

    def terminate(self, job_id: str, reason: str) -> None:
        if self.describe(job_id).status in ("SUCCEEDED", "FAILED"):
            return
        with translated(f"terminate job {job_id}"):
            self._batch.terminate_job(jobId=job_id, reason=reason)

    def _named(self, request: JobRequest) -> str | None:
        with _asked(f"list jobs of {request.queue}"):
            answer = self._batch.list_jobs(
                jobQueue=request.queue, filters=[{"name": "JOB_NAME", "values": [request.name]}]
            )
        # Newest first, and matched by Batch without regard to case.
        return next((job["jobId"] for job in answer["jobSummaryList"] if job["jobName"] == request.name), None)


@contextmanager
def _asked(what: str) -> Iterator[None]:
    """Batch blames the client for a queue or definition that does not exist; here that is the deployment's fault."""
    try:
        with translated(what):
            yield
    except InvalidRequest as error:
        raise Misconfigured(
            error.message, hint="look at the job queue and definition that the function's environment names"
        ) from error


def _submission(request: JobRequest) -> dict[str, Any]:
    needs = [("VCPU", request.vcpus), ("MEMORY", request.memory_mib), ("GPU", request.gpus)]
    overrides: dict[str, Any] = {
        "environment": [{"name": name, "value": value} for name, value in request.environment.items()],
        "resourceRequirements": [{"type": kind, "value": str(value)} for kind, value in needs if value],
    }
    if request.command:
        overrides["command"] = list(request.command)
    return {
        "jobName": request.name,
        "jobQueue": request.queue,
        "jobDefinition": request.definition,
        "containerOverrides": overrides,
        "timeout": {"attemptDurationSeconds": request.timeout},
        "tags": dict(request.tags),
        "propagateTags": True,
    }


def _status(job: Any) -> JobStatus:
    attempts = job.get("attempts") or [{}]
    container = job.get("container") or {}
    code = container.get("exitCode", attempts[-1].get("container", {}).get("exitCode"))
    return JobStatus(
        job_id=job["jobId"],
        status=job["status"],
        reason=job.get("statusReason") or container.get("reason"),
        exit_code=code,
        created=_moment(job.get("createdAt")),
        started=_moment(job.get("startedAt")),
        stopped=_moment(job.get("stoppedAt")),
    )


def _moment(milliseconds: int | None) -> datetime | None:
    return None if not milliseconds else datetime.fromtimestamp(milliseconds / 1000, UTC)
