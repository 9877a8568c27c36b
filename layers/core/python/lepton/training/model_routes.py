"""The HTTP routes of models, versions and aliases: the registry as its users see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from pydantic import BaseModel, ConfigDict, Field

from lepton import lake
from lepton.errors import NotFound
from lepton.http_api import caller, json_body, parsed
from lepton.model_package.manifest import ModelManifest
from lepton.operation import told
from lepton.registry import Alias, Verdict
from lepton.registry.notices import alias_moved
from lepton.rollout.plan import Wanted
from lepton.rollout.routes import add_rollout_routes
from lepton.rollout.rule import Kind, Rule
from lepton.rollout.steering import Steering
from lepton.training import answers
from lepton.training.control import Control

LIVE = "live"


class Beside(BaseModel):
    """How the version begins when it does not take over at once."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = "canary"
    percent: float = Field(default=5.0, gt=0, le=100)
    rule: Rule = Rule()


class Promotion(BaseModel):
    """Body of PUT /models/{model}/aliases/{alias}."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(description="The version to point to: 12 hexadecimal digits.")
    if_generation: int | None = Field(
        default=None, ge=0, description="Only when the alias is still at this generation (0: does not exist)."
    )
    rollout: Beside | None = Field(default=None, description="Let it begin beside the version that is there.")


def add_model_routes(app: APIGatewayRestResolver, control: Control, now: Callable[[], datetime]) -> None:
    """`now` gives aware UTC."""
    registry = control.registry
    add_rollout_routes(app, control.lake, control.bus, now)

    @app.get("/models")
    @told("Models", gives=answers.ModelList)
    def list_models() -> dict[str, Any]:
        return {"models": [_summary(control, model) for model in registry.models()]}

    @app.get("/models/<model>")
    @told("A model's versions and aliases", gives=answers.ModelVersions)
    def show_model(model: str) -> dict[str, Any]:
        versions = [_line(control, verdict) for verdict in reversed(registry.versions(model))]
        return {"model": model, "aliases": registry.aliases(model), "versions": versions}

    @app.get("/models/<model>/versions/<version>")
    @told("A version's manifest, and the gate's verdict", gives=answers.ModelVersion)
    def show_version(model: str, version: str) -> dict[str, Any]:
        verdict = registry.verdict(model, version)
        return {"manifest": _manifest(control, model, version), "verdict": verdict}

    @app.get("/models/<model>/aliases/<alias>")
    @told("Where an alias points, and its history", gives=Alias)
    def show_alias(model: str, alias: str) -> Alias:
        return registry.alias(model, alias)[0]

    @app.put("/models/<model>/aliases/<alias>")
    @told("Point an alias at a version: promote", takes=Promotion, gives=Alias)
    def promote(model: str, alias: str) -> Alias:
        wanted = parsed(Promotion, json_body(app))
        by, at, expected = caller(app), now(), wanted.if_generation
        if wanted.rollout is None:
            moved = registry.promote(model, alias, wanted.version, by=by, at=at, if_generation=expected)
        else:
            beside = Wanted(version=wanted.version, **wanted.rollout.model_dump())
            steering = Steering(registry, control.lake)
            moved = steering.start(model, alias, beside, by=by, at=at, if_generation=expected)
        control.bus.publish(alias_moved(moved))
        return moved

    @app.post("/models/<model>/aliases/<alias>/rollback")
    @told("Point an alias back", gives=Alias)
    def roll_back(model: str, alias: str) -> Alias:
        moved = registry.rollback(model, alias, by=caller(app), at=now())
        control.bus.publish(alias_moved(moved))
        return moved


def _summary(control: Control, model: str) -> dict[str, Any]:
    live = next((alias.version for alias in control.registry.aliases(model) if alias.alias == LIVE), None)
    return {"model": model, "live": live, "versions": len(control.registry.version_names(model))}


def _line(control: Control, verdict: Verdict) -> dict[str, Any]:
    line: dict[str, Any] = verdict.model_dump(mode="json", include={"version", "passed", "run", "at"})
    manifest = _manifest(control, verdict.model, verdict.version)
    name = manifest.measurements.primary_metric if manifest else None
    figure = manifest.measurements.metrics.get(name) if manifest and name else None
    return line | {"primary_metric": name, "metric": figure}


def _manifest(control: Control, model: str, version: str) -> ModelManifest | None:
    """None when the package is gone: the verdict is all that is left of it."""
    try:
        blob = control.lake.get(lake.package_manifest(model, version))
    except NotFound:
        return None
    assert blob is not None  # noqa: S101  # get answers None only when an etag was given
    return ModelManifest.model_validate_json(blob.body)
