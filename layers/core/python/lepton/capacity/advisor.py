"""The scale advisor: the outside (history, lake, bus) around the pure `recommend`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from lepton.capacity.advice import Subject, recommend
from lepton.capacity.chart import chart
from lepton.capacity.page import page
from lepton.capacity.plan import CapacityPlan
from lepton.capacity.plans import Looked, Plans, Watch
from lepton.capacity.prices import prices_of
from lepton.capacity.request import AdviceRequest, Options
from lepton.errors import InvalidRequest, LeptonError, Misconfigured, NotFound
from lepton.events import CapacityPlanChanged
from lepton.observability import logger
from lepton.ports import EventBus, LoadHistory, LoadSeries, ObjectStore
from lepton.settings import Settings

WATCH_STEP = 300
WATCH_DAYS = 28
# CloudWatch shows a minute's figures a few minutes later.
SETTLE_SECONDS = 300
MATERIAL = 0.10


@dataclass(frozen=True, slots=True)
class Watched:
    """A Lambda function to look after; `memory_mb` as it is configured."""

    function: str
    memory_mb: int = 1024

    @property
    def resource(self) -> str:
        """The function's name as the lake spells it."""
        return re.sub(r"[^a-z0-9-]+", "-", self.function.lower()).strip("-")[:63] or "function"


def watched(text: str) -> tuple[Watched, ...]:
    """`NAME[:MEMORY_MB],...` as the template writes it. Raises Misconfigured for a memory that is no number."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, memory = part.partition(":")
        if memory and not memory.isdigit():
            raise Misconfigured(
                f"{part!r}: {memory!r} is not a memory size in MB", pointer="WATCHED_FUNCTIONS", hint="NAME:1024"
            )
        found.append(Watched(name, int(memory)) if memory else Watched(name))
    return tuple(found)


class ScaleAdvisor:
    """All methods raise TransientError when the store, the history or the bus does."""

    def __init__(self, settings: Settings, lake: ObjectStore, history: LoadHistory, bus: EventBus) -> None:
        self._plans = Plans(lake)
        self._history = history
        self._bus = bus
        self._region = settings.price_region
        self._watched = settings.watched_functions

    def advise(self, request: AdviceRequest) -> CapacityPlan:
        """Plan for the load that was sent, and keep the plan. Raises InvalidRequest, TooLarge."""
        series, notes = request.load()
        subject = Subject(request.resource, request.function or request.resource, request.alias)
        prices = prices_of(request.region or self._region)
        plan = recommend(subject, series, request.options(), prices, service=request.service_seconds, notes=notes)
        self._keep(plan, series)
        return plan

    def latest(self, resource: str) -> CapacityPlan:
        """Raises NotFound, InvalidRequest."""
        return self._plans.latest(resource)

    def chart(self, resource: str) -> str:
        """The latest plan's SVG. Raises NotFound, InvalidRequest."""
        return self._plans.chart(resource)

    def look(self, now: datetime) -> Looked:
        """Plan anew for each watched function; one that cannot be planned for yet is noted, and is no error.

        A transient error in one does not keep the others from their turn: it is raised at the end.
        """
        seen, failed = [], None
        for function in watched(self._watched):
            try:
                seen.append(self._look(function, now))
            except LeptonError as error:
                failed = failed or error
        if failed is not None:
            raise failed
        logger().info("looked", extra={"states": {one.resource: one.state for one in seen}})
        return Looked(looked=tuple(seen))

    def _look(self, function: Watched, now: datetime) -> Watch:
        before = self._before(function.resource)
        try:
            plan, series = self._planned(function, now, before)
        except (InvalidRequest, NotFound) as error:
            return self._note(function, now, str(error), None)
        self._keep(plan, series)
        if before is None or materially_different(before, plan):
            self._bus.publish(_event(plan))
        return self._note(function, now, plan.reasons[0], plan.plan)

    def _planned(
        self, function: Watched, now: datetime, before: CapacityPlan | None
    ) -> tuple[CapacityPlan, LoadSeries]:
        end = datetime.fromtimestamp((now.timestamp() - SETTLE_SECONDS) // WATCH_STEP * WATCH_STEP, now.tzinfo)
        series = self._history.read(function.function, end - timedelta(days=WATCH_DAYS), end, WATCH_STEP)
        options = Options(
            memory_mb=function.memory_mb, was_scheduled=before is not None and before.action == "schedule"
        )
        subject = Subject(function.resource, function.function)
        return recommend(subject, series, options, prices_of(self._region)), series

    def _note(self, function: Watched, now: datetime, reason: str, plan: str | None) -> Watch:
        watch = Watch(
            resource=function.resource,
            function=function.function,
            state="planned" if plan else "not_yet",
            reason=reason,
            plan=plan,
            at=now,
        )
        self._plans.note(watch)
        return watch

    def _before(self, resource: str) -> CapacityPlan | None:
        try:
            return self._plans.latest(resource)
        except NotFound:
            return None

    def _keep(self, plan: CapacityPlan, series: LoadSeries) -> None:
        picture = chart(plan, series)
        self._plans.keep(plan, picture, page(plan, picture))


def materially_different(before: CapacityPlan, after: CapacityPlan) -> bool:
    """Whether the action changed, or the provisioned environments over the hours that both plan for, by over 10 %."""
    if before.action != after.action:
        return True
    old, new, moved = 0.0, 0.0, 0.0
    at = after.start
    while at < min(before.end, after.end):
        a, b = before.level_at(at), after.level_at(at)
        old, new, moved = old + a, new + b, moved + abs(a - b)
        at += timedelta(minutes=5)
    return moved > MATERIAL * max(old, new, 1.0)


def _event(plan: CapacityPlan) -> CapacityPlanChanged:
    chosen = plan.outcome("plan")
    return CapacityPlanChanged(
        resource=plan.resource,
        plan=plan.plan,
        action=plan.action,
        cost_usd_per_day=chosen.cost_usd_per_day,
        saving_usd_per_day=plan.saving.usd_per_day,
        breach_probability=chosen.breach_probability,
        applied=False,
    )
