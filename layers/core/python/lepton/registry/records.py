"""The two kinds of object in the registry: a verdict, written once, and an alias, moved by compare-and-swap."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

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
    """Where an alias points. `generation` grows by one with each move; `rollout` is reserved for canaries."""

    schema_version: Literal[1] = 1
    model: str
    alias: str
    generation: int
    version: str
    previous: str | None
    rollout: None = None
    by: str
    at: datetime
    history: tuple[Move, ...] = ()
