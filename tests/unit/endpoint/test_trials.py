"""Canary and shadow inside the endpoint: who answers, what is counted, and what a failing candidate can do: nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from lepton.endpoint.tally import Tally
from lepton.errors import Unavailable
from lepton.memory import MemoryObjectStore
from lepton.observability import logger, metrics
from lepton.rollout.sticky import chosen
from tests.unit.endpoint.packages import AT
from tests.unit.endpoint.trial_bench import BODY, TrialBench

KEYS = [f"customer-{number}" for number in range(60)]


@pytest.fixture(autouse=True)
def observability(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "Lepton")
    yield
    metrics().clear_metrics()
    metrics.cache_clear()
    logger.cache_clear()


@pytest.fixture
def bench() -> TrialBench:
    return TrialBench()


def test_without_a_rollout_nothing_is_counted_and_no_thread_begins(bench: TrialBench) -> None:
    before = threading.active_count()
    assert bench.version() == bench.first
    assert (bench.serving.endpoint.rollouts, threading.active_count()) == ({}, before)
    assert list(bench.store.list("monitor/")) == []


def test_canary_answers_the_keys_of_its_share_and_no_others(bench: TrialBench) -> None:
    begun = bench.begin("canary", 30)
    assert begun.rollout is not None
    expected = [bench.second if chosen(begun.rollout.salt, key, 30) else bench.first for key in KEYS]
    assert [bench.version(key=key) for key in KEYS] == expected
    assert [bench.version(key=key) for key in KEYS] == expected
    assert len(set(expected)) == 2


def test_key_that_met_the_canary_meets_it_at_every_higher_percentage(bench: TrialBench) -> None:
    met: set[str] = set()
    for percent in (5, 20, 60, 100):
        bench.begin("canary", percent)
        now = {key for key in KEYS if bench.version(key=key) == bench.second}
        assert met <= now
        met = now
    assert met == set(KEYS)


def test_key_is_the_header_else_the_id_else_the_request_id(bench: TrialBench) -> None:
    begun = bench.begin("canary", 50)
    assert begun.rollout is not None
    for number, key in enumerate(KEYS):
        asked = BODY | {"id": key}
        expected = bench.second if chosen(begun.rollout.salt, key, 50) else bench.first
        assert bench.version(body=asked) == bench.version(key=key, body=BODY | {"id": "other"}) == expected
        drawn = chosen(begun.rollout.salt, f"request-{number}", 50)
        assert bench.version(number) == (bench.second if drawn else bench.first)


def test_a_version_that_is_named_is_not_part_of_a_rollout(bench: TrialBench) -> None:
    bench.begin("canary", 100)
    assert bench.serving.endpoint.model("price", bench.first).manifest.version == bench.first
    assert bench.version() == bench.second


def test_canary_that_does_not_load_is_counted_and_the_live_version_answers(bench: TrialBench) -> None:
    bench.break_second()
    bench.begin("canary", 100)
    assert [bench.version(number) for number in range(5)] == [bench.first] * 5
    seen = bench.seen()
    assert (seen.candidate.requests, seen.candidate.errors, seen.live.requests) == (5, 5, 0)


def test_what_the_live_version_refuses_is_the_callers_fault_and_not_counted(bench: TrialBench) -> None:
    bench.begin("canary", 100)
    assert bench.ask(body={"inputs": []})["status"] == 400
    assert bench.version() == bench.second
    assert bench.seen().candidate.errors == 0


def test_counts_of_a_canary_come_into_the_lake(bench: TrialBench) -> None:
    bench.begin("canary", 50)
    for key in KEYS:
        bench.version(key=key)
    seen = bench.seen()
    assert seen.live.requests + seen.candidate.requests == len(KEYS)
    assert (seen.candidate.runs, sum(seen.candidate.latency)) == (seen.candidate.requests,) * 2
    assert seen.candidate.latency_ms > 0


def test_shadow_is_compared_and_never_answers(bench: TrialBench) -> None:
    bench.begin("shadow", 100)
    assert {bench.version(number) for number in range(20)} == {bench.first}
    seen = bench.seen()
    assert (seen.live.requests, seen.candidate.requests, seen.shadow.compared) == (20, 20, 20)
    assert (seen.shadow.disagreement, seen.shadow.max_difference) == (20.0, 1000.0)


def test_shadow_that_does_not_load_is_only_counted(bench: TrialBench) -> None:
    bench.break_second()
    bench.begin("shadow", 100)
    assert {bench.version(number) for number in range(4)} == {bench.first}
    assert (bench.seen().candidate.errors, bench.seen().live.errors) == (4, 0)


class Slow(MemoryObjectStore):
    """Whatever is read of the second version hangs until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.slow = ""
        self.free = threading.Event()

    def get(self, key: str, *, unless_etag: str | None = None):  # type: ignore[no-untyped-def]
        if self.slow and self.slow in key and "models/" in key:
            assert self.free.wait(20)
        return super().get(key, unless_etag=unless_etag)


