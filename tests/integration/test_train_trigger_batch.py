"""JobQueue's promise, kept by Batch's adapter (over HTTP) and by the one in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest
from botocore.config import Config

from lepton.aws.batch import BatchJobQueue
from lepton.errors import Misconfigured, NotFound, Unavailable
from lepton.memory import MemoryJobQueue
from lepton.ports import JobQueue, JobRequest
from tests.integration.batch_server import BatchServer

REQUEST = JobRequest(
    name="lepton-churn-0123456789ab",
    queue="lepton-cpu",
    definition="lepton-trainer",
    command=(),
    environment={"LEPTON_RUN": "churn-0123456789ab"},
    tags={"project": "lepton"},
)


@pytest.fixture(scope="module")
def server() -> Iterator[BatchServer]:
    with BatchServer() as running:
        yield running


@pytest.fixture
def batch(server: BatchServer) -> BatchJobQueue:
    server.forget()
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1, read_timeout=5)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return BatchJobQueue(boto3.client("batch", endpoint_url=server.url, config=config, **keys))


@pytest.fixture(params=["batch", "memory"])
def queue(request: pytest.FixtureRequest, batch: BatchJobQueue) -> JobQueue:
    return batch if request.param == "batch" else MemoryJobQueue()


def test_submitted_job_is_known(queue: JobQueue) -> None:
    job_id = queue.submit(REQUEST)
    assert queue.describe(job_id).job_id == job_id
    assert queue.describe(job_id).status == "SUBMITTED"


def test_job_of_one_name_is_submitted_once(queue: JobQueue) -> None:
    assert queue.submit(REQUEST) == queue.submit(REQUEST)
    assert queue.submit(replace(REQUEST, name="lepton-churn-ba9876543210")) != queue.submit(REQUEST)


def test_terminated_job_has_failed_with_the_reason(queue: JobQueue) -> None:
    job_id = queue.submit(REQUEST)
    queue.terminate(job_id, "cancelled by ada")
    queue.terminate(job_id, "again")
    status = queue.describe(job_id)
    assert (status.status, status.reason) == ("FAILED", "cancelled by ada")


def test_unknown_job_is_not_found(queue: JobQueue) -> None:
    with pytest.raises(NotFound):
        queue.describe("job-99")
    with pytest.raises(NotFound):
        queue.terminate("job-99", "x")


def test_job_has_the_resources_environment_and_tags_of_the_request(server: BatchServer, batch: BatchJobQueue) -> None:
    batch.submit(replace(REQUEST, gpus=1, vcpus=4, memory_mib=8192, timeout=120))
    [told] = server.submissions
    assert told["containerOverrides"] == {
        "environment": [{"name": "LEPTON_RUN", "value": "churn-0123456789ab"}],
        "resourceRequirements": [
            {"type": "VCPU", "value": "4"},
            {"type": "MEMORY", "value": "8192"},
            {"type": "GPU", "value": "1"},
        ],
    }
    assert (told["timeout"], told["tags"], told["propagateTags"]) == (
        {"attemptDurationSeconds": 120},
        {"project": "lepton"},
        True,
    )


def test_lost_acknowledgement_does_not_start_a_second_job(server: BatchServer, batch: BatchJobQueue) -> None:
    server.lost = 1
    with pytest.raises(Unavailable):
        batch.submit(REQUEST)
    assert batch.submit(REQUEST) == "job-1"
    assert len(server.submissions) == 1


def test_unknown_queue_is_the_deployments_fault(batch: BatchJobQueue) -> None:
    with pytest.raises(Misconfigured, match="not found"):
        batch.submit(replace(REQUEST, queue="nowhere"))
    with pytest.raises(Misconfigured, match="not found"):
        batch.submit(replace(REQUEST, definition="nothing"))


def test_batch_that_does_not_answer_is_unavailable() -> None:
    config = Config(retries={"total_max_attempts": 1}, connect_timeout=1)
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    queue = BatchJobQueue(boto3.client("batch", endpoint_url="http://127.0.0.1:9", config=config, **keys))
    with pytest.raises(Unavailable):
        queue.submit(REQUEST)
