"""Which columns of a table a model learns from, and why each other one is left out. Used by planner and trainer."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict

from lepton.dataset.manifest import Column, ColumnType, DatasetManifest
from lepton.training.spec import TrainingSpec

_WORD = re.compile(r"(^|[_\s-])(id|uuid|guid)$", re.IGNORECASE)
_CAMEL = re.compile(r"[a-z](ID|Id)$")


class Feature(BaseModel):
    """A column and what becomes of it. `warning`: it is used, and a person should look at it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: ColumnType
    used: bool
    reason: str
    warning: str | None = None


def choose_features(spec: TrainingSpec, manifest: DatasetManifest) -> tuple[Feature, ...]:
    """Every column of the dataset in its order, chosen or not. Nothing is checked here: see `plan_training`."""
    return tuple(_choice(column, spec) for column in manifest.columns)


def used_columns(spec: TrainingSpec, manifest: DatasetManifest) -> tuple[Column, ...]:
    """The columns that the model learns from, in the dataset's order."""
    used = {feature.name for feature in choose_features(spec, manifest) if feature.used}
    return tuple(column for column in manifest.columns if column.name in used)


def _choice(column: Column, spec: TrainingSpec) -> Feature:
    def out(reason: str) -> Feature:
        return Feature(name=column.name, type=column.type, used=False, reason=reason)

    if column.name == spec.target:
        return out("is the target")
    if column.name in spec.exclude:
        return out("excluded by the spec")
    if column.type == "timestamp":
        return out("a timestamp: nothing learns from moments in time yet; give its parts as columns of their own")
    if column.type == "string" and column.categories is None:
        return out("text with many different values: an id or free text, from which no category can be made")
    warning = None
    if looks_like_an_id(column.name):
        warning = f"{column.name!r} is named like an id; if it is one, name it in `exclude`"
    return Feature(name=column.name, type=column.type, used=True, reason=_told(column), warning=warning)


def _told(column: Column) -> str:
    if column.categories is not None:
        return "1 category" if len(column.categories) == 1 else f"{len(column.categories)} categories"
    return "true or false" if column.type == "bool" else "a number"


def looks_like_an_id(name: str) -> bool:
    """`id`, `user_id`, `userId`, `customerID`, `uuid`; not `paid`."""
    return bool(_WORD.search(name) or _CAMEL.search(name))
