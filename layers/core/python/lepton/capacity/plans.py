"""Plans in the lake, each under its digest; `latest.json` is moved by compare-and-swap, never back in time."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lepton import lake
from lepton.capacity.plan import CapacityPlan
from lepton.errors import Conflict, NotFound
from lepton.ports import ObjectStore

JSON = "application/json"
ATTEMPTS = 5


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Latest(_Frozen):
    """Which plan of a resource is the one to follow; `start` is where its horizon begins."""

    schema_version: Literal[1] = 1
    resource: str
    plan: str
    start: datetime


class Watch(_Frozen):
    """How the last look at a watched function ended."""

    schema_version: Literal[1] = 1
    resource: str
    function: str
    state: Literal["planned", "not_yet"]
    reason: str
    plan: str | None
    at: datetime


class Looked(_Frozen):
    """What one tick of the schedule saw."""

    schema_version: Literal[1] = 1
    looked: tuple[Watch, ...]


def plan_key(resource: str, plan: str) -> str:
    return f"{lake.capacity_prefix(resource)}{lake.checked_digest(plan, 'plan')}/plan.json"


def chart_key(resource: str, plan: str) -> str:
    return f"{lake.capacity_prefix(resource)}{lake.checked_digest(plan, 'plan')}/chart.svg"


def page_key(resource: str, plan: str) -> str:
    return f"{lake.capacity_prefix(resource)}{lake.checked_digest(plan, 'plan')}/page.html"


class Plans:
    """All methods raise TransientError when the store does; names are checked before they become keys."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    def keep(self, plan: CapacityPlan, chart: str, page: str) -> None:
        """Write the plan and its pictures (the plan last, so that who sees it sees them), and make it the latest."""
        self._store.put(plan.chart, chart.encode(), content_type="image/svg+xml")
        self._store.put(plan.page, page.encode(), content_type="text/html; charset=utf-8")
        self._store.put(plan_key(plan.resource, plan.plan), plan.model_dump_json().encode(), content_type=JSON)
        self._move(Latest(resource=plan.resource, plan=plan.plan, start=plan.start))

    def latest(self, resource: str) -> CapacityPlan:
        """Raises NotFound; its hint says what the last look at the function found, if there was one."""
        pointer, _ = self._latest(resource)
        if pointer is None:
            watch = self.watch(resource)
            raise NotFound(
                f"there is no capacity plan for {resource!r} yet",
                pointer="/resource",
                hint=watch.reason if watch else "POST /capacity/advise makes one",
            )
        return CapacityPlan.model_validate_json(self._read(plan_key(resource, pointer.plan)))

    def chart(self, resource: str) -> str:
        """The latest plan's SVG. Raises NotFound."""
        return self._read(self.latest(resource).chart).decode()

    def note(self, watch: Watch) -> None:
        """Remember how the look at a function ended."""
        self._store.put(_watch_key(watch.resource), watch.model_dump_json().encode(), content_type=JSON)

    def watch(self, resource: str) -> Watch | None:
        """How the last look ended; None when nobody looked."""
        try:
            return Watch.model_validate_json(self._read(_watch_key(resource)))
        except NotFound:
            return None

    def _move(self, to: Latest) -> None:
        """Point at a plan unless a plan for later hours is pointed at. Raises Conflict after ATTEMPTS lost races."""
        key = f"{lake.capacity_prefix(to.resource)}latest.json"
        for attempt in range(1, ATTEMPTS + 1):
            current, etag = self._latest(to.resource)
            if current is not None and (current == to or current.start > to.start):
                return
            try:
                self._store.put(
                    key, to.model_dump_json().encode(), content_type=JSON, if_absent=etag is None, if_etag=etag
                )
            except Conflict:
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _latest(self, resource: str) -> tuple[Latest | None, str | None]:
        try:
            blob = self._store.get(f"{lake.capacity_prefix(resource)}latest.json")
        except NotFound:
            return None, None
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return Latest.model_validate_json(blob.body), blob.etag

    def _read(self, key: str) -> bytes:
        blob = self._store.get(key)
        assert blob is not None  # noqa: S101
        return blob.body


def _watch_key(resource: str) -> str:
    return f"{lake.capacity_prefix(resource)}watch.json"
