"""A Batch job as Batch describes it: made from a submission and its definition, changed by what happens to it.

https://docs.aws.amazon.com/batch/latest/APIReference/API_JobDetail.html
"""

from __future__ import annotations

import fnmatch
import time
import uuid
from collections.abc import Mapping
from typing import Any

from devcloud.identities import ACCOUNT, REGION, arn_of

Detail = dict[str, Any]
FINISHED = ("SUCCEEDED", "FAILED")
HOST_LOST = "Host EC2 (instance i-0123456789abcdef0) terminated."


def submitted(request: Mapping[str, Any], queue: str, name: str, definition: Mapping[str, Any]) -> Detail:
    """The detail of a new job in the queue, from the template's job definition of that name."""
    job_id = str(uuid.uuid4())
    arn = f"arn:aws:batch:{REGION}:{ACCOUNT}:job/{job_id}"
    held = definition.get("ContainerProperties") or {}
    overrides = request.get("containerOverrides") or {}
    parameters = {**(definition.get("Parameters") or {}), **(request.get("parameters") or {})}
    command = overrides.get("command") or held.get("Command") or []
    retry = request.get("retryStrategy") or lowered(definition.get("RetryStrategy") or {}) or {"attempts": 1}
    timeout = request.get("timeout") or lowered(definition.get("Timeout") or {})
    propagated = request.get("propagateTags", definition.get("PropagateTags", False))
    return {
        "jobArn": arn,
        "jobName": request["jobName"],
        "jobId": job_id,
        "jobQueue": arn_of("AWS::Batch::JobQueue", queue),
        "status": "SUBMITTED",
        "attempts": [],
        "createdAt": _now(),
        "retryStrategy": {"evaluateOnExit": [], **retry, "attempts": int(retry.get("attempts", 1))},
        "dependsOn": [],
        "jobDefinition": arn_of("AWS::Batch::JobDefinition", name),
        "parameters": parameters,
        "container": {
            "image": held.get("Image", ""),
            "command": [_filled(str(part), parameters) for part in command],
            "volumes": [],
            "environment": _environment(held, overrides),
            "mountPoints": [],
            "ulimits": [],
            "networkInterfaces": [],
            "resourceRequirements": _resources(held, overrides),
            "secrets": [],
        },
        **({"timeout": {"attemptDurationSeconds": int(timeout["attemptDurationSeconds"])}} if timeout else {}),
        "tags": {"resourceArn": arn, **(request.get("tags") or {})},
        "propagateTags": bool(propagated),
        "platformCapabilities": definition.get("PlatformCapabilities") or ["EC2"],
        "eksAttempts": [],
        "isCancelled": False,
        "isTerminated": False,
    }


def started(job: Detail) -> None:
    """An attempt runs."""
    job["startedAt"] = _now()
    job["container"]["logStreamName"] = f"{job['jobName']}/default/{uuid.uuid4().hex}"
    for stale in ("exitCode", "reason"):
        job["container"].pop(stale, None)
    for stale in ("statusReason", "stoppedAt"):
        job.pop(stale, None)


def ended(job: Detail, *, exit_code: int | None, status_reason: str, reason: str | None = None) -> bool:
    """Note the end of an attempt in the job, and return whether it is to be tried again."""
    container = {
        "logStreamName": job["container"].get("logStreamName"),
        "networkInterfaces": [],
        **({"exitCode": exit_code} if exit_code is not None else {}),
        **({"reason": reason} if reason else {}),
    }
    job["attempts"].append(
        {
            "container": container,
            "startedAt": job.get("startedAt"),
            "stoppedAt": _now(),
            "statusReason": status_reason,
        }
    )
    job["container"].update({name: value for name, value in container.items() if name in ("exitCode", "reason")})
    job["statusReason"] = status_reason
    job["stoppedAt"] = _now()
    return exit_code != 0 and not job["isTerminated"] and _retried(job, exit_code, status_reason, reason or "")


def lowered(value: Any) -> Any:
    """The template's PascalCase as the API's camelCase."""
    if isinstance(value, Mapping):
        return {f"{key[0].lower()}{key[1:]}": lowered(one) for key, one in value.items()}
    return [lowered(one) for one in value] if isinstance(value, list) else value


def summary(job: Detail) -> Detail:
    """A line of ListJobs."""
    names = (
        "jobArn",
        "jobId",
        "jobName",
        "createdAt",
        "status",
        "statusReason",
        "startedAt",
        "stoppedAt",
        "jobDefinition",
    )
    line = {name: job[name] for name in names if name in job}
    code = job["container"].get("exitCode")
    return line | ({"container": {"exitCode": code}} if code is not None else {})


def _retried(job: Detail, exit_code: int | None, status_reason: str, reason: str) -> bool:
    """Whether Batch tries again: attempts left, and the first matching rule says RETRY, or none matches."""
    strategy = job["retryStrategy"]
    if len(job["attempts"]) >= strategy["attempts"]:
        return False
    seen = {
        "onExitCode": "" if exit_code is None else str(exit_code),
        "onStatusReason": status_reason,
        "onReason": reason,
    }
    for rule in strategy["evaluateOnExit"]:
        asked = [name for name in seen if name in rule]
        if all(fnmatch.fnmatchcase(seen[name].lower(), str(rule[name]).lower()) for name in asked):
            return str(rule["action"]).upper() == "RETRY"
    return True


def _environment(held: Mapping[str, Any], overrides: Mapping[str, Any]) -> list[dict[str, str]]:
    values = {str(one["Name"]): str(one["Value"]) for one in held.get("Environment") or []}
    values |= {str(one["name"]): str(one["value"]) for one in overrides.get("environment") or []}
    return [{"name": name, "value": value} for name, value in values.items()]


def _resources(held: Mapping[str, Any], overrides: Mapping[str, Any]) -> list[dict[str, str]]:
    values = {str(one["Type"]): str(one["Value"]) for one in held.get("ResourceRequirements") or []}
    values |= {str(one["type"]): str(one["value"]) for one in overrides.get("resourceRequirements") or []}
    return [{"type": kind, "value": value} for kind, value in values.items()]


def _filled(part: str, parameters: Mapping[str, Any]) -> str:
    return str(parameters.get(part[5:], part)) if part.startswith("Ref::") else part


def _now() -> int:
    return int(time.time() * 1000)
