"""Event source mappings: what Lambda does between a queue and a function."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from devcloud.functions import Functions
from devcloud.live_log import LiveLog
from devcloud.queues import Queues, record
from lepton.errors import LeptonError


@dataclass(frozen=True)
class MappingSpec:
    """One mapping as the template has it; `window` in seconds."""

    queue: str
    function: str
    batch: int = 10
    window: float = 0.0
    partial: bool = False
    concurrency: int | None = None

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> MappingSpec:
        return cls(
            queue=str(properties["EventSourceArn"]),
            function=str(properties["FunctionName"]),
            batch=int(properties.get("BatchSize", 10)),
            window=float(properties.get("MaximumBatchingWindowInSeconds", 0)),
            partial="ReportBatchItemFailures" in properties.get("FunctionResponseTypes", []),
            concurrency=(properties.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        )


class QueueMapping:
    """Polls one queue and invokes one function, several batches at a time.

    A message that failed is tried again after `retry_seconds`, or after the queue's visibility timeout where that is
    shorter: on AWS it is always the visibility timeout, half an hour with our template, too long to wait at a desk.
    """

    def __init__(
        self, spec: MappingSpec, *, queues: Queues, functions: Functions, log: LiveLog, retry_seconds: int
    ) -> None:
        self._spec = spec
        self._queues = queues
        self._functions = functions
        self._log = log
        self._retry = min(retry_seconds, queues.visibility(spec.queue))
        workers = min(functions.get(spec.function).concurrency, int(spec.concurrency or 1000))
        self._slots = threading.Semaphore(workers)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="mapping")
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._poll, daemon=True, name=f"poll-{spec.queue.rsplit(':', 1)[-1]}")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _poll(self) -> None:
        while not self._stopping.is_set():
            if not self._slots.acquire(timeout=0.5):
                continue
            messages = self._gathered()
            if not messages or self._stopping.is_set():
                self._slots.release()
                continue
            self._pool.submit(self._work, messages)

    def _gathered(self) -> list[Any]:
        messages = self._queues.receive(self._spec.queue, min(10, self._spec.batch))
        if not messages:
            self._queues.wait(self._spec.queue, 0.2)
            return []
        end = time.monotonic() + self._spec.window
        while len(messages) < self._spec.batch and (time.monotonic() < end or self._spec.batch > 10):
            more = self._queues.receive(self._spec.queue, min(10, self._spec.batch - len(messages)))
            if not more and time.monotonic() >= end:
                break
            messages += more
            self._stopping.wait(0.0 if more else 0.05)
        return messages

    def _work(self, messages: list[Any]) -> None:
        try:
            failed = self._failures(messages)
            if self._stopping.is_set():
                return  # the cloud is going: what was killed was no failure, and the messages are kept
            for message in messages:
                if message.id in failed:
                    self._queues.release(self._spec.queue, message.receipt_handle, self._retry)
                else:
                    self._queues.delete(self._spec.queue, message.receipt_handle)
        except Exception as error:  # noqa: BLE001  # nobody else would hear of it, and the poller must go on
            self._log.say("cloud", "queues", f"{self._spec.queue}: {type(error).__name__}: {error}")
        finally:
            self._slots.release()

    def _failures(self, messages: list[Any]) -> set[str]:
        """The ids of the messages that were not dealt with."""
        everything = {message.id for message in messages}
        event = {"Records": [record(message, self._spec.queue) for message in messages]}
        try:
            outcome = self._functions.invoke(self._spec.function, event, patience=600.0)
        except LeptonError as error:
            self._log.say("cloud", "queues", f"{self._spec.function}: {error}")
            return everything
        if outcome.error is not None:
            return everything
        return _reported(outcome.payload, everything) if self._spec.partial else set()


def _reported(payload: bytes, everything: set[str]) -> set[str]:
    """The items that the function says failed; an answer that makes no sense means all of them, as on AWS."""
    try:
        answer = json.loads(payload or b"null")
        items = (answer or {}).get("batchItemFailures") or []
        failed = {str(item["itemIdentifier"]) for item in items}
    except (ValueError, TypeError, KeyError, AttributeError):
        return everything
    return failed if failed <= everything else everything
