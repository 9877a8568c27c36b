"""infra/training.yaml holds the trigger's side of the contract: what is tried again, where, and for how long."""

from fnmatch import fnmatchcase
from typing import Any

import pytest

from lepton import errors
from tests.house.repository import of_type, template, text

TRAINING = template("infra/training.yaml")
JOB = TRAINING["Resources"]["TrainerJob"]["Properties"]
ENVIRONMENTS = {name: it["Properties"] for name, it in of_type(TRAINING, "AWS::Batch::ComputeEnvironment").items()}
FACTS = {"OnExitCode": "code", "OnReason": "reason", "OnStatusReason": "status"}


def _action(*, code: int | None = None, reason: str = "", status: str = "Essential container in task exited") -> str:
    """What Batch does: the first rule all of whose patterns match; a pattern ends in * or is the whole text."""
    seen: dict[str, Any] = {"code": "" if code is None else str(code), "reason": reason, "status": status}
    for rule in JOB["RetryStrategy"]["EvaluateOnExit"]:
        if all(fnmatchcase(seen[fact], rule[key]) for key, fact in FACTS.items() if key in rule):
            return str(rule["Action"])
    return "no rule matches, so Batch would try again"


def test_a_job_whose_host_was_reclaimed_is_tried_again() -> None:
    assert _action(status="Host EC2 (instance i-0abc) terminated.") == "RETRY"


def test_a_job_that_asks_to_be_tried_again_is() -> None:
    assert _action(code=errors.Unavailable("x").exit_code) == "RETRY"


@pytest.mark.parametrize("kind", [errors.InvalidSpec, errors.RejectedUpload, errors.NotFound, errors.Misconfigured])
def test_a_job_that_would_only_fail_again_ends(kind: type[errors.LeptonError]) -> None:
    assert _action(code=kind.exit_code) == "EXIT"


@pytest.mark.parametrize("code", [1, 2, 70, 137, 139])
def test_a_bug_ends_the_job(code: int) -> None:
    assert _action(code=code) == "EXIT"


def test_a_job_without_enough_memory_ends() -> None:
    assert _action(code=137, reason="OutOfMemoryError: Container killed due to memory usage") == "EXIT"


def test_whatever_else_happens_the_last_rule_ends_the_job() -> None:
    assert JOB["RetryStrategy"]["EvaluateOnExit"][-1] == {"OnReason": "*", "Action": "EXIT"}


@pytest.mark.parametrize("queue", ["Cpu", "Gpu"])
def test_a_queue_tries_spot_before_on_demand(queue: str) -> None:
    order = TRAINING["Resources"][f"{queue}Queue"]["Properties"]["ComputeEnvironmentOrder"]
    names = [entry["ComputeEnvironment"]["Ref"] for entry in sorted(order, key=lambda entry: entry["Order"])]
    assert [ENVIRONMENTS[name]["ComputeResources"]["Type"] for name in names] == ["SPOT", "EC2"]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_nothing_runs_at_rest(name: str) -> None:
    assert ENVIRONMENTS[name]["ComputeResources"]["MinvCpus"] == 0


def test_instances_hide_their_credentials_and_encrypt_their_disks() -> None:
    launch = TRAINING["Resources"]["LaunchTemplate"]["Properties"]["LaunchTemplateData"]
    assert launch["MetadataOptions"]["HttpTokens"] == "required"
    assert launch["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert [disk["Ebs"]["Encrypted"] for disk in launch["BlockDeviceMappings"]] == [True]


def test_the_trainer_runs_as_nobody_on_a_root_that_it_cannot_write() -> None:
    container = JOB["ContainerProperties"]
    assert (container["ReadonlyRootFilesystem"], container["Privileged"]) == (True, False)
    assert not container["User"].startswith(("0", "root"))
    assert [place["ContainerPath"] for place in container["LinuxParameters"]["Tmpfs"]] == ["/tmp"]


def test_the_trainer_is_started_as_the_local_cloud_starts_it() -> None:
    assert JOB["ContainerProperties"]["Command"] == ["python", "-m", "trainer"]
    assert JOB["Timeout"]["AttemptDurationSeconds"] > 0


def test_the_image_is_built_for_the_user_that_the_job_runs_as() -> None:
    assert f"\nUSER {JOB['ContainerProperties']['User']}\n" in text("trainer/Dockerfile")
