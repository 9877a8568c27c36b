"""Capacity over HTTP, through the real handler, from the golden events."""

from collections.abc import Iterator

import pytest

from lepton.capacity.plan import CapacityPlan
from tests.integration.advisor_cloud import ROOT, AdvisorCloud, advisor_cloud


@pytest.fixture
def cloud() -> Iterator[AdvisorCloud]:
    with advisor_cloud() as made:
        yield made


def test_a_busy_series_gets_a_schedule_that_is_kept_and_drawn(cloud: AdvisorCloud) -> None:
    status, body = cloud.http("advise-busy")
    plan = CapacityPlan.model_validate(body)
    assert (status, plan.action) == (200, "schedule")
    assert {plan.chart, plan.page, f"capacity/busy/{plan.plan}/plan.json"} <= set(cloud.keys())
    assert cloud.http("latest") == (200, body)
    status, svg = cloud.http("chart")
    assert status == 200
    assert svg.startswith("<svg")


def test_a_sparse_series_is_left_alone(cloud: AdvisorCloud) -> None:
    status, body = cloud.http("advise-sparse")
    assert (status, body["action"], body["schedule"]) == (200, "do_nothing", [])


def test_csv_with_blanks_is_planned_and_the_blanks_are_told(cloud: AdvisorCloud) -> None:
    status, body = cloud.http("advise-csv")
    assert status == 200
    assert any("2 of 72 steps have no figure" in reason for reason in body["reasons"])
    assert any("risk widened by 2.00" in reason for reason in body["reasons"])


def test_the_same_request_twice_is_one_plan(cloud: AdvisorCloud) -> None:
    first, again = cloud.http("advise-busy"), cloud.http("advise-busy")
    assert first == again
    assert len(cloud.keys()) == 4  # plan, chart, page, latest


def test_a_short_series_is_refused_with_a_pointer(cloud: AdvisorCloud) -> None:
    status, body = cloud.http("advise-too-short")
    assert (status, body["pointer"]) == (400, "/series/arrivals")
    assert "too short" in body["error"]
    assert cloud.keys() == []


def test_an_unknown_resource_is_not_found_with_what_to_do(cloud: AdvisorCloud) -> None:
    status, body = cloud.http("latest-unknown")
    assert (status, body["code"], body["hint"]) == (404, "not_found", "POST /capacity/advise makes one")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/resource"),
        ({"resource": "../x", "csv": "t,n\n"}, "/resource"),
        ({"resource": "x", "service_seconds": 1}, ""),
        ({"resource": "x", "csv": "t,n\n", "memory_mb": 64}, "/memory_mb"),
        ({"resource": "x", "csv": "t,n\n", "region": "mars-north-1"}, "/csv"),
        ({"resource": "x", "csv": "t,n\n", "colour": "red"}, "/colour"),
    ],
)
def test_a_wrong_field_is_pointed_at(cloud: AdvisorCloud, body: dict[str, object], pointer: str) -> None:
    status, answer = cloud.post(**body)
    assert (status, answer["pointer"]) == (400, pointer)


def test_the_shipped_traffic_is_worth_a_schedule(cloud: AdvisorCloud) -> None:
    text = (ROOT / "examples/data/llm-traffic/llm-requests-10min.csv").read_text()
    status, body = cloud.post(resource="llm", csv=text, service_seconds=0.06, memory_mb=1024)
    plan = CapacityPlan.model_validate(body)
    assert (status, plan.action) == (200, "schedule")
    assert 60 < plan.mean_busy < 100
    assert 0.02 < plan.saving.share < 0.167
    assert plan.outcome("plan").cost_usd < plan.outcome("reactive_70").cost_usd < plan.outcome("static_peak").cost_usd
    assert any("37 of 2016 steps" in reason for reason in plan.reasons)
