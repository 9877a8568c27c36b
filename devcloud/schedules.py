"""Schedules: when `rate(...)` and `cron(...)` are due, and the thread that fires them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from devcloud.buses import Buses, RuleSpec
from devcloud.live_log import LiveLog
from devcloud.s3_events import envelope
from lepton.errors import Misconfigured, NotFound

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_BOUNDS = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_MONTHS = {
    name: str(n)
    for n, name in enumerate(["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1)
}
_DAYS = {name: str(n) for n, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
_HORIZON = timedelta(days=366 * 5)


def next_time(expression: str, after: datetime) -> datetime:
    """The first time after `after` at which the expression is due, to the minute. Raises Misconfigured."""
    rate = _RATE.fullmatch(expression)
    if rate:
        return after + timedelta(**{f"{rate.group(2)}s": int(rate.group(1))})
    cron = _CRON.fullmatch(expression)
    if not cron:
        raise Misconfigured(f"{expression!r} is neither rate(…) nor cron(…) as EventBridge has them")
    minutes, hours, days, months, weekdays, years = (
        _values(text, n, expression) for n, text in enumerate(cron.groups())
    )
    moment = after.replace(second=0, microsecond=0) + timedelta(minutes=1)
    while moment < after + _HORIZON:
        if moment.month not in months or moment.year not in years:
            moment = (moment.replace(day=1, hour=0, minute=0) + timedelta(days=32)).replace(day=1)
        elif moment.day not in days or moment.isoweekday() % 7 + 1 not in weekdays:
            moment = moment.replace(hour=0, minute=0) + timedelta(days=1)
        elif moment.hour not in hours:
            moment = moment.replace(minute=0) + timedelta(hours=1)
        elif moment.minute not in minutes:
            moment += timedelta(minutes=1)
        else:
            return moment
    raise Misconfigured(f"{expression!r} is never due")


def _values(text: str, field: int, expression: str) -> set[int]:
    low, high = _BOUNDS[field]
    for name, number in {**(_MONTHS if field == 3 else {}), **(_DAYS if field == 4 else {})}.items():
        text = text.upper().replace(name, number)
    found: set[int] = set()
    try:
        for part in text.split(","):
            span, _, step = part.partition("/")
            first, _, last = span.partition("-")
            start = low if first in ("*", "?") else int(first)
            end = int(last) if last else high if step or first in ("*", "?") else start
            found |= set(range(start, end + 1, int(step or 1)))
    except ValueError as error:
        raise Misconfigured(
            f"{expression!r}: {text!r} is not understood", hint="the local cloud knows * ? , - / and names, not L W #"
        ) from error
    if not found or min(found) < low or max(found) > high:
        raise Misconfigured(f"{expression!r}: {text!r} is out of {low}-{high}")
    return found


class Schedules:
    """Fires rules with a schedule, each when it is due; `fire` does it at once."""

    def __init__(self, rules: list[RuleSpec], buses: Buses, log: LiveLog, tick: Callable[[], None]) -> None:
        self._rules = {rule.logical_id: rule for rule in rules if rule.schedule}
        self._buses = buses
        self._log = log
        self._tick = tick
        now = datetime.now(UTC)
        self._due = {name: next_time(str(rule.schedule), now) for name, rule in self._rules.items()}
        self._stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, daemon=True, name="schedules").start()

    def stop(self) -> None:
        self._stopping.set()

    def fire(self, logical_id: str) -> None:
        """Deliver the schedule's event now; the logical id is the rule's or its function's. Raises NotFound."""
        found = [rule for name, rule in self._rules.items() if name == logical_id or name.startswith(logical_id)]
        if len(found) != 1:
            names = ", ".join(sorted(self._rules)) or "none"
            raise NotFound(f"no one schedule is called {logical_id}", hint=f"there are: {names}")
        self._fire(found[0])

    def _fire(self, rule: RuleSpec) -> None:
        self._buses.deliver(rule, envelope("Scheduled Event", "aws.events", [rule.arn], {}))

    def _run(self) -> None:
        while not self._stopping.wait(1.0):
            now = datetime.now(UTC)
            for name, rule in self._rules.items():
                if now >= self._due[name]:
                    self._due[name] = next_time(str(rule.schedule), now)
                    self._fire(rule)
            self._tick()
