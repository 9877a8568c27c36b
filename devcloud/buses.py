"""Event buses: which rules an event matches, and what each target is sent."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.events.models import EventPattern

from devcloud.async_invokes import AsyncInvokes
from devcloud.functions import Functions
from devcloud.live_log import LiveLog
from devcloud.queues import Queues

Event = dict[str, Any]


@dataclass(frozen=True)
class RuleSpec:
    """A rule as the template has it: a pattern on a bus, or a schedule."""

    logical_id: str
    arn: str
    bus: str
    pattern: Mapping[str, Any] | None
    schedule: str | None
    targets: tuple[Mapping[str, Any], ...]

    def matches(self, event: Event) -> bool:
        return self.pattern is not None and bool(EventPattern(None, dict(self.pattern)).matches_event(event))


class Buses:
    """Delivers events: into queues before `put` returns, to functions by asynchronous invocation."""

    def __init__(
        self, rules: list[RuleSpec], *, functions: Functions, queues: Queues, invokes: AsyncInvokes, log: LiveLog
    ) -> None:
        self._rules = rules
        self._functions = functions
        self._queues = queues
        self._invokes = invokes
        self._log = log
        self._watchers: list[Callable[[str, Event], None]] = []

    def watch(self, watcher: Callable[[str, Event], None]) -> None:
        """Call `watcher(bus, event)` for every event that is put."""
        self._watchers.append(watcher)

    def put(self, bus: str, event: Event) -> None:
        """Deliver the event to the targets of every rule of the bus that it matches."""
        name = bus.rsplit("/", 1)[-1]
        for watcher in self._watchers:
            watcher(name, event)
        for rule in self._rules:
            if rule.bus == name and rule.matches(event):
                self.deliver(rule, event)

    def deliver(self, rule: RuleSpec, event: Event) -> None:
        """Send the event to the rule's targets, each in the form that it asks for."""
        for target in rule.targets:
            arn = str(target["Arn"])
            body = _formed(target, event)
            try:
                self._send(rule, arn, body)
            except Exception as error:  # noqa: BLE001  # one target's trouble is not the sender's
                self._log.say("cloud", rule.logical_id, f"could not deliver to {arn}: {error}")
                dead_letters = (target.get("DeadLetterConfig") or {}).get("Arn")
                if dead_letters:
                    told = {"RULE_ARN": rule.arn, "TARGET_ARN": arn, "ERROR_MESSAGE": str(error)[:1000]}
                    self._queues.send(dead_letters, json.dumps(event), told)

    def _send(self, rule: RuleSpec, arn: str, body: Any) -> None:
        if self._queues.has(arn):
            self._queues.send(arn, body if isinstance(body, str) else json.dumps(body))
        elif ":event-bus/" in arn:
            self.put(arn, body)
        elif self._functions.has(arn):
            self._invokes.submit(arn, json.dumps(body))
        elif arn.startswith("arn:aws:sns:"):
            self._log.say("cloud", rule.logical_id, f"would tell the subscribers of {arn.rsplit(':', 1)[-1]}")
        else:
            self._log.say("cloud", rule.logical_id, f"target {arn} is of a kind that does not run here: not told")


def _formed(target: Mapping[str, Any], event: Event) -> Any:
    """The event as the target asks for it: Input, InputPath, InputTransformer, or as it is."""
    if "Input" in target:
        return json.loads(target["Input"])
    if "InputPath" in target:
        return _at(event, target["InputPath"])
    if "InputTransformer" in target:
        transformer = target["InputTransformer"]
        values = {name: _at(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
        return _filled(str(transformer["InputTemplate"]), values)
    return event


def _at(event: Event, path: str) -> Any:
    value: Any = event
    for step in path.removeprefix("$").strip(".").split("."):
        if step:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def _filled(template: str, values: Mapping[str, Any]) -> Any:
    def told(match: re.Match[str]) -> str:
        value = values.get(match.group(1))
        inside = template[max(0, match.start() - 1)] == '"' and template[match.end() : match.end() + 1] == '"'
        return str(value) if inside else json.dumps(value)

    text = re.sub(r"<([^<>]+)>", told, template)
    try:
        return json.loads(text)
    except ValueError:
        return text