def test_answer_does_not_wait_for_a_shadow_that_hangs() -> None:
    store = Slow()
    bench = TrialBench(store, patience=0.01)
    store.slow = bench.second
    bench.begin("shadow", 100)
    assert {bench.version(number) for number in range(60)} == {bench.first}
    store.free.set()
    until = time.monotonic() + 10
    while bench.seen().shadow.compared == 0 or bench.waiting():
        assert time.monotonic() < until
    seen = bench.seen()
    assert (seen.live.requests, seen.shadow.compared + seen.shadow.skipped) == (60, 60)
    assert (seen.shadow.skipped > 0, seen.shadow.late) == (True, seen.shadow.compared)


class Down(MemoryObjectStore):
    """Takes no counts while `down`."""

    down = False

    def put(self, key: str, body: bytes, **more: object) -> str:  # type: ignore[override]
        if self.down and key.startswith("monitor/"):
            raise Unavailable("the store is down")
        return super().put(key, body, **more)  # type: ignore[arg-type]


def test_counts_that_cannot_be_written_break_no_answer_and_come_later() -> None:
    store = Down()
    bench = TrialBench(store)
    bench.begin("canary", 100)
    store.down = True
    assert [bench.version(number) for number in range(9)] == [bench.second] * 9
    store.down = False
    assert bench.seen().candidate.requests == 9


def test_counts_of_two_environments_are_added_up(bench: TrialBench) -> None:
    bench.begin("canary", 100)
    other = bench.another()
    for number in range(4):
        bench.version(number)
        bench.ask(number, serving=other)
    for tally in other.trials._tallies.values():
        tally.write(bench.store)
    seen = bench.seen()
    assert (seen.environments, seen.candidate.requests) == (2, 8)


def test_next_stage_counts_anew_and_the_last_one_is_kept(bench: TrialBench) -> None:
    first = bench.begin("canary", 100)
    for number in range(5):
        bench.version(number)
    second = bench.begin("canary", 90)
    bench.version(7)
    assert bench.seen().live.requests + bench.seen().candidate.requests == 1
    assert first.generation < second.generation
    assert len(list(bench.store.list(f"monitor/price/rollout/live/{first.generation}/"))) == 1


def test_tally_whose_object_was_taken_or_written_before_writes_again(bench: TrialBench) -> None:
    begun = bench.begin("canary", 50)
    assert begun.rollout is not None
    tally = Tally("price", "live", bench.first, begun.rollout, "e1", 0.0)
    tally.ran(bench.first, 1.0)
    bench.store.put(f"monitor/price/rollout/live/{begun.generation}/e1.json", b"{}")
    tally.write(bench.store)
    assert bench.seen().live.requests == 1


def test_counts_are_written_soon_at_first_and_then_seldom(bench: TrialBench) -> None:
    begun = bench.begin("canary", 50)
    assert begun.rollout is not None
    tally = Tally("price", "live", bench.first, begun.rollout, "e1", 0.0)
    due = [number for number in range(1, 1001) if tally.due(0.0)]
    assert due == [1, 2, 4, 8, 16, 32, 64, 128, 256, 456, 656, 856]
    assert (tally.due(9.9), tally.due(10.0), tally.due(11.0)) == (False, True, False)


def test_outcomes_are_held_against_what_was_answered(bench: TrialBench) -> None:
    from lepton.rollout.evidence import keep_outcome
    from lepton.rollout.outcomes import OutcomeReport, outcome_of

    alias = bench.begin("shadow", 100, outcome_scale=100.0)
    for number in range(6):
        bench.version(number)
        report = OutcomeReport(request_id=f"request-{number}", outcome=1010.0)
        assert keep_outcome(bench.store, outcome_of("price", report, by="ada", at=AT), alias)
    seen = bench.seen()
    assert (seen.live_score.outcomes, seen.live_score.wrong) == (6, 6.0)
    assert (seen.candidate_score.outcomes, seen.candidate_score.wrong) == (6, 0.0)
