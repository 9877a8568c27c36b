"""What stands beside an alias: rollouts begun, changed and ended, pins, and records of the schema before them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lepton import lake
from lepton.errors import Conflict, InvalidRequest, NotFound
from lepton.memory import MemoryObjectStore
from lepton.registry import Alias, Registry, Verdict
from lepton.rollout.index import RolloutIndex
from lepton.rollout.plan import Wanted, plan_rollout
from lepton.rollout.steering import Steering

NOW = datetime(2026, 3, 1, tzinfo=UTC)
V1, V2, V3 = "111111111111", "222222222222", "333333333333"
BEFORE = (
    '{"schema_version":1,"model":"churn","alias":"live","generation":1,"version":"111111111111","previous":null,'
    '"rollout":null,"by":"ada","at":"2026-03-01T00:00:00Z","history":[]}'
)


class Bench:
    """`live` points to V1; V2 passed the gate, V3 did not."""

    def __init__(self) -> None:
        self.store = MemoryObjectStore()
        self.registry = Registry(self.store)
        self.steering = Steering(self.registry, self.store)
        for version, passed in ((V1, True), (V2, True), (V3, False)):
            self.registry.record(Verdict(model="churn", version=version, run="r", passed=passed, checks=(), at=NOW))
        self.registry.promote("churn", "live", V1, by="ada", at=NOW)

    def begin(self, version: str = V2, percent: float = 5.0, at: datetime = NOW, **more: Any) -> Alias:
        wanted = Wanted(kind=more.pop("kind", "canary"), version=version, percent=percent)
        return self.steering.start("churn", more.pop("alias", "live"), wanted, by="ada", at=at, **more)

    def live(self) -> Alias:
        return self.registry.alias("churn", "live")[0]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_alias_of_the_schema_before_is_read(bench: Bench) -> None:
    bench.store.put(lake.registry_alias("churn", "live"), BEFORE.encode())
    alias = bench.live()
    assert (alias.schema_version, alias.version, alias.rollout, alias.pinned) == (1, V1, None, None)
    assert bench.begin().schema_version == 2


def test_rollout_stands_beside_what_the_alias_points_to(bench: Bench) -> None:
    begun = bench.begin()
    assert (begun.version, begun.previous, begun.generation) == (V1, None, 2)
    assert begun.rollout is not None
    assert (begun.rollout.version, begun.rollout.percent, begun.rollout.generation) == (V2, 5.0, 2)
    assert [entry.alias for entry in RolloutIndex(bench.store).entries()] == ["live"]
    assert begun.history[-1].reason == "canary of 222222222222 at 5 %"


def test_asked_for_again_it_is_the_same_and_another_percentage_is_another_stage(bench: Bench) -> None:
    begun = bench.begin()
    assert bench.begin(at=NOW + timedelta(hours=1)) == begun
    grown = bench.begin(percent=20)
    assert begun.rollout is not None
    assert grown.rollout is not None
    assert (grown.rollout.salt, grown.rollout.generation) == (begun.rollout.salt, 3)


def test_promoting_it_points_the_alias_there_and_ends_it(bench: Bench) -> None:
    bench.begin()
    moved = bench.steering.promote("churn", "live", by="bob", at=NOW, reason="looks good")
    assert (moved.version, moved.previous, moved.rollout) == (V2, V1, None)
    assert moved.history[-1].reason == "canary promoted: looks good"
    assert bench.registry.rollback("churn", "live", by="bob", at=NOW).version == V1


def test_ending_it_leaves_the_alias_where_it_was(bench: Bench) -> None:
    bench.begin(kind="shadow")
    ended = bench.steering.abort("churn", "live", by="bob", at=NOW, reason="too slow")
    assert (ended.version, ended.previous, ended.rollout, ended.generation) == (V1, None, None, 3)
    with pytest.raises(Conflict, match="no rollout"):
        bench.steering.abort("churn", "live", by="bob", at=NOW)


def test_another_promotion_and_a_rollback_end_it_too(bench: Bench) -> None:
    bench.begin()
    assert bench.registry.promote("churn", "live", V2, by="bob", at=NOW).rollout is None
    wanted = Wanted(kind="canary", version=V1)
    bench.steering.start("churn", "live", wanted, by="ada", at=NOW)
    assert bench.registry.rollback("churn", "live", by="bob", at=NOW).rollout is None


@pytest.mark.parametrize(
    ("more", "error", "said"),
    [
        ({"version": V1}, Conflict, "points to 111111111111 already"),
        ({"version": V3}, Conflict, "refused by the gate"),
        ({"version": "4" * 12}, NotFound, "no version"),
        ({"version": "../x"}, InvalidRequest, "not a legal version"),
        ({"alias": "staging"}, InvalidRequest, "would see none"),
        ({"if_generation": 7}, Conflict, "at generation 1, not 7"),
    ],
)
def test_rollout_that_makes_no_sense_is_refused(bench: Bench, more: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        bench.begin(**more)
    assert bench.live().generation == 1


def test_pin_stays_until_it_is_let_go_and_persons_may_still_move(bench: Bench) -> None:
    pinned = bench.steering.pin("churn", "live", "audit", by="ada", at=NOW)
    assert pinned.pinned is not None
    assert bench.steering.pin("churn", "live", "audit", by="bob", at=NOW) == pinned
    assert bench.registry.promote("churn", "live", V2, by="bob", at=NOW).pinned == pinned.pinned
    assert bench.registry.rollback("churn", "live", by="bob", at=NOW).pinned == pinned.pinned
    assert bench.steering.unpin("churn", "live", by="bob", at=NOW).pinned is None
    assert [move.reason for move in bench.live().history][-1] == "unpinned"


def test_nothing_is_begun_beside_a_pinned_alias_and_what_goes_on_keeps_going(bench: Bench) -> None:
    begun = bench.begin()
    assert bench.steering.pin("churn", "live", "audit", by="ada", at=NOW).rollout == begun.rollout
    with pytest.raises(Conflict, match="is pinned: audit"):
        bench.begin(percent=50)
    assert bench.steering.abort("churn", "live", by="ada", at=NOW).pinned is not None


def test_history_ends_at_its_bound_with_pins_in_it(bench: Bench) -> None:
    for number in range(60):
        bench.steering.pin("churn", "live", f"reason {number}", by="ada", at=NOW)
    alias = bench.live()
    assert (len(alias.history), alias.generation, alias.version) == (50, 61, V1)


def test_plan_says_what_becomes_of_a_version_that_passed(bench: Bench) -> None:
    assert plan_rollout(None, V2, "canary").action == "promote"
    live = bench.live()
    assert (plan_rollout(live, V1, "direct").action, plan_rollout(live, V2, "direct").action) == ("keep", "promote")
    planned = plan_rollout(live, V2, "shadow", 20)
    assert (planned.action, planned.kind, planned.reason) == ("begin", "shadow", "passed the gate: shadow at 20 %")
    assert plan_rollout(bench.begin(), V2, "canary").action == "keep"
    pinned = bench.steering.pin("churn", "live", "audit", by="ada", at=NOW)
    assert plan_rollout(pinned, V2, "direct").reason == "passed, but live is pinned to 111111111111: audit"
