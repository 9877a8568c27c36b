"""Whether a version that passed becomes what an alias points to, and what it is compared with before."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile

from lepton import lake
from lepton.errors import Conflict, NotFound, Unavailable
from lepton.model_package.manifest import LiveComparison, ModelManifest
from lepton.registry import Alias
from lepton.rollout.plan import RolloutPlan, Wanted, plan_rollout
from lepton.rollout.steering import Steering
from lepton.training.control import Control
from lepton.training.gate import LiveFigure
from lepton.training.run import TrainingRequest

BY_RUN = "run:"
_TRIES = 5


def live_standing(
    control: Control, model: str, alias: str, manifest: ModelManifest
) -> LiveComparison | LiveFigure | None:
    """What the new version is judged against.

    The trainer's paired comparison when it was made with what is live now; else the live version's own figure; None
    when nothing is live, or this very version is.
    """
    try:
        live = control.registry.alias(model, alias)[0].version
    except NotFound:
        return None
    if live == manifest.version:
        return None
    compared = manifest.measurements.live
    if compared is not None and compared.version == live:
        return compared
    try:
        blob = control.lake.get(lake.package_manifest(model, live))
    except NotFound:
        return LiveFigure(live, None)
    assert blob is not None  # noqa: S101  # get answers None only when an etag was given
    figures = ModelManifest.model_validate_json(blob.body).measurements.metrics
    return LiveFigure(live, figures.get(manifest.measurements.primary_metric))


def move_alias(control: Control, request: TrainingRequest, version: str, now: datetime) -> tuple[Alias | None, str]:
    """Point the run's alias at its version: the alias when this run moved it (now or before), and what to tell.

    A run moves an alias once: what a person rolled back is not moved again by a late second event. And a run never
    moves it back behind a run that was submitted later. Raises Unavailable when others keep moving it.
    """
    model, wanted, by = request.spec.model, request.spec.rollout, BY_RUN + request.run
    for _ in range(_TRIES):
        current = _current(control, model, wanted.alias)
        if current is not None:
            if any(move.by == by for move in current.history):
                return (current if current.by == by else None), f"{wanted.alias} was moved to {version}"
            if _is_later(control, current, request):
                told = f"passed, but {wanted.alias} already points to {current.version} of a run submitted later"
                return None, told
        plan = plan_rollout(current, version, wanted.strategy, wanted.percent)
        if plan.action == "keep":
            return None, plan.reason
        try:
            return _carried_out(control, request, plan, current, version, now)
        except Conflict:
            continue
    raise Unavailable(f"{wanted.alias!r} of {model!r} is being moved by too many at once")


def _carried_out(
    control: Control, request: TrainingRequest, plan: RolloutPlan, current: Alias | None, version: str, now: datetime
) -> tuple[Alias, str]:
    """Raises Conflict when the alias is no longer where the plan found it."""
    model, wanted, by = request.spec.model, request.spec.rollout, BY_RUN + request.run
    generation = current.generation if current else 0
    if plan.kind is not None:
        beside = Wanted(kind=plan.kind, version=version, percent=wanted.percent, rule=wanted.rule)
        steering = Steering(control.registry, control.lake)
        moved = steering.start(
            model, wanted.alias, beside, by=by, at=now, reason="passed the gate", if_generation=generation
        )
        return moved, f"passed the gate; {plan.kind} of {wanted.alias} at {wanted.percent:g} %"
    moved = control.registry.promote(
        model, wanted.alias, version, by=by, at=now, reason="passed the gate", if_generation=generation
    )
    return moved, f"passed the gate; {wanted.alias} moved to {version}"


def _current(control: Control, model: str, alias: str) -> Alias | None:
    try:
        return control.registry.alias(model, alias)[0]
    except NotFound:
        return None


def _is_later(control: Control, current: Alias, request: TrainingRequest) -> bool:
    """Whether what stands there now, on the alias or beside it, is of a run submitted after this one."""
    since = list(takewhile(lambda move: move.version == current.version, reversed(current.history)))
    movers = [since[-1].by if since else current.by]  # who pointed it there: what came later left it there
    movers += [current.rollout.by] if current.rollout else []
    return any(_submitted_later(control, by, request) for by in movers)


def _submitted_later(control: Control, by: str, request: TrainingRequest) -> bool:
    if not by.startswith(BY_RUN):
        return False
    try:
        return control.runs.request(by.removeprefix(BY_RUN)).submitted_at > request.submitted_at
    except NotFound:
        return False
