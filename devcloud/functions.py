"""Functions: a pool of execution environments for each, synchronous invocation, throttling."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

from devcloud.environments import Environment, FunctionSpec, Outcome
from devcloud.live_log import LiveLog
from devcloud.processes import Processes
from lepton.errors import NotFound, Throttled, TooLarge

REQUEST_LIMIT = 6_291_456
_IDLE_SECONDS = 600.0
# Told after each invocation: the function, its outcome, how many ran at once; outcome is None when it was throttled.
Observer = Callable[[FunctionSpec, Outcome | None, int], None]


class Function:
    """One function. Environments start when first needed, are used again, and are at most `cap` (or as reserved)."""

    def __init__(self, spec: FunctionSpec, make: Callable[[FunctionSpec], Environment], cap: int) -> None:
        self.spec = spec
        self._make = make
        self._cap = cap if spec.reserved is None else min(cap, spec.reserved)
        self._throttles = spec.reserved is not None and spec.reserved <= cap
        self._idle: list[Environment] = []
        self._busy = 0
        self._changed = threading.Condition()

    @property
    def concurrency(self) -> int:
        """How many invocations this function can run at once here."""
        return self._cap

    @property
    def busy(self) -> int:
        return self._busy

    def invoke(self, event: bytes, *, request_id: str, patience: float) -> Outcome:
        """Run it on the event, waiting up to `patience` seconds for an environment. Raises Throttled."""
        environment = self._taken(patience)
        try:
            return environment.invoke(event, request_id)
        finally:
            self._returned(environment)

    def reap(self, older: float) -> None:
        """Close environments that were idle for `older` seconds."""
        with self._changed:
            old = [one for one in self._idle if time.monotonic() - one.idle_since >= older]
            self._idle = [one for one in self._idle if one not in old]
        for environment in old:
            environment.close()

    def _taken(self, patience: float) -> Environment:
        with self._changed:
            wait = 0.0 if self._throttles else patience
            if not self._changed.wait_for(lambda: self._busy < self._cap, timeout=wait):
                raise Throttled(f"{self.spec.name}: {self._cap} invocations run already", hint="Rate Exceeded.")
            self._busy += 1
            while self._idle:
                environment = self._idle.pop()
                if environment.alive:
                    return environment
                environment.close()
        try:
            return self._make(self.spec)
        except BaseException:
            self._freed()
            raise

    def _returned(self, environment: Environment) -> None:
        if environment.alive:
            with self._changed:
                self._idle.append(environment)
        self._freed()

    def _freed(self) -> None:
        with self._changed:
            self._busy -= 1
            self._changed.notify()


class Functions:
    """All functions of the stack, by ARN or name."""

    def __init__(
        self, specs: Iterable[FunctionSpec], *, endpoint: str, processes: Processes, log: LiveLog, cap: int = 4
    ) -> None:
        self._log = log
        self._observers: list[Observer] = []

        def make(spec: FunctionSpec) -> Environment:
            return Environment(spec, endpoint, processes, lambda text: log.say("function", spec.logical_id, text))

        self._functions = {spec.name: Function(spec, make, cap) for spec in specs}

    def observe(self, observer: Observer) -> None:
        self._observers.append(observer)

    def get(self, arn: str) -> Function:
        """By name, ARN, or ARN with a qualifier. Raises NotFound."""
        name = arn.split(":")[6] if arn.startswith("arn:") else arn.split(":", maxsplit=1)[0]
        if name not in self._functions:
            raise NotFound(f"Function not found: {arn}", hint=f"there are {', '.join(sorted(self._functions))}")
        return self._functions[name]

    def has(self, arn: str) -> bool:
        return arn.startswith("arn:aws:lambda:") and arn.split(":")[6] in self._functions

    def invoke(self, arn: str, event: Any, *, patience: float = 30.0) -> Outcome:
        """Synchronously; a function's failure is in the Outcome. Raises NotFound, Throttled, TooLarge."""
        function = self.get(arn)
        payload = event if isinstance(event, bytes) else json.dumps(event).encode()
        if len(payload) > REQUEST_LIMIT:
            raise TooLarge(f"{len(payload)} bytes: a function takes {REQUEST_LIMIT} at most")
        try:
            outcome = function.invoke(payload, request_id=str(uuid.uuid4()), patience=patience)
        except Throttled:
            self._tell(function, None)
            raise
        if outcome.error is not None:
            self._log.say("cloud", function.spec.logical_id, f"function failed: {_cause(outcome)}")
        self._tell(function, outcome)
        return outcome

    def reap(self, older: float = _IDLE_SECONDS) -> None:
        for function in self._functions.values():
            function.reap(older)

    def close(self) -> None:
        self.reap(0.0)

    def specs(self) -> list[FunctionSpec]:
        return [function.spec for function in self._functions.values()]

    def _tell(self, function: Function, outcome: Outcome | None) -> None:
        for observer in self._observers:
            observer(function.spec, outcome, function.busy + 1)


def _cause(outcome: Outcome) -> str:
    """`errorType: errorMessage` of a failed invocation."""
    try:
        told = outcome.value()
        return f"{told['errorType']}: {told['errorMessage']}"
    except (ValueError, KeyError, TypeError):
        return outcome.payload.decode(errors="replace")[:500]
