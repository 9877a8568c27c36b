from __future__ import annotations

from dataclasses import replace

import pytest

from lepton.errors import Unavailable
from lepton.events import AliasMoved, Event, ModelPublished
from lepton.memory import MemoryEventBus
from lepton.training.conclude import conclude
from tests.unit.training.builders import (
    FIRST,
    GRAPH,
    SECOND,
    a_control,
    a_dataset,
    against,
    job_of,
    measured,
    put_dataset,
    train,
)
from tests.unit.training.runs import LATER, events, published, started


def test_second_version_moves_the_alias_and_keeps_the_first() -> None:
    control = a_control(a_dataset())
    published(control, FIRST)
    put_dataset(control.lake, a_dataset(version=SECOND))
    published(control, SECOND, LATER)
    alias = control.registry.alias("churn", "live")[0]
    assert (alias.version, alias.previous, alias.generation) == (SECOND, FIRST, 2)


def test_version_that_is_surely_worse_than_live_is_refused() -> None:
    control = a_control(a_dataset())
    published(control, FIRST)
    _, state = started(control, LATER, seed=8)
    train(
        control,
        state.run,
        SECOND,
        measurements=measured(live=against(FIRST, -0.05, -0.07, -0.03), size_bytes=len(GRAPH)),
    )
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    assert ended.state == "refused"
    assert control.registry.alias("churn", "live")[0].version == FIRST


def test_run_submitted_earlier_never_moves_the_alias_back() -> None:
    control, early = started()
    published(control, SECOND, LATER, seed=8)
    train(control, early.run, FIRST)
    ended = conclude(control, job_of(early), LATER)
    assert ended is not None
    assert (ended.state, "submitted later" in str(ended.reason)) == ("published", True)
    assert control.registry.alias("churn", "live")[0].version == SECOND


class BusThatFailsOnce(MemoryEventBus):
    def __init__(self) -> None:
        super().__init__()
        self.fails = True

    def publish(self, *events: Event) -> None:
        if self.fails:
            self.fails = False
            raise Unavailable("no answer")
        super().publish(*events)


def test_end_that_was_cut_off_is_finished_by_the_next_event() -> None:
    control, state = started()
    control = replace(control, bus=BusThatFailsOnce())
    train(control, state.run, FIRST)
    with pytest.raises(Unavailable):
        conclude(control, job_of(state), LATER)
    ended = conclude(control, job_of(state), LATER)
    assert ended is not None
    assert ended.state == "published"
    assert [type(event) for event in events(control)] == [ModelPublished, AliasMoved]


def test_late_second_event_does_not_undo_a_persons_rollback() -> None:
    control = a_control(a_dataset())
    published(control, FIRST)
    _, state = started(control, LATER, seed=8)
    train(control, state.run, SECOND)
    interrupted = replace(control, bus=BusThatFailsOnce())
    with pytest.raises(Unavailable):
        conclude(interrupted, job_of(state), LATER)
    control.registry.rollback("churn", "live", by="ada", at=LATER)
    conclude(control, job_of(state), LATER)
    assert control.registry.alias("churn", "live")[0].version == FIRST
