"""Begin, change, finish and stop rollouts, pin and let go: each one compare-and-swap on the alias."""

from __future__ import annotations

from datetime import datetime

from lepton import lake
from lepton.errors import Conflict, InvalidRequest
from lepton.ports import ObjectStore
from lepton.registry import Alias, Registry
from lepton.rollout.index import RolloutIndex
from lepton.rollout.plan import Wanted, staged
from lepton.rollout.rule import Pin

SERVED = "live"


class Steering:
    """All methods raise NotFound without the alias, Conflict when somebody else changes it at the same time."""

    def __init__(self, registry: Registry, store: ObjectStore) -> None:
        self._registry = registry
        self._index = RolloutIndex(store)

    def start(
        self,
        model: str,
        alias: str,
        wanted: Wanted,
        *,
        by: str,
        at: datetime,
        reason: str = "",
        if_generation: int | None = None,
    ) -> Alias:
        """Put the version beside the alias's, in place of a rollout that is there. Asked for again: as it is.

        Raises NotFound for an unknown version, Conflict for a refused one, for the one that the alias points to, and
        for a pinned alias; InvalidRequest for an alias that nothing is answered from.
        """
        if alias != SERVED:
            raise InvalidRequest(
                f"requests are answered from {SERVED!r}, so {alias!r} would see none",
                pointer="/alias",
                hint=f"begin it on {SERVED!r}, or promote {alias!r} directly",
            )
        self._registry.check_passed(model, lake.checked_digest(wanted.version))
        found = self._registry.alias(model, alias)
        current = found[0]
        _check(current, wanted, if_generation)
        standing = current.rollout
        if standing is not None and Wanted.model_validate(standing.model_dump(include=_ASKED)) == wanted:
            return current
        told = f"{wanted.kind} of {wanted.version} at {wanted.percent:g} %"
        rollout = staged(current, wanted, by=by, at=at)
        self._index.add(model, alias, at)
        return self._registry.amend(
            found, by=by, at=at, reason=f"{reason}: {told}" if reason else told, rollout=rollout
        )

    def promote(self, model: str, alias: str, *, by: str, at: datetime, reason: str = "") -> Alias:
        """Point the alias at the version of its rollout. Raises Conflict when there is no rollout."""
        current = self.rolling(model, alias)[0]
        assert current.rollout is not None  # noqa: S101  # rolling says so
        told = f"{current.rollout.kind} promoted" + (f": {reason}" if reason else "")
        version = current.rollout.version
        return self._registry.promote(
            model, alias, version, by=by, at=at, reason=told, if_generation=current.generation
        )

    def abort(self, model: str, alias: str, *, by: str, at: datetime, reason: str = "") -> Alias:
        """End the rollout; the alias points where it did. Raises Conflict when there is none."""
        found = self.rolling(model, alias)
        rollout = found[0].rollout
        assert rollout is not None  # noqa: S101  # rolling says so
        told = f"{rollout.kind} of {rollout.version} ended" + (f": {reason}" if reason else "")
        return self._registry.amend(found, by=by, at=at, reason=told, pinned=found[0].pinned)

    def rolling(self, model: str, alias: str) -> tuple[Alias, str]:
        """The alias and its etag. Raises Conflict when it has no rollout."""
        found = self._registry.alias(model, alias)
        if found[0].rollout is None:
            raise Conflict(
                f"{alias!r} of {model!r} has no rollout",
                pointer="/alias",
                hint=f"lepton models canary {model} VERSION begins one",
            )
        return found

    def pin(self, model: str, alias: str, reason: str, *, by: str, at: datetime) -> Alias:
        """From now on only persons move the alias. A rollout that goes on is not promoted by itself any more."""
        found = self._registry.alias(model, alias)
        if found[0].pinned is not None and found[0].pinned.reason == reason:
            return found[0]
        pinned = Pin(reason=reason, by=by, at=at)
        told = f"pinned: {reason}"
        return self._registry.amend(found, by=by, at=at, reason=told, rollout=found[0].rollout, pinned=pinned)

    def unpin(self, model: str, alias: str, *, by: str, at: datetime) -> Alias:
        """Passing versions move the alias again; an alias that is not pinned stays as it is."""
        found = self._registry.alias(model, alias)
        if found[0].pinned is None:
            return found[0]
        return self._registry.amend(found, by=by, at=at, reason="unpinned", rollout=found[0].rollout)


_ASKED = {"kind", "version", "percent", "rule"}


def _check(current: Alias, wanted: Wanted, if_generation: int | None) -> None:
    if if_generation is not None and if_generation != current.generation:
        raise Conflict(
            f"{current.alias!r} of {current.model!r} is at generation {current.generation}, not {if_generation}",
            pointer="/if_generation",
            hint="somebody moved it since you looked: look again",
        )
    if current.pinned is not None:
        raise Conflict(
            f"{current.alias!r} of {current.model!r} is pinned: {current.pinned.reason}",
            pointer="/alias",
            hint=f"lepton models unpin {current.model} lets it go",
        )
    if current.version == wanted.version:
        raise Conflict(
            f"{current.alias!r} of {current.model!r} points to {wanted.version} already",
            pointer="/version",
            hint=f"lepton models show {current.model} lists the others",
        )
