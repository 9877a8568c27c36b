"""A job that dies at any step and is announced again gives the same bytes, each row once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lepton.endpoint.jobs import ticket
from lepton.memory import MemoryObjectStore
from lepton.ports import Blob, Entry
from tests.unit.endpoint.packages import publish
from tests.unit.endpoint.transform_world import FOREVER, World, slowed, worker

ROWS = 70
KEY = "predict-in/churn/rows.csv"
# Every seventh row is refused, and a damaged one swallows no other.
TABLE = "age,plan,calls\n" + "".join(
    f"{row},{'gold' if row % 7 == 0 else 'pro'},{row % 9}\n" + ('"open,pro,1\n' if row % 30 == 5 else "")
    for row in range(ROWS)
)


class Killed(BaseException):
    """What no code of ours may catch."""


class DyingStore:
    """Dies at the step that is asked for, before or after the step took effect; passes everything on until then."""

    def __init__(self, store: MemoryObjectStore, steps: list[str], at: int, after: bool) -> None:
        self._store, self._steps, self._at, self._after = store, steps, at, after

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        return self._step(f"get {key}", lambda: self._store.get(key, unless_etag=unless_etag))

    def put(self, key: str, body: bytes | Path, **conditions: Any) -> str:
        return self._step(f"put {key}", lambda: self._store.put(key, body, **conditions))

    def list(self, prefix: str, *, after: str = "") -> Iterator[Entry]:
        return self._step(f"list {prefix}", lambda: self._store.list(prefix, after=after))

    def fetch(self, key: str, to: Path) -> Entry:
        return self._step(f"fetch {key}", lambda: self._store.fetch(key, to))

    def _step(self, name: str, do: Any) -> Any:
        number = len(self._steps)
        self._steps.append(name)
        if number == self._at and not self._after:
            raise Killed(name)
        done = do()
        if number == self._at:
            raise Killed(name)
        return done


@pytest.fixture
def world() -> World:
    made = World()
    slowed(made.lake, "churn", publish(made.lake, "churn"))
    made.landing.put(KEY, TABLE.encode())
    return made


def same(world: World) -> dict[str, Any]:
    """The report without what another invocation costs."""
    return {**world.report(), "runs": 0, "cost_usd": 0}


def deliver(world: World, at: int = -1, after: bool = False) -> list[str]:
    """Announce the file to a process that dies at step `at`; the steps that it came to."""
    steps: list[str] = []
    lake = DyingStore(world.lake, steps, at, after)
    with suppress(Killed):
        worker(lake, DyingStore(world.landing, steps, at, after)).handle([KEY], lambda: FOREVER)
    return steps


@pytest.fixture(scope="module")
def whole() -> World:
    made = World()
    slowed(made.lake, "churn", publish(made.lake, "churn"))
    made.landing.put(KEY, TABLE.encode())
    deliver(made)
    return made


def test_the_file_makes_several_parts(whole: World) -> None:
    assert len([name for name in whole.parts() if name.startswith("part-")]) == 5
    assert [int(line.split(",")[0]) for line in whole.rows()] == sorted({int(r.split(",")[0]) for r in whole.rows()})
    assert (whole.report()["rows"], whole.report()["rejected"]) == (60, 13)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_dying_at_any_step_and_being_announced_again_gives_the_same_bytes(whole: World, after: bool) -> None:
    steps, at = 1 << 20, 0
    while at < steps:
        world = World()
        slowed(world.lake, "churn", publish(world.lake, "churn"))
        world.landing.put(KEY, TABLE.encode())
        died = deliver(world, at, after)
        deliver(world)
        assert world.parts() == whole.parts(), f"died {'after' if after else 'before'} {died[-1]}"
        told, wanted = same(world), same(whole)
        assert told == wanted, died[-1]
        steps, at = (len(died) + 1 if len(died) > at else at), at + 1
    assert at > 20


def test_dying_again_and_again_still_ends(world: World, whole: World) -> None:
    for _ in range(60):
        deliver(world, at=17, after=True)
        if "report.json" in world.files():
            break
    deliver(world)
    assert world.parts() == whole.parts()


@pytest.mark.parametrize("moves", [(0, 1, 2), (0,), (3,), (5,), (1, 3, 5)])
@pytest.mark.parametrize("left", [5.0, FOREVER], ids=["a part", "all"])
def test_two_at_once_do_each_row_once(world: World, whole: World, moves: tuple[int, ...], left: float) -> None:
    """The second goes on when the first has written a part and not yet moved the progress behind it."""
    moved = count()

    class Meddled(DyingStore):
        def put(self, key: str, body: bytes | Path, **conditions: Any) -> str:
            if key.endswith("progress.json") and next(moved) in moves:
                worker(world.lake, world.landing).handle([KEY], lambda: left)
            return world.lake.put(key, body, **conditions)

    worker(Meddled(world.lake, [], -1, False), world.landing).handle([KEY], lambda: FOREVER)
    assert world.parts() == whole.parts()
    assert same(world) == same(whole)


class Beginning(DyingStore):
    """Dies when it has said that it begins."""

    def put(self, key: str, body: bytes | Path, **conditions: Any) -> str:
        etag = self._store.put(key, body, **conditions)
        if key.endswith("progress.json"):
            raise Killed(key)
        return etag


@pytest.mark.parametrize("turn", range(1, 6))
def test_a_second_that_only_begins_costs_the_first_no_row(world: World, whole: World, turn: int) -> None:
    """At each part in turn, the last one too: it moves the progress without being further."""
    moved = count()

    class Begun(DyingStore):
        def put(self, key: str, body: bytes | Path, **conditions: Any) -> str:
            if key.endswith("progress.json") and next(moved) == turn:
                with suppress(Killed):
                    worker(Beginning(world.lake, [], -1, False), world.landing).handle([KEY], lambda: FOREVER)
            return world.lake.put(key, body, **conditions)

    worker(Begun(world.lake, [], -1, False), world.landing).handle([KEY], lambda: FOREVER)
    assert world.parts() == whole.parts()
    assert (world.report()["runs"], same(world)) == (2, same(whole))


def test_a_job_whose_time_is_short_leaves_a_ticket_and_the_ticket_goes_on(world: World, whole: World) -> None:
    assert worker(world.lake, world.landing).handle([KEY], lambda: 5.0) is None
    tickets: list[str] = []
    for _ in range(10):
        left = [e.key for e in world.landing.list("predict-in/churn/jobs/") if e.key not in tickets]
        if not left:
            break
        tickets += left
        worker(world.lake, world.landing).handle(left[:1], lambda: 5.0)
    assert len(tickets) == 4
    assert world.parts() == whole.parts()
    assert world.report()["runs"] == 5


def test_one_version_answers_all_of_a_file_whatever_is_promoted_meanwhile(world: World, whole: World) -> None:
    worker(world.lake, world.landing).handle([KEY], lambda: 5.0)
    publish(world.lake, "churn", bias=3.0)
    (left,) = world.landing.list("predict-in/churn/jobs/")
    worker(world.lake, world.landing).handle([left.key], lambda: FOREVER)
    assert world.parts() == whole.parts()
    assert world.report()["version"] == whole.report()["version"]


def test_a_ticket_asks_for_its_job_once() -> None:
    assert ticket.read("predict-in/churn/jobs/0123456789ab/00003").job == "0123456789ab"
    assert ticket.read("predict-in/churn/0123456789abcdef/rows.csv").held
    assert not ticket.read("predict-in/churn/folder/rows.csv").held
