"""Every route of the API as the code has it: the routers of the control functions, and the table of predict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cli.openapi import predict
from lepton.capacity.routes import capacity_api
from lepton.dataset.routes import DatasetsApi
from lepton.operation import JSON, Operation, operation_of
from lepton.training.http import training_api


@dataclass(frozen=True, slots=True)
class Described:
    """A route and what it says of itself. `function` is its logical id in the template; `path` has {parameters}."""

    function: str
    method: str
    path: str
    name: str
    operation: Operation


def silent() -> list[str]:
    """Routes that say nothing of themselves: put `@told(…)` on them, or an entry into cli/openapi/predict.py."""
    handlers = [(m, p, handler) for router in ROUTERS.values() for m, p, handler in _routes(router())]
    handlers += [(m, p, load()) for m, p, _, load in predict.routes() if (m, p) not in predict.OPERATIONS]
    return [f"{method} {path}" for method, path, handler in handlers if operation_of(handler) is None]


class _Nothing:
    """Making a router may pick what its routes will use, and uses none of it."""

    def __getattr__(self, name: str) -> None:
        return None


_NOTHING: Any = _Nothing()
ROUTERS: dict[str, Any] = {
    "DatasetsApiFunction": lambda: DatasetsApi(_NOTHING, _NOTHING).app,
    "TrainingApiFunction": lambda: training_api(_NOTHING, _NOTHING),
    "CapacityApiFunction": lambda: capacity_api(_NOTHING),
}


def described() -> Iterator[Described]:
    """All of them."""
    for function, router in ROUTERS.items():
        for method, path, handler in _routes(router()):
            yield Described(function, method, path, handler.__name__, _operation(handler))
    for method, path, name, load in predict.routes():
        told = predict.OPERATIONS.get((method, path)) or _operation(load())
        yield Described("PredictFunction", method, path, name, told)


def _routes(app: Any) -> Iterator[tuple[str, str, Any]]:
    for route in [*app._static_routes, *app._dynamic_routes]:
        yield route.method, route.path.replace("<", "{").replace(">", "}"), route.func


def _operation(handler: Any) -> Operation:
    """What it says of itself, or else the first line of its docstring, with an answer of which nothing is known."""
    words = (handler.__doc__ or handler.__name__.replace("_", " ").capitalize()).strip().splitlines()[0]
    return operation_of(handler) or Operation(words.rstrip("."), gives={200: {JSON: {}}})
