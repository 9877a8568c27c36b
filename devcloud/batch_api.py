"""Batch's API: jobs are ours, queues and definitions are the template's.

A job whose name a running one has is a job of its own, as on AWS.
"""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from devcloud.front import json_answer
from devcloud.http_server import Environ, StartResponse
from devcloud.identities import arn_of
from devcloud.job_records import Detail, lowered, submitted, summary
from devcloud.jobs import Jobs
from lepton.errors import InvalidRequest, NotFound

Request = Mapping[str, Any]
_NAME_LIMIT = 128
_TIMEOUT_SECONDS = 60


class BatchApi:
    """A WSGI application."""

    def __init__(self, jobs: Jobs, *, queues: Mapping[str, Any], definitions: Mapping[str, Any]) -> None:
        self._jobs = jobs
        self._queues = queues
        self._definitions = definitions
        self._operations: dict[str, Callable[[Request], Any]] = {
            "submitjob": self._submit,
            "describejobs": self._describe,
            "listjobs": self._list,
            "terminatejob": self._terminate,
            "canceljob": self._cancel,
            "describejobqueues": self._describe_queues,
            "describejobdefinitions": self._describe_definitions,
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        name = environ["PATH_INFO"].removeprefix("/v1/")
        operation = self._operations.get(name)
        if operation is None:
            return _wrong(start_response, f"the local cloud has no Batch operation {name!r}")
        try:
            answer = operation(json.loads(environ["devcloud.body"] or b"{}"))
        except KeyError as error:
            return _wrong(start_response, f"Missing required parameter in input: {error}")
        except (InvalidRequest, NotFound, ValueError) as error:
            return _wrong(start_response, str(error))
        return json_answer(start_response, 200, answer)

    def _submit(self, request: Request) -> Detail:
        queue = _known(request["jobQueue"], self._queues, "job queue")
        name = _known(request["jobDefinition"], self._definitions, "job definition")
        if not 0 < len(request["jobName"]) <= _NAME_LIMIT:
            raise InvalidRequest(f"a job name has 1 to {_NAME_LIMIT} characters")
        limit = (request.get("timeout") or {}).get("attemptDurationSeconds", _TIMEOUT_SECONDS)
        if limit < _TIMEOUT_SECONDS:
            raise InvalidRequest(f"attemptDurationSeconds must be at least {_TIMEOUT_SECONDS}, not {limit}")
        if request.get("arrayProperties") or request.get("dependsOn") or request.get("nodeOverrides"):
            raise InvalidRequest("the local cloud runs single jobs: no arrays, no dependencies, no several nodes")
        job = submitted(request, queue, name, self._definitions[name])
        self._jobs.submit(job)
        return {name: job[name] for name in ("jobArn", "jobName", "jobId")}

    def _describe(self, request: Request) -> Detail:
        found = [self._jobs.get(job_id) for job_id in request["jobs"]]
        return {"jobs": [job for job in found if job]}

    def _list(self, request: Request) -> Detail:
        queue = _known(request["jobQueue"], self._queues, "job queue")
        jobs = [job for job in self._jobs.all() if job["jobQueue"] == arn_of("AWS::Batch::JobQueue", queue)]
        filters = request.get("filters") or []
        if not filters:
            wanted = request.get("jobStatus", "RUNNING")
            return {"jobSummaryList": [summary(job) for job in jobs if job["status"] == wanted]}
        for one in filters:
            jobs = [job for job in jobs if any(_matches(job, one["name"], value) for value in one["values"])]
        return {"jobSummaryList": [summary(job) for job in jobs]}

    def _terminate(self, request: Request) -> Detail:
        if self._jobs.get(request["jobId"]) is not None:
            self._jobs.terminate(request["jobId"], request["reason"])
        return {}

    def _cancel(self, request: Request) -> Detail:
        if self._jobs.get(request["jobId"]) is not None:
            self._jobs.cancel(request["jobId"], request["reason"])
        return {}

    def _describe_queues(self, request: Request) -> Detail:
        asked = {str(one).rsplit("/", 1)[-1] for one in request.get("jobQueues") or self._queues}
        rows = [
            {
                "jobQueueName": name,
                "jobQueueArn": arn_of("AWS::Batch::JobQueue", name),
                "state": "ENABLED",
                "status": "VALID",
                "priority": int(properties.get("Priority", 1)),
                "computeEnvironmentOrder": lowered(properties.get("ComputeEnvironmentOrder") or []),
            }
            for name, properties in self._queues.items()
            if name in asked
        ]
        return {"jobQueues": rows}

    def _describe_definitions(self, request: Request) -> Detail:
        asked = [*(request.get("jobDefinitions") or []), request.get("jobDefinitionName")]
        names = {_bare(one) for one in asked if one} or set(self._definitions)
        rows = [
            {
                "jobDefinitionName": name,
                "jobDefinitionArn": arn_of("AWS::Batch::JobDefinition", name),
                "revision": 1,
                "status": "ACTIVE",
                "type": properties.get("Type", "container"),
                "containerProperties": lowered(properties.get("ContainerProperties") or {}),
                "retryStrategy": lowered(properties.get("RetryStrategy") or {}),
                "timeout": lowered(properties.get("Timeout") or {}),
            }
            for name, properties in self._definitions.items()
            if name in names
        ]
        return {"jobDefinitions": rows}


def _bare(reference: str) -> str:
    """The name from a name, `name:revision` or ARN."""
    return reference.rsplit("/", 1)[-1].split(":", 1)[0]


def _known(reference: Any, known: Mapping[str, Any], what: str) -> str:
    name = _bare(str(reference))
    if name not in known:
        raise NotFound(f"{what} {reference} does not exist", hint=f"there are {', '.join(known) or 'none'}")
    return name


def _matches(job: Detail, name: str, value: str) -> bool:
    if name == "JOB_NAME":
        return fnmatch.fnmatchcase(job["jobName"].lower(), value.lower())
    if name == "JOB_DEFINITION":
        return fnmatch.fnmatchcase(_bare(job["jobDefinition"]).lower(), value.lower())
    moment = int(job["createdAt"])
    return moment < int(value) if name == "BEFORE_CREATED_AT" else moment > int(value)


def _wrong(start_response: StartResponse, message: str) -> Iterable[bytes]:
    return json_answer(start_response, 400, {"message": message}, x_amzn_ErrorType="ClientException")
