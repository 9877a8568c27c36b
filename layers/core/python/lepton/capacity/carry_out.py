"""What carries a schedule out, as data: scheduled actions of Application Auto Scaling, and the same as SAM YAML."""

from __future__ import annotations

from collections.abc import Sequence

from lepton.capacity.plan import Level, ScheduledAction


def scheduled_actions(schedule: Sequence[Level], function: str, alias: str, plan: str) -> tuple[ScheduledAction, ...]:
    """One action for each change of level, and a last one that takes the capacity away when the plan ends."""
    if not schedule:
        return ()
    changes = [(one.start, one.level) for one in schedule]
    if schedule[-1].level:
        changes.append((schedule[-1].end, 0))
    return tuple(
        ScheduledAction(
            resource_id=f"function:{function}:{alias}",
            scheduled_action_name=f"lepton-{plan}-{number:03d}",
            schedule=f"at({at:%Y-%m-%dT%H:%M:%S})",
            min_capacity=level,
            max_capacity=level,
        )
        for number, (at, level) in enumerate(changes)
    )


def sam_snippet(actions: Sequence[ScheduledAction], function: str, alias: str, highest: int) -> str:
    """A resource to paste under `Resources:`; the function needs `AutoPublishAlias`. A comment when there is none."""
    if not actions:
        return f"# {function}: leave ProvisionedConcurrencyConfig out; on demand is the cheapest"
    lines = [
        f"# {function} needs `AutoPublishAlias: {alias}`",
        "CapacityTarget:",
        "  Type: AWS::ApplicationAutoScaling::ScalableTarget",
        "  Properties:",
        "    ServiceNamespace: lambda",
        "    ScalableDimension: lambda:function:ProvisionedConcurrency",
        f"    ResourceId: function:{function}:{alias}",
        "    MinCapacity: 0",
        f"    MaxCapacity: {highest}",
        "    ScheduledActions:",
    ]
    for action in actions:
        lines += [
            f"      - ScheduledActionName: {action.scheduled_action_name}",
            f"        Schedule: {action.schedule}",
            f"        Timezone: {action.timezone}",
            "        ScalableTargetAction:",
            f"          MinCapacity: {action.min_capacity}",
            f"          MaxCapacity: {action.max_capacity}",
        ]
    return "\n".join(lines) + "\n"
