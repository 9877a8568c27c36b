"""Looks at every rollout that goes on, and moves on what the judge decides. Run again at any time, it does the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from lepton.errors import Conflict, LeptonError, NotFound
from lepton.observability import logger
from lepton.ports import EventBus, ObjectStore
from lepton.registry import Alias, Registry
from lepton.registry.notices import alias_moved
from lepton.rollout.evidence import Evidence
from lepton.rollout.index import Entry, RolloutIndex
from lepton.rollout.judgement import Decision, judge
from lepton.rollout.observations import Observations
from lepton.rollout.rule import Rollout
from lepton.rollout.steering import Steering

BY_RULE = "rollout-rule"
# A start writes the index first: an entry whose alias has no rollout yet is given this long.
_GRACE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Standing:
    """A rollout, what was seen of it, and what that says."""

    alias: Alias
    rollout: Rollout
    seen: Observations
    decision: Decision


class RolloutWatch:
    """One for each process: it remembers what it read."""

    def __init__(self, store: ObjectStore, bus: EventBus) -> None:
        registry = Registry(store)
        self._registry = registry
        self._bus = bus
        self._index = RolloutIndex(store)
        self._evidence = Evidence(store)
        self._steering = Steering(registry, store)

    def tick(self, now: datetime) -> list[dict[str, Any]]:
        """One round: [{"model", "alias", "action", "reasons"}…]. One that cannot be looked at holds up no other."""
        done = []
        for entry in self._index.entries():
            try:
                found = self._look(entry, now)
            except LeptonError as error:
                logger().error("rollout not judged", model=entry.model, alias=entry.alias, reason=str(error))
                found = {"action": "failed", "reasons": [error.message]}
            done.append({"model": entry.model, "alias": entry.alias} | found)
        return done

    def standing(self, model: str, alias: str, now: datetime) -> Standing:
        """How a rollout stands now; moves nothing. Raises NotFound, Conflict when there is no rollout."""
        current = self._steering.rolling(model, alias)[0]
        assert current.rollout is not None  # noqa: S101  # rolling says so
        return self._stands(current, current.rollout, now)

    def _stands(self, alias: Alias, rollout: Rollout, now: datetime) -> Standing:
        seen = self._evidence.of(alias, rollout)
        return Standing(alias, rollout, seen, judge(seen, rollout.rule, now - rollout.started_at))

    def _look(self, entry: Entry, now: datetime) -> dict[str, Any]:
        try:
            alias = self._registry.alias(entry.model, entry.alias)[0]
        except NotFound:
            self._index.drop(entry)
            return {"action": "gone", "reasons": []}
        if alias.rollout is None:
            return self._settle(entry, alias, now)
        stands = self._stands(alias, alias.rollout, now)
        decision = stands.decision
        logger().info(
            "rollout judged",
            model=entry.model,
            alias=entry.alias,
            version=alias.rollout.version,
            action=decision.action,
            reasons=list(decision.reasons),
        )
        if decision.action == "promote" and alias.pinned is not None:
            return {"action": "continue", "reasons": [f"would be promoted, but is pinned: {alias.pinned.reason}"]}
        if decision.action != "continue":
            self._finish(entry, stands, now)
        return {"action": decision.action, "reasons": list(decision.reasons)}

    def _finish(self, entry: Entry, stands: Standing, now: datetime) -> None:
        """Move the alias, tell of it, then take it off the list: it is rather told twice than never."""
        move = self._steering.promote if stands.decision.action == "promote" else self._steering.abort
        reason = "; ".join(stands.decision.reasons)
        try:
            moved = move(entry.model, entry.alias, by=BY_RULE, at=now, reason=reason)
        except Conflict:
            logger().info("somebody else moved it", model=entry.model, alias=entry.alias)
            return
        self._bus.publish(alias_moved(moved))
        self._index.drop(entry)

    def _settle(self, entry: Entry, alias: Alias, now: datetime) -> dict[str, Any]:
        """No rollout: not begun yet, or over. One that this ended without being able to tell is told now."""
        if alias.at > entry.at and alias.by == BY_RULE:
            self._bus.publish(alias_moved(alias))
            self._index.drop(entry)
        elif alias.at > entry.at or now - entry.at > _GRACE:
            self._index.drop(entry)
        return {"action": "none", "reasons": []}
