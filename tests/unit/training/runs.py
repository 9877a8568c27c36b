"""Runs on their way: submitted, and gone through to a verdict."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from lepton.events import Event
from lepton.memory import MemoryEventBus
from lepton.training.conclude import conclude
from lepton.training.control import Control
from lepton.training.run import RunState
from lepton.training.submit import submit
from tests.unit.training.builders import (
    NOW,
    a_control,
    a_dataset,
    a_spec,
    job_of,
    train,
)

LATER = NOW + timedelta(minutes=2)


def started(control: Control | None = None, at: Any = NOW, **spec: Any) -> tuple[Control, RunState]:
    control = control or a_control(a_dataset())
    state, _ = submit(control, a_spec(**spec), at)
    events(control).clear()
    return control, state


def events(control: Control) -> list[Event]:
    assert isinstance(control.bus, MemoryEventBus)
    return control.bus.published


def published(control: Control, version: str, at: Any = NOW, graph: bytes = b"g", **spec: Any) -> RunState:
    """A run that went through, from submission to verdict."""
    _, state = started(control, at, **spec)
    train(control, state.run, version, graph)
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    return ended
