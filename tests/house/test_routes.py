"""The routes of the template are the routes of the handlers: no path without code, no code without a path."""

from typing import Any

import pytest

from lepton.capacity.routes import capacity_api
from lepton.dataset.routes import DatasetsApi
from lepton.endpoint.route import Route
from lepton.endpoint.routes import ROUTES
from lepton.training.http import training_api
from tests.house.repository import functions


class _Nothing:
    """Registering a route may pick what it will use later, and uses none of it."""

    def __getattr__(self, name: str) -> None:
        return None


NOTHING: Any = _Nothing()
ROUTERS: dict[str, Any] = {
    "DatasetsApiFunction": lambda: DatasetsApi(NOTHING, NOTHING).app,
    "TrainingApiFunction": lambda: training_api(NOTHING, NOTHING),
    "CapacityApiFunction": lambda: capacity_api(NOTHING),
}


def _handled(function: str) -> set[tuple[str, str]]:
    if function == "PredictFunction":
        return {(route.method, route.path) for route in ROUTES}
    app = ROUTERS[function]()
    routes = [*app._static_routes, *app._dynamic_routes]
    return {(route.method, route.path.replace("<", "{").replace(">", "}")) for route in routes}


def _routed(function: str) -> set[tuple[str, str]]:
    events = [event for event in functions()[function]["Events"].values() if event["Type"] == "Api"]
    return {(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events}


HANDLED = [*ROUTERS, "PredictFunction"]


@pytest.mark.parametrize("function", HANDLED)
def test_every_route_of_the_template_is_handled_and_every_handled_one_is_routed(function: str) -> None:
    assert _routed(function) == _handled(function)


def test_no_other_function_is_reached_over_http() -> None:
    assert {name for name in functions() if _routed(name)} == set(HANDLED)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_every_route_of_the_endpoint_names_a_function_that_is_there(route: Route) -> None:
    assert callable(route.load())
