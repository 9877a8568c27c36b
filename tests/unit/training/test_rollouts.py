"""How a version that passed the gate begins: at once, as a canary, as a shadow, or not at all beside a pin."""

from __future__ import annotations

from typing import Any

import pytest

from lepton.errors import InvalidSpec
from lepton.events import AliasMoved, ModelPublished
from lepton.training.conclude import conclude
from lepton.training.control import Control
from tests.unit.training.builders import FIRST, SECOND, a_control, a_dataset, a_spec, job_of, train
from tests.unit.training.runs import LATER, events, published, started

CANARY = {"strategy": "canary", "percent": 20, "rule": {"max_hours": 24}}
THIRD = "cccccccccccc"


def live(control: Control) -> Any:
    return control.registry.alias("churn", "live")[0]


def steering(control: Control) -> Any:
    from lepton.rollout.steering import Steering

    return Steering(control.registry, control.lake)


@pytest.fixture
def control() -> Control:
    """`live` points to FIRST."""
    made = a_control(a_dataset())
    published(made, FIRST)
    return made


def test_first_version_is_promoted_whatever_the_strategy() -> None:
    control = a_control(a_dataset())
    assert "moved to" in str(published(control, FIRST, rollout=CANARY).reason)
    assert (live(control).version, live(control).rollout) == (FIRST, None)


@pytest.mark.parametrize("strategy", ["canary", "shadow"])
def test_second_version_begins_beside_the_first(control: Control, strategy: str) -> None:
    state = published(control, SECOND, LATER, seed=8, rollout=CANARY | {"strategy": strategy})
    alias = live(control)
    assert (state.state, state.reason) == ("published", f"passed the gate; {strategy} of live at 20 %")
    assert (alias.version, alias.rollout.kind, alias.rollout.version) == (FIRST, strategy, SECOND)
    assert (alias.rollout.by, alias.rollout.rule.max_hours) == (f"run:{state.run}", 24)
    told = [event for event in events(control) if isinstance(event, AliasMoved)]
    assert [event.rollout for event in told] == [f"{strategy} {SECOND} 20 %"]


def test_late_second_event_begins_no_second_rollout(control: Control) -> None:
    state = published(control, SECOND, LATER, seed=8, rollout=CANARY)
    steering(control).abort("churn", "live", by="ada", at=LATER)
    conclude(control, job_of(state), LATER)
    assert live(control).rollout is None


def test_newer_version_takes_the_place_of_a_rollout_and_an_older_one_does_not(control: Control) -> None:
    _, early = started(control, LATER, seed=9, rollout=CANARY)
    published(control, SECOND, LATER.replace(hour=20), seed=8, rollout=CANARY)
    train(control, early.run, THIRD)
    ended = conclude(control, job_of(early), LATER)
    assert ended is not None
    assert "submitted later" in str(ended.reason)
    assert live(control).rollout.version == SECOND
    published(control, THIRD, LATER.replace(hour=22), seed=10, rollout=CANARY)
    assert live(control).rollout.version == THIRD


@pytest.mark.parametrize("rollout", [{}, CANARY])
def test_pinned_alias_is_moved_by_nobody_and_the_version_is_published_all_the_same(
    control: Control, rollout: dict[str, Any]
) -> None:
    steering(control).pin("churn", "live", "audit", by="ada", at=LATER)
    state = published(control, SECOND, LATER, seed=8, rollout=rollout)
    assert (state.state, state.reason) == ("published", f"passed, but live is pinned to {FIRST}: audit")
    assert (live(control).version, live(control).rollout) == (FIRST, None)
    assert [type(event) for event in events(control)] == [ModelPublished]


def test_pin_does_not_make_an_older_run_newer(control: Control) -> None:
    _, early = started(control, LATER, seed=9)
    published(control, SECOND, LATER.replace(hour=20), seed=8)
    steering(control).pin("churn", "live", "audit", by="ada", at=LATER)
    steering(control).unpin("churn", "live", by="ada", at=LATER)
    train(control, early.run, THIRD)
    conclude(control, job_of(early), LATER)
    assert live(control).version == SECOND


def test_strategy_does_not_change_which_run_it_is() -> None:
    assert a_spec().canonical() == a_spec(rollout=CANARY).canonical()
    assert a_spec().canonical() != a_spec(rollout={"alias": "staging"}).canonical()


@pytest.mark.parametrize(
    ("rollout", "said"),
    [
        ({"strategy": "canary", "alias": "staging"}, "requests are answered from: live"),
        ({"strategy": "blue"}, "/rollout/strategy"),
        ({"percent": 0}, "/rollout/percent"),
        ({"rule": {"max_houres": 1}}, "/rollout/rule/max_houres"),
    ],
)
def test_rollout_that_makes_no_sense_is_told_with_its_place(rollout: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidSpec, match=said):
        a_spec(rollout=rollout)
