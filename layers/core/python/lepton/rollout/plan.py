"""How a version that passed the gate begins: a pure function of where the alias stands and what is wanted."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lepton.registry.records import Alias
from lepton.rollout.rule import Kind, Rollout, Rule

Strategy = Literal["direct", "canary", "shadow"]


class Wanted(BaseModel):
    """A version that shall stand beside the one an alias points to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind = Field(description="canary answers a share of the requests; shadow answers none and is compared.")
    version: str = Field(description="The version to try: 12 hexadecimal digits.")
    percent: float = Field(
        default=5.0, gt=0, le=100, description="Share of routing keys (canary) or of requests (shadow)."
    )
    rule: Rule = Field(default=Rule(), description="When it is promoted or ended by itself.")


class RolloutPlan(BaseModel):
    """What to do with an alias now that a version passed. `keep`: nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Literal["keep", "promote", "begin"]
    reason: str
    kind: Kind | None = Field(default=None, description="What begins.")


def plan_rollout(current: Alias | None, version: str, strategy: Strategy, percent: float = 5.0) -> RolloutPlan:
    """What becomes of a version that passed the gate, by itself; a person may still do anything."""
    if current is None:
        return RolloutPlan(action="promote", reason="passed the gate; there was nothing live to compare it with")
    if current.version == version:
        return RolloutPlan(action="keep", reason=f"{current.alias} points to {version} already")
    if current.pinned is not None:
        why = f"passed, but {current.alias} is pinned to {current.version}: {current.pinned.reason}"
        return RolloutPlan(action="keep", reason=why)
    if strategy == "direct":
        return RolloutPlan(action="promote", reason="passed the gate")
    if current.rollout is not None and current.rollout.version == version:
        return RolloutPlan(action="keep", reason=f"{version} is a {current.rollout.kind} of {current.alias} already")
    return RolloutPlan(action="begin", reason=f"passed the gate: {strategy} at {percent:g} %", kind=strategy)


def staged(current: Alias, wanted: Wanted, *, by: str, at: datetime) -> Rollout:
    """The rollout as it will stand in the alias. The version is in the salt, the percentage is not."""
    return Rollout(
        kind=wanted.kind,
        version=wanted.version,
        percent=wanted.percent,
        salt=f"{current.model}/{current.alias}/{wanted.version}",
        generation=current.generation + 1,
        started_at=at,
        by=by,
        rule=wanted.rule,
    )
