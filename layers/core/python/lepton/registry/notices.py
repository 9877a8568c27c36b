"""What the rest of the system is told of the registry."""

from __future__ import annotations

from lepton.events import AliasMoved
from lepton.registry.records import Alias


def alias_moved(alias: Alias) -> AliasMoved:
    """The event that tells of an alias's last change."""
    beside = alias.rollout
    return AliasMoved(
        model=alias.model,
        alias=alias.alias,
        version=alias.version,
        previous=alias.previous,
        generation=alias.generation,
        by=alias.by,
        at=alias.at,
        reason=alias.history[-1].reason if alias.history else "",
        rollout=f"{beside.kind} {beside.version} {beside.percent:g} %" if beside else None,
    )
