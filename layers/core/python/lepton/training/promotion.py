"""Whether a version that passed becomes what an alias points to, and what it is compared with before."""

from __future__ import annotations

from datetime import datetime

from lepton import lake
from lepton.errors import Conflict, NotFound, Unavailable
from lepton.events import AliasMoved
from lepton.model_package.manifest import LiveComparison, ModelManifest
from lepton.registry import Alias
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
    model, alias, by = request.spec.model, request.spec.rollout.alias, BY_RUN + request.run
    for _ in range(_TRIES):
        current = _current(control, model, alias)
        if current is not None:
            if any(move.by == by for move in current.history):
                return (current if current.by == by else None), f"{alias} was moved to {version}"
            if current.version == version:
                return None, f"{alias} points to {version} already"
            if _is_later(control, current.by, request):
                return None, f"passed, but {alias} already points to {current.version} of a run submitted later"
        generation = current.generation if current else 0
        try:
            moved = control.registry.promote(
                model, alias, version, by=by, at=now, reason="passed the gate", if_generation=generation
            )
        except Conflict:
            continue
        return moved, f"passed the gate; {alias} moved to {version}"
    raise Unavailable(f"{alias!r} of {model!r} is being moved by too many at once")


def _current(control: Control, model: str, alias: str) -> Alias | None:
    try:
        return control.registry.alias(model, alias)[0]
    except NotFound:
        return None


def _is_later(control: Control, by: str, request: TrainingRequest) -> bool:
    if not by.startswith(BY_RUN):
        return False
    try:
        return control.runs.request(by.removeprefix(BY_RUN)).submitted_at > request.submitted_at
    except NotFound:
        return False


def alias_moved(alias: Alias) -> AliasMoved:
    """The event that tells of an alias's last move."""
    return AliasMoved(
        model=alias.model,
        alias=alias.alias,
        version=alias.version,
        previous=alias.previous,
        generation=alias.generation,
        by=alias.by,
        at=alias.at,
    )
