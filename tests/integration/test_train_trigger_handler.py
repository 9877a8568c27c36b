"""Every entry point of train_trigger on its golden events, wired as in Lambda: S3, bus and Batch over HTTP."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from lepton.registry import Registry
from lepton.training.run import RunStore
from tests.integration.batch_server import BatchServer
from tests.integration.train_trigger_world import EVENTS, OTHER, RUN, V1, V2, V3, World, golden, saw, servers, world

Servers = tuple[str, BatchServer]
CONTEXT = SimpleNamespace(aws_request_id="r")
ROUTES = {
    "put_spec": 200,
    "put_spec_waiting": 200,
    "put_spec_unknown_field": 400,
    "list_specs": 200,
    "show_spec": 200,
    "start_run": 202,
    "start_run_of_stored_spec": 202,
    "start_run_dry": 200,
    "start_run_unknown_field": 400,
    "start_run_missing_dataset": 404,
    "start_run_missing_target": 400,
    "list_runs": 200,
    "show_run": 200,
    "show_logs": 200,
    "cancel_run": 200,
    "list_models": 200,
    "show_model": 200,
    "show_model_unknown": 404,
    "show_version": 200,
    "show_alias": 200,
    "promote": 200,
    "promote_late": 409,
    "roll_back": 200,
    "promote_beside": 200,
    "show_history": 200,
    "pin": 200,
    "pin_without_reason": 400,
    "unpin": 200,
    "begin_canary": 200,
    "begin_unknown_field": 400,
    "show_rollout": 200,
    "show_rollout_none": 409,
    "promote_rollout": 200,
    "abort_rollout": 200,
    "report_outcome": 201,
    "report_outcome_unnamed": 400,
}
NOTICES = {"rollout_tick", "dataset_ready", "job_succeeded", "job_failed", "job_out_of_memory"}


@pytest.fixture(scope="module")
def endpoints() -> Iterator[Servers]:
    with servers() as running:
        yield running


@pytest.fixture
def here(endpoints: Servers) -> Iterator[World]:
    with pytest.MonkeyPatch.context() as environment, world(*endpoints, environment) as made:
        yield made


def test_every_golden_event_is_tried_here() -> None:
    names = {path.stem for path in EVENTS.glob("*.json") if not path.stem.endswith(".expected")}
    assert names == set(ROUTES) | NOTICES


@pytest.mark.parametrize(("name", "status"), ROUTES.items())
def test_route_answers_its_golden_request(here: World, name: str, status: int) -> None:
    answered, body = here.http(name)
    assert answered == status, body
    expected = EVENTS / f"{name}.expected.json"
    if expected.exists():
        assert body == json.loads(expected.read_text())["body"]


@pytest.mark.parametrize("name", [name for name, status in ROUTES.items() if status >= 400])
def test_every_refusal_says_what_where_and_what_to_do(here: World, name: str) -> None:
    _, body = here.http(name)
    assert {"error", "code", "hint", "request_id"} <= set(body)
    assert body["request_id"] == golden(name)["requestContext"]["requestId"]


def test_new_data_starts_a_job(here: World) -> None:
    answer = here.handler.on_dataset_ready(golden("dataset_ready"), CONTEXT)
    [submission] = here.batch.submissions
    [started] = answer["runs"]
    assert submission["jobName"] == f"lepton-{started['run']}"
    assert [event["detail-type"] for event in here.told()] == ["Training Submitted"]
    assert here.handler.on_dataset_ready(golden("dataset_ready"), CONTEXT) == answer
    assert len(here.batch.submissions) == 1


def test_finished_job_is_published_and_told(here: World) -> None:
    answer = here.handler.on_job_change(golden("job_succeeded"), CONTEXT)
    assert answer == {"run": RUN, "state": "published"}
    assert Registry(here.store).alias("churn", "live")[0].version == V1
    events = here.told()
    assert [event["detail-type"] for event in events] == ["Model Published", "Alias Moved"]
    assert {event["source"] for event in events} == {"lepton.train_trigger"}
    assert here.handler.on_job_change(golden("job_succeeded"), CONTEXT) == answer
    assert here.told() == []


@pytest.mark.parametrize(
    ("name", "said"), [("job_failed", "cannot be learned from"), ("job_out_of_memory", "out of memory")]
)
def test_failed_job_is_a_failed_run_with_its_reason(here: World, name: str, said: str) -> None:
    assert here.handler.on_job_change(golden(name), CONTEXT) == {"run": OTHER, "state": "failed"}
    state = RunStore(here.store).state(OTHER)
    assert said in str(state.reason)
    assert state.log_tail == ("info: step 1", "info: step 2", "info: step 3")
    assert [event["detail-type"] for event in here.told()] == ["Training Failed"]


def test_job_of_others_is_let_be(here: World) -> None:
    event = golden("job_failed")
    event["detail"]["jobName"] = "nightly-report"
    assert here.handler.on_job_change(event, CONTEXT) == {"run": None, "state": None}
    assert here.told() == []


def test_person_who_promotes_is_named(here: World) -> None:
    _, moved = here.http("promote")
    assert (moved["version"], moved["previous"], moved["generation"]) == (V2, V3, 3)
    assert moved["by"].endswith("data-scientist/ada")
    [event] = here.told()
    assert (event["detail"]["by"], event["detail"]["version"]) == (moved["by"], V2)


def test_cancelling_stops_the_job(here: World) -> None:
    _, started = here.http("start_run")
    event = golden("cancel_run")
    event["path"] = f"/training-runs/{started['run']}/cancel"
    answer = here.handler.on_http(event, CONTEXT)
    assert json.loads(answer["body"])["state"] == "cancelled"
    assert here.batch.jobs.describe(started["job_id"]).status == "FAILED"


def test_same_request_twice_is_the_same_run(here: World) -> None:
    first, again = here.http("start_run"), here.http("start_run")
    assert (first[0], again[0]) == (202, 200)
    assert first[1] == again[1]


def test_spec_as_yaml_text_is_taken(here: World) -> None:
    event = golden("start_run_dry")
    wanted: dict[str, Any] = json.loads(event["body"])
    event["body"] = json.dumps({"dry_run": True, "spec": "".join(f"{k}: {v}\n" for k, v in wanted["spec"].items())})
    answer = here.handler.on_http(event, CONTEXT)
    assert json.loads(answer["body"]) == here.http("start_run_dry")[1]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/training-runs/nothing", {}, 400),
        ("/training-runs/churn-ffffffffffff/logs", {}, 404),
        (f"/training-runs/{RUN}/logs", {"after": "-1"}, 400),
        ("/models/churn/versions/zzz", {}, 400),
        ("/models/..%2Fx", {}, 400),
    ],
)
def test_wrong_path_is_the_callers_fault(here: World, path: str, query: dict[str, str], status: int) -> None:
    event = golden("show_run") | {"path": path, "queryStringParameters": query}
    assert here.handler.on_http(event, CONTEXT)["statusCode"] == status


def test_rollout_that_fails_is_ended_by_the_schedule_and_told(here: World) -> None:
    [looked] = here.handler.on_rollout_tick(golden("rollout_tick"), CONTEXT)["rollouts"]
    assert (looked["model"], looked["action"]) == ("fraud", "continue")
    rollout = Registry(here.store).alias("fraud", "live")[0].rollout
    assert rollout is not None
    saw(here.store, rollout.generation, requests=40, errors=30)
    [ended] = here.handler.on_rollout_tick(golden("rollout_tick"), CONTEXT)["rollouts"]
    assert ended["action"] == "abort"
    assert Registry(here.store).alias("fraud", "live")[0].rollout is None
    [event] = here.told()
    assert (event["detail-type"], "errors: 75 %" in event["detail"]["reason"]) == ("Alias Moved", True)
    assert here.handler.on_rollout_tick(golden("rollout_tick"), CONTEXT) == {"rollouts": []}


def test_rollout_begun_over_http_is_told_and_stands_in_the_alias(here: World) -> None:
    _, begun = here.http("begin_canary")
    assert (begun["version"], begun["rollout"]["version"], begun["rollout"]["percent"]) == (V3, V2, 5.0)
    [event] = here.told()
    assert event["detail"]["rollout"] == f"canary {V2} 5 %"
    assert here.http("promote_late")[0] == 409


def test_outcome_is_kept_once(here: World) -> None:
    assert [here.http("report_outcome")[0] for _ in range(2)] == [201, 200]
    event = golden("report_outcome")
    event["body"] = event["body"].replace("Yes", "No")
    assert here.handler.on_http(event, CONTEXT)["statusCode"] == 409
