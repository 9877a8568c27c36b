"""One Lambda function, simulated event by event: what any way of providing environments costs, and who waits.

A request takes a free provisioned environment, else the warm one that was idle for the shortest time, else it waits for
a new one: a cold start.
An environment serves one request at a time; an idle one on demand is gone after a while. Provisioned concurrency is
billed in steps of 5 minutes at the most that was configured, is ready a minute after it was asked for, and goes when
free. Prices are those that the product plans with.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from lepton.capacity.prices import Prices
from lepton.forecast.history import Array

MINUTE, BILLING = 60.0, 300.0
IDLE_SECONDS, INIT_SECONDS, READY_SECONDS = 420.0, 0.5, 60.0
GIGABYTES = 1.0

# What is provisioned in a minute: (minute, mean use of what was ready in the minute before) -> environments.
Policy = Callable[[int, float], int]


@dataclass(frozen=True, slots=True)
class Bill:
    """Of one trace under one policy: dollars, cold starts, requests, and how often the level moved."""

    dollars: float
    cold: int
    requests: int
    changes: int
    over: float


def schedule(levels: Array, step: int) -> Policy:
    """A level for each step, in order."""
    minutes = np.repeat(levels, int(step // MINUTE)).astype(int)
    return lambda minute, _: int(minutes[min(minute, len(minutes) - 1)])


class Tracking:
    """Target tracking of use: out after 3 minutes above the target, in after 15 below nine tenths of it."""

    def __init__(self, target: float = 0.7) -> None:
        self._target, self._level = target, 1
        self._seen: list[float] = []

    def __call__(self, minute: int, use: float) -> int:
        if minute:
            self._seen.append(use)
        wanted, seen = self._level, self._seen
        if len(seen) >= 3 and min(seen[-3:]) > self._target:
            wanted = int(np.ceil(self._level * np.mean(seen[-3:]) / self._target))
        elif len(seen) >= 15 and max(seen[-15:]) < 0.9 * self._target:
            wanted = max(1, int(np.ceil(self._level * max(seen[-15:]) / self._target)))
        if wanted != self._level:
            self._level, self._seen = wanted, []
        return self._level


def arrivals(load: Array, step: int, rng: np.random.Generator) -> Array:
    """Times of requests: each step's count, at random within it."""
    counts = np.round(np.nan_to_num(load)).astype(int)
    parts = [(at + np.sort(rng.random(count))) * step for at, count in enumerate(counts)]
    return np.concatenate(parts) if parts else np.zeros(0)


@dataclass(slots=True)
class _Pool:
    """`busy` and `ours`: when those on demand and the provisioned ones are free again; `idle`: since when."""

    busy: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    idle: deque[float] = field(default_factory=deque)
    coming: deque[tuple[float, int]] = field(default_factory=deque)
    level: int = 0
    ready: int = 0

    def ask(self, now: float, level: int) -> None:
        if level > self.level:
            self.coming.append((now + READY_SECONDS, level))
        elif level < self.level:
            self.coming.clear()
            self.ready = min(self.ready, level)
        self.level = level

    def settle(self, now: float) -> None:
        while self.coming and self.coming[0][0] <= now:
            self.ready = max(self.ready, min(self.coming.popleft()[1], self.level))
        while self.ours and self.ours[0] <= now:
            heapq.heappop(self.ours)
        while self.busy and self.busy[0] <= now:
            self.idle.append(heapq.heappop(self.busy))
        while self.idle and self.idle[0] < now - IDLE_SECONDS:
            self.idle.popleft()


def simulated(times: Array, service: float, policy: Policy, seconds: float, prices: Prices) -> Bill:
    """Serve every request in order."""
    pool, minute, cold, owned, used = _Pool(), 0, 0, 0, 0.0
    first = policy(0, 0.0)
    pool.level = pool.ready = first
    levels = [first]
    for now in [*times.tolist(), seconds]:
        while (minute + 1) * MINUTE <= now and minute + 1 < seconds / MINUTE:
            minute += 1
            pool.settle(minute * MINUTE)
            pool.ask(minute * MINUTE, policy(minute, min(1.0, used / MINUTE / max(pool.ready, 1))))
            used = 0.0
            levels.append(pool.level)
        if now >= seconds:
            break
        pool.settle(now)
        if len(pool.ours) < pool.ready:
            heapq.heappush(pool.ours, now + service)
            owned, used = owned + 1, used + service
        elif pool.idle:
            pool.idle.pop()
            heapq.heappush(pool.busy, now + service)
        else:
            cold += 1
            heapq.heappush(pool.busy, now + INIT_SECONDS + service)
    return _billed(np.array(levels), cold, owned, len(times), service, prices)


def _billed(levels: Array, cold: int, owned: int, requests: int, service: float, prices: Prices) -> Bill:
    minutes = int(BILLING // MINUTE)
    padded = np.pad(levels, (0, -len(levels) % minutes), mode="edge").reshape(-1, minutes)
    dollars = GIGABYTES * (
        padded.max(axis=1).sum() * BILLING * prices.provisioned_gb_second
        + owned * service * prices.provisioned_duration_gb_second
        + ((requests - owned) * service + cold * INIT_SECONDS) * prices.on_demand_gb_second
    )
    busy = requests * service / (len(levels) * MINUTE)
    over = float(levels.mean() / busy - 1) if busy > 0 else 0.0
    return Bill(float(dollars + requests * prices.request), cold, requests, int((np.diff(levels) != 0).sum()), over)
