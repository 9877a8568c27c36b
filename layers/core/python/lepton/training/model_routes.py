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
from lepton.registry import Alias, Verdict
from lepton.training.control import Control
from lepton.training.promotion import alias_moved

LIVE = "live"


class Promotion(BaseModel):
    """Body of PUT /models/{model}/aliases/{alias}."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(description="The version to point to: 12 hexadecimal digits.")
    if_generation: int | None = Field(
        default=None, ge=0, description="Only when the alias is still at this generation (0: does not exist)."
    )


def add_model_routes(app: APIGatewayRestResolver, control: Control, now: Callable[[], datetime]) -> None:
    """`now` gives aware UTC."""
    registry = control.registry

    @app.get("/models")
    def list_models() -> dict[str, Any]:
        return {"models": [_summary(control, model) for model in registry.models()]}

    @app.get("/models/<model>")
    def show_model(model: str) -> dict[str, Any]:
        versions = [_line(control, verdict) for verdict in reversed(registry.versions(model))]
        return {"model": model, "aliases": registry.aliases(model), "versions": versions}

    @app.get("/models/<model>/versions/<version>")
    def show_version(model: str, version: str) -> dict[str, Any]:
        verdict = registry.verdict(model, version)
        return {"manifest": _manifest(control, model, version), "verdict": verdict}

    @app.get("/models/<model>/aliases/<alias>")
    def show_alias(model: str, alias: str) -> Alias:
        return registry.alias(model, alias)[0]

    @app.put("/models/<model>/aliases/<alias>")
    def promote(model: str, alias: str) -> Alias:
        wanted = parsed(Promotion, json_body(app))
        by = caller(app)
        moved = registry.promote(model, alias, wanted.version, by=by, at=now(), if_generation=wanted.if_generation)
        control.bus.publish(alias_moved(moved))
        return moved

    @app.post("/models/<model>/aliases/<alias>/rollback")
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
