"""Batch: jobs as processes, with exit codes, retries, events and ends as Batch has them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from devcloud.cloud import LocalCloud
from tests.integration.devcloud_stack import UNCLOSED_FILES_OF_MOTO, client, said, until, write_stack

pytestmark = UNCLOSED_FILES_OF_MOTO


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    with LocalCloud(template=write_stack(tmp_path_factory.mktemp("batch")), jobs_at_once=2) as cloud:
        yield cloud


def _submit(cloud: LocalCloud, name: str, code: str = "", **more: Any) -> str:
    overrides = {"containerOverrides": {"command": ["python", "-c", code]}} if code else {}
    answer = client(cloud, "batch").submit_job(
        jobName=name, jobQueue="cpu", jobDefinition="trainer", **overrides, **more
    )
    return str(answer["jobId"])


def _job(cloud: LocalCloud, job_id: str) -> dict[str, Any]:
    job: dict[str, Any] = client(cloud, "batch").describe_jobs(jobs=[job_id])["jobs"][0]
    return job


def _finished(cloud: LocalCloud, job_id: str) -> dict[str, Any]:
    def ended() -> dict[str, Any] | None:
        job = _job(cloud, job_id)
        return job if job["status"] in ("SUCCEEDED", "FAILED") else None

    job: dict[str, Any] = until(ended, 20)
    return job


def _output(cloud: LocalCloud, name: str) -> list[str]:
    return [line.text for line in cloud.log.lines() if line.kind == "job" and line.source == name]


def test_a_job_runs_the_command_of_its_definition(cloud: LocalCloud) -> None:
    job = _finished(cloud, _submit(cloud, "plain"))
    assert (job["status"], job["container"]["exitCode"]) == ("SUCCEEDED", 0)
    assert _output(cloud, "plain") == ["default"]


def test_a_job_sees_its_definition_its_submission_and_batch_in_the_environment(cloud: LocalCloud) -> None:
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    environment = {"environment": [{"name": "RUN", "value": "r1"}], "command": ["python", "-c", code]}
    job_id = client(cloud, "batch").submit_job(
        jobName="env", jobQueue="cpu", jobDefinition="trainer:1", containerOverrides=environment
    )["jobId"]
    _finished(cloud, job_id)
    seen = json.loads(_output(cloud, "env")[0])
    assert (seen["FROM"], seen["RUN"], seen["AWS_BATCH_JOB_ID"]) == ("definition", "r1", job_id)
    assert (seen["AWS_BATCH_JOB_ATTEMPT"], seen["AWS_BATCH_JQ_NAME"]) == ("1", "cpu")
    assert seen["AWS_ENDPOINT_URL"] == cloud.endpoint_url
    assert "PYTEST_CURRENT_TEST" not in seen


def test_exit_code_75_is_tried_again_with_the_next_attempt_number(cloud: LocalCloud) -> None:
    code = "import os, sys; n = int(os.environ['AWS_BATCH_JOB_ATTEMPT']); print(n); sys.exit(75 if n < 2 else 0)"
    job = _finished(cloud, _submit(cloud, "again", code))
    assert job["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [75, 0]
    assert _output(cloud, "again") == ["1", "2"]


def test_any_other_exit_code_ends_the_job(cloud: LocalCloud) -> None:
    job = _finished(cloud, _submit(cloud, "bug", "import sys; print('why'); sys.exit(70)"))
    assert (job["status"], len(job["attempts"]), job["container"]["exitCode"]) == ("FAILED", 1, 70)
    assert job["statusReason"] == "Essential container in task exited"


def test_a_finished_job_is_an_event_on_the_default_bus(cloud: LocalCloud) -> None:
    job_id = _submit(cloud, "told", "raise SystemExit(65)", tags={"project": "lepton"})
    _finished(cloud, job_id)
    event = until(lambda: [line["event"] for line in said(cloud, "Trigger", job_id)])[0]
    detail = event["detail"]
    assert (event["source"], event["detail-type"]) == ("aws.batch", "Batch Job State Change")
    assert (detail["jobName"], detail["status"], detail["container"]["exitCode"]) == ("told", "FAILED", 65)
    assert detail["jobQueue"].endswith("job-queue/cpu")
    assert detail["tags"]["project"] == "lepton"


def test_a_job_that_is_terminated_gets_sigterm_and_fails_with_the_reason(cloud: LocalCloud) -> None:
    code = "import signal, sys, time; signal.signal(15, lambda *_: (print('bye'), sys.exit(75))); "
    code += "print('on'); time.sleep(60)"
    job_id = _submit(cloud, "stopped", code)
    until(lambda: _output(cloud, "stopped"))
    client(cloud, "batch").terminate_job(jobId=job_id, reason="not wanted")
    job = _finished(cloud, job_id)
    assert (job["status"], job["statusReason"], len(job["attempts"])) == ("FAILED", "not wanted", 1)
    assert _output(cloud, "stopped") == ["on", "bye"]


def test_a_command_that_does_not_exist_fails_the_job_with_the_cause(cloud: LocalCloud) -> None:
    overrides = {"command": ["no-such-program"]}
    job_id = client(cloud, "batch").submit_job(
        jobName="absent", jobQueue="cpu", jobDefinition="trainer", containerOverrides=overrides
    )["jobId"]
    job = _finished(cloud, job_id)
    assert "no-such-program" in job["container"]["reason"]


def test_jobs_are_listed_by_name_newest_first(cloud: LocalCloud) -> None:
    ids = [_submit(cloud, "listed"), _submit(cloud, "listed")]
    for job_id in ids:
        _finished(cloud, job_id)
    found = client(cloud, "batch").list_jobs(jobQueue="cpu", filters=[{"name": "JOB_NAME", "values": ["LISTED"]}])
    assert {job["jobId"] for job in found["jobSummaryList"]} == set(ids)
    assert found["jobSummaryList"][0]["createdAt"] >= found["jobSummaryList"][1]["createdAt"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"jobQueue": "gpu"}, "job queue gpu does not exist"),
        ({"jobDefinition": "other"}, "job definition other does not exist"),
        ({"timeout": {"attemptDurationSeconds": 5}}, "at least 60"),
    ],
)
def test_a_submission_that_cannot_be_is_refused_with_the_reason(
    cloud: LocalCloud, change: dict[str, Any], told: str
) -> None:
    asked = {"jobName": "x", "jobQueue": "cpu", "jobDefinition": "trainer"} | change
    with pytest.raises(ClientError, match=told):
        client(cloud, "batch").submit_job(**asked)


def test_the_interpreter_of_a_job_is_the_one_that_runs_the_cloud(cloud: LocalCloud) -> None:
    _finished(cloud, _submit(cloud, "which", "import sys; print(sys.executable)"))
    assert _output(cloud, "which") == [sys.executable]
