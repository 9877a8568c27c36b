"""Roles: one for each function, with named calls on named prefixes."""

from typing import Any

import pytest

from tests.house.repository import functions, of_type, template

ACCESS = template("infra/access.yaml")
ROLES = {name: it["Properties"] for name, it in of_type(ACCESS, "AWS::IAM::Role").items()}
# Calls that AWS lets nobody narrow to a resource.
WITHOUT_RESOURCE = {"batch:DescribeJobs", "batch:ListJobs", "cloudwatch:GetMetricData", "cloudwatch:ListMetrics"}


def _statements(role: str) -> list[dict[str, Any]]:
    return [one for policy in ROLES[role]["Policies"] for one in policy["PolicyDocument"]["Statement"]]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _prefixes(role: str, call: str) -> set[str]:
    """Folders of the lake that a role may use a call on."""
    statements = [one for one in _statements(role) if call in _list(one["Action"])]
    places = [str(place.get("Fn::Sub")) for one in statements for place in _list(one["Resource"])]
    return {place.split("/")[1] for place in places if place.startswith("${LakeBucketArn}/")}


def test_every_function_has_a_role_of_its_own() -> None:
    roles = {name: it["Role"]["Fn::GetAtt"][1].removeprefix("Outputs.") for name, it in functions().items()}
    assert roles == {name: name.removesuffix("Function") + "RoleArn" for name in functions()}
    assert len(ROLES) == len(functions())


@pytest.mark.parametrize("role", ROLES)
def test_no_role_holds_a_wildcard_or_a_policy_that_others_change(role: str) -> None:
    calls = {call for one in _statements(role) for call in _list(one["Action"])}
    assert {call for call in calls if "*" in call} == set()
    assert "ManagedPolicyArns" not in ROLES[role]


@pytest.mark.parametrize("role", ROLES)
def test_only_calls_without_a_resource_are_allowed_on_all(role: str) -> None:
    everywhere = {call for one in _statements(role) if "*" in _list(one["Resource"]) for call in _list(one["Action"])}
    assert everywhere - WITHOUT_RESOURCE == set()


@pytest.mark.parametrize("role", ROLES)
def test_whoever_reads_a_prefix_may_list_it_so_that_missing_is_not_forbidden(role: str) -> None:
    conditions = [one["Condition"] for one in _statements(role) if one["Sid"] == "ListLake"]
    listed = [condition["StringLikeIfExists"]["s3:prefix"] for condition in conditions]
    assert {prefix.removesuffix("/*") for prefixes in listed for prefix in prefixes} == _prefixes(role, "s3:GetObject")


@pytest.mark.parametrize("role", ROLES)
def test_whoever_writes_a_prefix_may_read_it_as_compare_and_swap_does(role: str) -> None:
    assert _prefixes(role, "s3:PutObject") <= _prefixes(role, "s3:GetObject")


def test_only_the_trainer_writes_models_and_only_training_moves_aliases() -> None:
    writers = {role: _prefixes(role, "s3:PutObject") for role in ROLES}
    assert {role for role in ROLES if "models" in writers[role]} == set()
    movers = {"ConcludeRole", "TrainingApiRole", "RolloutRole"}
    assert {role for role in ROLES if "registry" in writers[role]} == movers


def test_a_function_that_answers_predictions_writes_down_jobs_and_nothing_else() -> None:
    assert _prefixes("PredictRole", "s3:PutObject") <= {"predictions", "monitor"}


def test_no_role_deletes_an_object() -> None:
    calls = {call for role in ROLES for one in _statements(role) for call in _list(one["Action"])}
    assert {call for call in calls if call.startswith("s3:Delete")} == set()


def test_a_signed_upload_cannot_reach_the_folder_of_transforms() -> None:
    denied = [one["Resource"]["Fn::Sub"] for one in _statements("DatasetsApiRole") if one["Effect"] == "Deny"]
    assert denied == ["${LandingBucketArn}/predict-in/*"]
