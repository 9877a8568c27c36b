"""The HTTP routes of rollouts, pins and outcomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import BaseModel, ConfigDict, Field

from lepton import lake
from lepton.errors import InvalidRequest, NotFound
from lepton.http_api import JSON, Model, caller, json_body, parsed
from lepton.operation import told
from lepton.ports import EventBus, ObjectStore
from lepton.registry import Alias, Move, Registry
from lepton.registry.notices import alias_moved
from lepton.rollout.evidence import keep_outcome
from lepton.rollout.judgement import Decision, latencies
from lepton.rollout.observations import Observations
from lepton.rollout.outcomes import Outcome, OutcomeReport, outcome_of
from lepton.rollout.plan import Wanted
from lepton.rollout.rule import Rollout
from lepton.rollout.steering import SERVED, Steering
from lepton.rollout.watch import RolloutWatch, Standing


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RolloutRequest(Wanted):
    """Body of POST /models/{model}/aliases/{alias}/rollout."""

    if_generation: int | None = Field(default=None, ge=0, description="Only when the alias is at this generation.")


class Reason(_Frozen):
    """Body of pin, unpin, rollout/promote and rollout/abort."""

    reason: str = Field(default="", max_length=500, description="For the history.")


class PinRequest(_Frozen):
    """Body of POST /models/{model}/aliases/{alias}/pin."""

    reason: str = Field(min_length=1, max_length=500, description="Why nothing may move it by itself.")


class History(_Frozen):
    """What became of an alias, newest first: the last 50 changes."""

    model: str
    alias: str
    version: str
    history: tuple[Move, ...]


class RolloutStatus(_Frozen):
    """A rollout as it stands: what was seen, and what the judge says of it now. `latency` in milliseconds."""

    model: str
    alias: str
    version: str
    generation: int
    pinned: bool
    rollout: Rollout
    seen: Observations
    latency: dict[str, dict[str, float | None]]
    decision: Decision


def add_rollout_routes(
    app: APIGatewayRestResolver, store: ObjectStore, bus: EventBus, now: Callable[[], datetime]
) -> None:
    """`now` gives aware UTC."""
    registry = Registry(store)
    _add_alias_routes(app, registry, Steering(registry, store), bus, now)
    _add_rollout_routes(app, Steering(registry, store), RolloutWatch(store, bus), bus, now)

    @app.post("/models/<model>/outcomes")
    @told("Report what turned out to be true of a request", takes=OutcomeReport, gives={200: Outcome, 201: Outcome})
    def report(model: str) -> Response[Any]:
        wanted = _body(app, OutcomeReport)
        registry.versions(lake.checked_name(model, "model"))
        outcome = outcome_of(model, wanted, by=caller(app), at=now())
        fresh = keep_outcome(store, outcome, _served(registry, model))
        return Response(201 if fresh else 200, JSON, outcome)


def _add_alias_routes(
    app: APIGatewayRestResolver, registry: Registry, steering: Steering, bus: EventBus, now: Callable[[], datetime]
) -> None:
    @app.get("/models/<model>/aliases/<alias>/history")
    @told("What became of an alias, newest first", gives=History)
    def history(model: str, alias: str) -> History:
        found = registry.alias(model, alias)[0]
        return History(model=model, alias=alias, version=found.version, history=found.history[::-1])

    @app.post("/models/<model>/aliases/<alias>/pin")
    @told("Let only persons move an alias", takes=PinRequest, gives=Alias)
    def pin(model: str, alias: str) -> Alias:
        wanted = _body(app, PinRequest)
        return _told(bus, steering.pin(model, alias, wanted.reason, by=caller(app), at=now()))

    @app.post("/models/<model>/aliases/<alias>/unpin")
    @told("Let passing versions move an alias again", gives=Alias)
    def unpin(model: str, alias: str) -> Alias:
        return _told(bus, steering.unpin(model, alias, by=caller(app), at=now()))


def _add_rollout_routes(
    app: APIGatewayRestResolver,
    steering: Steering,
    watch: RolloutWatch,
    bus: EventBus,
    now: Callable[[], datetime],
) -> None:
    @app.get("/models/<model>/aliases/<alias>/rollout")
    @told("How a rollout stands", gives=RolloutStatus)
    def status(model: str, alias: str) -> RolloutStatus:
        return status_of(watch.standing(model, alias, now()))

    @app.post("/models/<model>/aliases/<alias>/rollout")
    @told("Begin a canary or a shadow, or change its percentage", takes=RolloutRequest, gives=Alias)
    def start(model: str, alias: str) -> Alias:
        asked = _body(app, RolloutRequest)
        wanted = Wanted.model_validate(asked.model_dump(exclude={"if_generation"}))
        by = caller(app)
        return _told(bus, steering.start(model, alias, wanted, by=by, at=now(), if_generation=asked.if_generation))

    @app.post("/models/<model>/aliases/<alias>/rollout/promote")
    @told("Point the alias at the version of its rollout", takes=Reason, gives=Alias)
    def promote(model: str, alias: str) -> Alias:
        reason = _body(app, Reason).reason
        return _told(bus, steering.promote(model, alias, by=caller(app), at=now(), reason=reason))

    @app.post("/models/<model>/aliases/<alias>/rollout/abort")
    @told("End a rollout; the alias points where it did", takes=Reason, gives=Alias)
    def abort(model: str, alias: str) -> Alias:
        reason = _body(app, Reason).reason
        return _told(bus, steering.abort(model, alias, by=caller(app), at=now(), reason=reason))


def _body(app: APIGatewayRestResolver, model: type[Model]) -> Model:
    """Raises InvalidRequest with a pointer to the first field that is wrong."""
    try:
        return parsed(model, json_body(app))
    except InvalidRequest as error:
        hint = "it takes " + ", ".join(model.model_fields)
        raise InvalidRequest(error.message, pointer=error.pointer, hint=hint) from error


def _told(bus: EventBus, alias: Alias) -> Alias:
    bus.publish(alias_moved(alias))
    return alias


def status_of(stands: Standing) -> RolloutStatus:
    """A standing as it is told."""
    return RolloutStatus(
        model=stands.alias.model,
        alias=stands.alias.alias,
        version=stands.alias.version,
        generation=stands.alias.generation,
        pinned=stands.alias.pinned is not None,
        rollout=stands.rollout,
        seen=stands.seen,
        latency={"live": latencies(stands.seen.live), "candidate": latencies(stands.seen.candidate)},
        decision=stands.decision,
    )


def _served(registry: Registry, model: str) -> Alias | None:
    try:
        return registry.alias(model, SERVED)[0]
    except NotFound:
        return None
