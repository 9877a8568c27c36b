"""Asynchronous invocation: Lambda's own queue in front of a function, with retries, dead letters and destinations.

What is accepted is a file until it is done, so that a kill loses nothing. Retries wait 1 and 2 seconds here, against
one and two minutes on AWS.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from devcloud.environments import Outcome
from devcloud.functions import Functions
from devcloud.live_log import LiveLog
from devcloud.queues import Queues
from lepton.errors import LeptonError, Throttled


@dataclass(frozen=True)
class AsyncConfig:
    """A function's EventInvokeConfig and DeadLetterConfig."""

    retries: int = 2
    on_failure: str | None = None
    on_success: str | None = None
    dead_letters: str | None = None

    @classmethod
    def of(cls, invoke: Mapping[str, Any], function: Mapping[str, Any]) -> AsyncConfig:
        destinations = invoke.get("DestinationConfig") or {}
        return cls(
            retries=int(invoke.get("MaximumRetryAttempts", 2)),
            on_failure=(destinations.get("OnFailure") or {}).get("Destination"),
            on_success=(destinations.get("OnSuccess") or {}).get("Destination"),
            dead_letters=(function.get("DeadLetterConfig") or {}).get("TargetArn"),
        )


@dataclass(frozen=True)
class _Pending:
    id: str
    function: str
    event: str
    attempt: int = 1


class AsyncInvokes:
    """Accepts events for functions and sees to it that each is handled or put where failures go."""

    def __init__(
        self,
        functions: Functions,
        queues: Queues,
        log: LiveLog,
        *,
        configs: Mapping[str, AsyncConfig],
        folder: Path | None,
        delays: tuple[float, ...] = (1.0, 2.0),
    ) -> None:
        self._functions = functions
        self._queues = queues
        self._log = log
        self._configs = configs
        self._folder = folder
        self._delays = delays
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="async-invoke")
        self._timers: set[threading.Timer] = set()
        self._closed = False

    def start(self) -> None:
        """Take up what an earlier cloud left."""
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        for kept in sorted(self._folder.glob("*.json")):
            self._pool.submit(self._run, _Pending(**json.loads(kept.read_text())))

    def submit(self, function: str, event: Any) -> str:
        """Accept the event; returns the request id. Raises NotFound."""
        self._functions.get(function)
        pending = _Pending(str(uuid.uuid4()), function, event if isinstance(event, str) else json.dumps(event))
        self._kept(pending)
        self._pool.submit(self._run, pending)
        return pending.id

    def close(self) -> None:
        self._closed = True
        for timer in list(self._timers):
            timer.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, pending: _Pending) -> None:
        try:
            self._attempt(pending)
        except Exception as error:  # noqa: BLE001  # nobody else would hear of it
            self._log.say("cloud", "async", f"{pending.function}: {type(error).__name__}: {error}")

    def _attempt(self, pending: _Pending) -> None:
        config = self._configs.get(self._functions.get(pending.function).spec.name, AsyncConfig())
        try:
            outcome = self._functions.invoke(pending.function, pending.event.encode(), patience=600.0)
        except Throttled:
            return self._again(pending, 1.0)
        except LeptonError as error:
            outcome = Outcome(pending.id, json.dumps({"errorMessage": str(error)}).encode(), "Unhandled")
        if self._closed:
            return None  # the kill looked like a failure: the next start takes it up again
        if outcome.error is None:
            return self._done(pending, config.on_success, outcome, "Success")
        if pending.attempt <= config.retries:
            delay = self._delays[min(pending.attempt, len(self._delays)) - 1]
            return self._again(replace(pending, attempt=pending.attempt + 1), delay)
        if config.dead_letters:
            message = outcome.payload.decode(errors="replace")[:1000]
            told = {"RequestID": pending.id, "ErrorCode": "200", "ErrorMessage": message}
            self._queues.send(config.dead_letters, pending.event, told)
        return self._done(pending, config.on_failure, outcome, "RetriesExhausted")

    def _again(self, pending: _Pending, delay: float) -> None:
        self._kept(pending)

        def fire() -> None:
            self._timers.discard(timer)
            if not self._closed:
                self._pool.submit(self._run, pending)

        timer = threading.Timer(delay, fire)
        timer.daemon = True
        self._timers.add(timer)
        timer.start()

    def _done(self, pending: _Pending, destination: str | None, outcome: Outcome, condition: str) -> None:
        if destination and self._queues.has(destination):
            self._queues.send(destination, json.dumps(self._record(pending, outcome, condition)))
        elif destination:
            self._log.say("cloud", "async", f"destination {destination} is no queue of the stack: not told")
        if self._folder is not None:
            (self._folder / f"{pending.id}.json").unlink(missing_ok=True)

    def _record(self, pending: _Pending, outcome: Outcome, condition: str) -> dict[str, Any]:
        return {
            "version": "1.0",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "requestContext": {
                "requestId": pending.id,
                "functionArn": f"{self._functions.get(pending.function).spec.arn}:$LATEST",
                "condition": condition,
                "approximateInvokeCount": pending.attempt,
            },
            "requestPayload": json.loads(pending.event),
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                **({"functionError": outcome.error} if outcome.error else {}),
            },
            "responsePayload": outcome.value(),
        }

    def _kept(self, pending: _Pending) -> None:
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{pending.id}.part"
        unfinished.write_text(json.dumps(asdict(pending)))
        unfinished.replace(self._folder / f"{pending.id}.json")
