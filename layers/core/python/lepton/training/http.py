"""The HTTP routes of specs and runs: each one value in, one call, one value out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import BaseModel, ConfigDict, Field

from lepton import lake
from lepton.errors import CallerError, InvalidRequest, InvalidSpec
from lepton.http_api import JSON, caller, json_body, parsed, resolver
from lepton.operation import told
from lepton.training import answers
from lepton.training.control import Control
from lepton.training.model_routes import add_model_routes
from lepton.training.run import RunState
from lepton.training.spec import TrainingSpec, parse_spec, spec_from
from lepton.training.submit import cancel, planned, submit

LOG_PAGE = 500


class RunRequest(BaseModel):
    """Body of POST /training-runs: a spec (YAML text or JSON), or the name of a model whose spec is stored."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spec: dict[str, Any] | str | None = None
    model: str | None = None
    dry_run: bool = Field(default=False, description="Only say what would be done.")


def training_api(control: Control, now: Callable[[], datetime]) -> APIGatewayRestResolver:
    """The router of TrainingApiFunction; `now` gives aware UTC."""
    app = resolver()
    _add_spec_routes(app, control)
    _add_run_routes(app, control, now)
    add_model_routes(app, control, now)
    return app


def _add_spec_routes(app: APIGatewayRestResolver, control: Control) -> None:
    @app.put("/training-specs/<model>")
    @told(
        "Keep a spec, as YAML or JSON",
        takes={JSON: TrainingSpec, "application/yaml": {"type": "string"}},
        gives=answers.PutSpec,
    )
    def put_spec(model: str) -> dict[str, Any]:
        text = app.current_event.decoded_body or ""
        spec = control.specs.check(lake.checked_name(model, "model"), text)
        missing = control.datasets.missing(spec)
        if missing is None:
            planned(control, spec)
        control.specs.put(model, text)
        return {"spec": spec, "waiting_for": missing}

    @app.get("/training-specs")
    @told("Kept specs", gives=answers.SpecList)
    def list_specs() -> dict[str, Any]:
        return {
            "specs": [
                stored.spec or {"model": stored.model, "error": str(stored.error)} for stored in control.specs.all()
            ]
        }

    @app.get("/training-specs/<model>")
    @told("The spec kept for a model", gives=answers.KeptSpec)
    def show_spec(model: str) -> dict[str, Any]:
        return {"spec": control.specs.get(model)}


def _add_run_routes(app: APIGatewayRestResolver, control: Control, now: Callable[[], datetime]) -> None:
    @app.post("/training-runs")
    @told(
        "Plan or start a training; 200 for a plan, or for the run of the same spec and data that is there already",
        takes=RunRequest,
        gives={200: RunState | answers.DryRun, 202: RunState},
    )
    def start_run() -> Response[Any]:
        wanted = parsed(RunRequest, json_body(app))
        with _pointing_into("/spec" if wanted.spec is not None else ""):
            spec = _spec_of(control, wanted)
            if wanted.dry_run:
                return Response(200, JSON, {"plan": planned(control, spec)})
            state, fresh = submit(control, spec, now())
        return Response(202 if fresh else 200, JSON, state)

    @app.get("/training-runs")
    @told("Runs, newest first", gives=answers.RunList, query={"model": "Only runs of this model"})
    def list_runs() -> dict[str, Any]:
        model = app.current_event.get_query_string_value("model", None)
        return {"runs": control.runs.runs(model)}

    @app.get("/training-runs/<run>")
    @told("How far a run is", gives=RunState)
    def show_run(run: str) -> Any:
        return control.runs.state(run)

    @app.get("/training-runs/<run>/logs")
    @told("Log lines", gives=answers.LogPage, query={"after": "Only lines after this many, a whole number"})
    def show_log(run: str) -> dict[str, Any]:
        after = _whole_number(app.current_event.get_query_string_value("after", "0"), "after")
        control.runs.state(run)
        lines = control.runs.log(run, after)[:LOG_PAGE]
        told = [line.model_dump(mode="json", exclude_none=True) for line in lines]
        return {"lines": told, "next": after + len(lines)}

    @app.post("/training-runs/<run>/cancel")
    @told("Stop a run", gives=RunState)
    def cancel_run(run: str) -> Any:
        return cancel(control, run, caller(app), now())


def _spec_of(control: Control, wanted: RunRequest) -> TrainingSpec:
    if (wanted.spec is None) == (wanted.model is None):
        raise InvalidRequest("give either a spec or the model of a stored one", hint='{"spec": {…}} or {"model": "…"}')
    if wanted.model is not None:
        return control.specs.get(wanted.model)
    return parse_spec(wanted.spec) if isinstance(wanted.spec, str) else spec_from(wanted.spec)


@contextmanager
def _pointing_into(prefix: str) -> Iterator[None]:
    """Errors of a spec point into the spec; the caller's body has it one level down."""
    try:
        yield
    except CallerError as error:
        if prefix and (error.pointer is not None or isinstance(error, InvalidSpec)):
            raise type(error)(error.message, pointer=prefix + (error.pointer or ""), hint=error.hint) from error
        raise


def _whole_number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise InvalidRequest(f"{name} is not a whole number: {text[:40]!r}", pointer=f"/{name}")
    return int(text)
