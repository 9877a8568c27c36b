"""The two kinds of object in the registry: a verdict, written once, and an alias, moved by compare-and-swap."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lepton.rollout.rule import Pin, Rollout

HISTORY = 50


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Check(_Frozen):
    """One check of the gate: its figure, its bound, and whether it held."""

    check: str
    figure: float | str
    bound: float | str
    holds: bool
    reason: str


class Verdict(_Frozen):
    """What the gate said of a version. Written once; only a refusal can be replaced, by another run's pass."""

    schema_version: Literal[1] = 1
    model: str
    version: str
    run: str
    passed: bool
    checks: tuple[Check, ...]
    at: datetime


class Move(_Frozen):
    """One line of an alias's history."""

    generation: int
    version: str
    by: str
    reason: str
    at: datetime


class Alias(_Frozen):
    """Where an alias points. `generation` grows by one with each change.

    `rollout` is a version beside it that takes a share of its requests; `pinned` says why nothing moves it by itself.
    Schema version 1 knew neither.
    """

    schema_version: Literal[1, 2] = 2
    model: str
    alias: str
    generation: int
    version: str
    previous: str | None
    rollout: Rollout | None = None
    pinned: Pin | None = None
    by: str
    at: datetime
    history: tuple[Move, ...] = ()
