"""The watch: what the judge decides is carried out once, told at least once, and one rollout never holds up another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from lepton import lake
from lepton.errors import Unavailable
from lepton.events import AliasMoved, Event
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.ports import Blob
from lepton.registry import Alias, Registry, Verdict
from lepton.rollout.index import RolloutIndex
from lepton.rollout.observations import Arm, Observation
from lepton.rollout.plan import Wanted
from lepton.rollout.rule import Rule
from lepton.rollout.steering import Steering
from lepton.rollout.watch import BY_RULE, RolloutWatch
from tests.unit.registry.test_pins_and_rollouts import NOW, V1, V2

LATER = NOW + timedelta(minutes=5)


class Counted(MemoryObjectStore):
    reads = 0

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        self.reads += 1
        return super().get(key, unless_etag=unless_etag)


class FailsOnce(MemoryEventBus):
    fails = True

    def publish(self, *events: Event) -> None:
        if self.fails:
            self.fails = False
            raise Unavailable("no answer")
        super().publish(*events)


class Bench:
    def __init__(self, bus: MemoryEventBus | None = None) -> None:
        self.store = Counted()
        self.bus = bus or MemoryEventBus()
        self.registry = Registry(self.store)
        self.steering = Steering(self.registry, self.store)
        self.watch = RolloutWatch(self.store, self.bus)

    def begin(self, model: str = "churn", rule: Rule = Rule()) -> None:  # noqa: B008
        for version in (V1, V2):
            self.registry.record(Verdict(model=model, version=version, run="r", passed=True, checks=(), at=NOW))
        self.registry.promote(model, "live", V1, by="ada", at=NOW)
        wanted = Wanted(kind="canary", version=V2, percent=10, rule=rule)
        self.steering.start(model, "live", wanted, by="ada", at=NOW)

    def saw(
        self, model: str = "churn", live: int = 9000, candidate: int = 2000, errors: int = 0, by: str = "e1"
    ) -> None:
        arms = {V1: Arm(requests=live, runs=live), V2: Arm(requests=candidate, errors=errors, runs=candidate - errors)}
        generation = self.live(model).generation
        told = Observation(
            model=model, alias="live", generation=generation, environment=by, live=V1, candidate=V2, arms=arms
        )
        self.store.put(lake.rollout_seen(model, "live", generation) + f"{by}.json", told.model_dump_json().encode())

    def live(self, model: str = "churn") -> Alias:
        return self.registry.alias(model, "live")[0]

    def actions(self) -> list[str]:
        return [one["action"] for one in self.watch.tick(LATER)]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_without_a_rollout_a_round_is_one_read(bench: Bench) -> None:
    assert bench.actions() == []
    assert bench.store.reads == 1


def test_candidate_that_is_as_good_is_promoted_and_told_with_its_reason(bench: Bench) -> None:
    bench.begin()
    assert bench.actions() == ["continue"]
    bench.saw()
    assert bench.actions() == ["promote"]
    assert (bench.live().version, bench.live().previous, bench.live().by) == (V2, V1, BY_RULE)
    [event] = bench.bus.published
    assert isinstance(event, AliasMoved)
    assert event.reason.startswith("canary promoted: errors: 0 % over 2000: surely worse by less than 1 %")
    assert (bench.actions(), RolloutIndex(bench.store).entries()) == ([], ())


def test_candidate_that_fails_is_ended_and_told(bench: Bench) -> None:
    bench.begin()
    bench.saw(candidate=40, errors=30)
    assert bench.actions() == ["abort"]
    assert (bench.live().version, bench.live().rollout) == (V1, None)
    [event] = bench.bus.published
    assert isinstance(event, AliasMoved)
    assert "canary of 222222222222 ended: errors: 75 % over 40" in event.reason


def test_environments_are_added_up_and_only_new_counts_are_read(bench: Bench) -> None:
    bench.begin(rule=Rule(min_requests=5000))
    bench.saw(by="e1")
    bench.saw(by="e2")
    assert bench.actions() == ["continue"]
    before = bench.store.reads
    assert bench.actions() == ["continue"]
    assert bench.store.reads - before == 2  # the index and the alias
    bench.saw(by="e3")
    assert bench.actions() == ["promote"]


def test_pinned_alias_is_not_promoted_but_a_failing_candidate_is_ended(bench: Bench) -> None:
    bench.begin()
    bench.saw()
    pinned = bench.steering.pin("churn", "live", "audit", by="ada", at=NOW)
    [looked] = bench.watch.tick(LATER)
    assert (looked["action"], looked["reasons"]) == ("continue", ["would be promoted, but is pinned: audit"])
    assert pinned.rollout is not None
    generation = pinned.rollout.generation
    arms = {V1: Arm(requests=900), V2: Arm(requests=40, errors=40)}
    told = Observation(
        model="churn", alias="live", generation=generation, environment="e1", live=V1, candidate=V2, arms=arms
    )
    bench.store.put(lake.rollout_seen("churn", "live", generation) + "e1.json", told.model_dump_json().encode())
    assert bench.actions() == ["abort"]


def test_move_that_could_not_be_told_is_told_by_the_next_round() -> None:
    bench = Bench(FailsOnce())
    bench.begin()
    bench.saw()
    assert bench.actions() == ["failed"]
    assert bench.live().version == V2
    assert (bench.actions(), len(bench.bus.published)) == (["none"], 1)
    assert bench.actions() == []


def test_rollout_that_cannot_be_read_holds_up_no_other(bench: Bench) -> None:
    bench.begin("broken")
    bench.begin("churn")
    bench.saw()
    bench.store.put(lake.registry_alias("broken", "live"), b"{")
    assert bench.actions() == ["failed", "promote"]


def test_object_that_is_no_observation_is_passed_over(bench: Bench) -> None:
    bench.begin()
    bench.saw()
    bench.store.put(lake.rollout_seen("churn", "live", bench.live().generation) + "e0.json", b"junk")
    assert bench.actions() == ["promote"]


def test_person_who_ends_it_takes_it_off_the_list(bench: Bench) -> None:
    bench.begin()
    bench.steering.abort("churn", "live", by="ada", at=NOW + timedelta(seconds=1))
    assert (bench.actions(), bench.actions(), bench.bus.published) == (["none"], [], [])


def test_start_that_was_cut_off_is_forgotten_only_after_a_while(bench: Bench) -> None:
    bench.begin()
    bench.steering.abort("churn", "live", by="ada", at=NOW)
    assert bench.actions() == ["none"]
    assert len(RolloutIndex(bench.store).entries()) == 1
    bench.watch.tick(NOW + timedelta(hours=1))
    assert RolloutIndex(bench.store).entries() == ()
