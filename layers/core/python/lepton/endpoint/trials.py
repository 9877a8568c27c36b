"""Canary and shadow while requests are answered: who answers, what is counted, and what runs beside.

The contract is the live version's until a rollout is promoted: a request is decoded and checked against its signature
first, so what it refuses is refused as ever. A canary that refuses or fails what the live version takes has failed; the
live version then answers, and the answer says so. A shadow runs after the live version has run, in a thread beside, and
its answer is compared and thrown away: the live answer waits for it for at most `patience` seconds (where a process is
frozen between requests, as on Lambda, it would otherwise never end; elsewhere 0), and never fails with it.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from lepton.endpoint.aside import Aside
from lepton.endpoint.comparison import compared, told_rows
from lepton.endpoint.endpoint import LIVE, Endpoint
from lepton.endpoint.exchange import Exchange
from lepton.endpoint.model import Model
from lepton.endpoint.request import InferAnswer, InferRequest
from lepton.endpoint.tally import Tally
from lepton.errors import LeptonError
from lepton.model_package.manifest import ModelManifest
from lepton.observability import logger
from lepton.ports import ObjectStore
from lepton.rollout.rule import Rollout
from lepton.rollout.sticky import chosen

ROUTING_KEY = "x-lepton-routing-key"
Decode = Callable[[ModelManifest], InferRequest]


class Given(NamedTuple):
    """An answer with the model that gave it and the request as that model read it."""

    model: Model
    request: InferRequest
    answer: InferAnswer


class Trials:
    """One for each process. `clock` gives seconds; `patience` is how long an answer waits for what runs beside it."""

    def __init__(self, endpoint: Endpoint, store: ObjectStore, clock: Callable[[], float], patience: float) -> None:
        self.patience = patience
        self._endpoint = endpoint
        self._store = store
        self._clock = clock
        self._environment = uuid.uuid4().hex[:16]
        self._tallies: dict[str, Tally] = {}
        self._lock = threading.Lock()
        self._aside = Aside(_unheard)

    def answer(self, live: Model, exchange: Exchange, decode: Decode) -> Given:
        """The answer to a request for the live version. Raises what decoding and the live version raise."""
        request = decode(live.manifest)
        tally = self._tally(live)
        if tally is None:
            return Given(live, request, live.run(request))
        try:
            return self._tried(live, request, exchange, decode, tally)
        finally:
            if tally.due(self._clock()):
                self._hand_over(partial(tally.write, self._store))

    def _tried(self, live: Model, request: InferRequest, exchange: Exchange, decode: Decode, tally: Tally) -> Given:
        rollout = tally.rollout
        canary = rollout.kind == "canary"
        key = (exchange.headers.get(ROUTING_KEY) or request.id) if canary else None
        if not chosen(rollout.salt, key or exchange.request_id, rollout.percent):
            return self._noted(self._ran(live, request, tally), exchange, tally)
        if not canary:
            return self._shadowed(self._ran(live, request, tally), exchange, decode, tally)
        given = self._canary(live, request, decode, tally)
        if given is None:
            return Given(live, request, live.run(request))  # asked in the canary's place: no evidence for either
        return self._noted(given, exchange, tally)

    def _ran(self, model: Model, request: InferRequest, tally: Tally) -> Given:
        """What the live version gives."""
        started = time.perf_counter()
        try:
            answer = model.run(request)
        except LeptonError:
            tally.failed(model.manifest.version)
            raise
        tally.ran(model.manifest.version, (time.perf_counter() - started) * 1000)
        return Given(model, request, answer)

    def _canary(self, live: Model, request: InferRequest, decode: Decode, tally: Tally) -> Given | None:
        """What the candidate gives; None when it does not, which is counted against it."""
        version = tally.rollout.version
        try:
            model = self._endpoint.beside(live.manifest.model, version)
            read = _as_read_by(model, live, request, decode)
            started = time.perf_counter()
            answer = model.run(read)
            tally.ran(version, (time.perf_counter() - started) * 1000)
        except Exception as error:  # noqa: BLE001  # whatever a candidate does, the live version answers
            tally.failed(version)
            self._told("canary failed", live, version, error)
            return None
        return Given(model, read, answer)

    def _shadowed(self, given: Given, exchange: Exchange, decode: Decode, tally: Tally) -> Given:
        late = threading.Event()
        work = partial(self._shadow, given, exchange, decode, tally, late)
        task = self._aside.hand_over(work)
        if task is None:
            tally.left_out()
        elif self.patience and not task.done.wait(self.patience):
            late.set()
        return given

    def _shadow(self, given: Given, exchange: Exchange, decode: Decode, tally: Tally, late: threading.Event) -> None:
        live, version = given.model, tally.rollout.version
        try:
            model = self._endpoint.beside(live.manifest.model, version)
            request = _as_read_by(model, live, given.request, decode)
            started, own = time.perf_counter(), time.thread_time()
            answer = model.run(request)
            took, own = (time.perf_counter() - started) * 1000, (time.thread_time() - own) * 1000
        except Exception as error:  # noqa: BLE001  # a shadow that fails is counted, and nothing else
            tally.failed(version)
            self._told("shadow failed", live, version, error)
            return
        if late.is_set():
            # The process may have been frozen meanwhile: the clock on the wall would tell of that.
            tally.late()
            took = max(own, min(took, self.patience * 1000))
        tally.ran(version, took)
        tally.compared(*compared(given.answer, answer, tally.rollout.rule.difference_tolerance))
        self._note(given, exchange, tally, answer)

    def _noted(self, given: Given, exchange: Exchange, tally: Tally) -> Given:
        self._note(given, exchange, tally, None)
        return given

    def _note(self, given: Given, exchange: Exchange, tally: Tally, shadow: InferAnswer | None) -> None:
        """Keep what was answered, for an outcome to come; requests of many rows are not kept."""
        rows = told_rows(given.answer)
        if rows is None:
            return
        told: dict[str, Any] = {"request": exchange.request_id, "id": given.request.id}
        other = told_rows(shadow) if shadow is not None else None
        tally.answered(told | {"version": given.model.manifest.version, "answers": rows, "shadow": other})

    def _tally(self, live: Model) -> Tally | None:
        """The counts of the rollout that goes on beside this version; None without one."""
        name = live.manifest.model
        standing = self._endpoint.rollouts.get(name)
        held = self._tallies.get(name)
        if held is not None and (standing is None or held.rollout.generation != standing[1].generation):
            self._close(name, held)
            held = None
        if standing is None or standing[0] != live.manifest.version:
            return None  # the pointer moved on while this request held the version before
        return held or self._open(name, *standing)

    def _open(self, name: str, live: str, rollout: Rollout) -> Tally:
        with self._lock:
            held = self._tallies.get(name)
            if held is None or held.rollout.generation != rollout.generation:
                held = Tally(name, LIVE, live, rollout, self._environment, self._clock())
                self._tallies[name] = held
            return held

    def _close(self, name: str, held: Tally) -> None:
        with self._lock:
            if self._tallies.get(name) is held:
                del self._tallies[name]
        self._hand_over(partial(held.write, self._store))

    def _hand_over(self, work: Callable[[], None]) -> None:
        task = self._aside.hand_over(work)
        if task is not None:
            task.done.wait(self.patience)

    def _told(self, what: str, live: Model, version: str, error: Exception) -> None:
        code = error.code if isinstance(error, LeptonError) else type(error).__name__
        logger().warning(what, model=live.manifest.model, version=version, code=code)


def _as_read_by(model: Model, live: Model, request: InferRequest, decode: Decode) -> InferRequest:
    """The request as another version's signature has it. Raises what decoding raises."""
    same = model.manifest.signature == live.manifest.signature
    return request if same else decode(model.manifest)


def _unheard(error: BaseException) -> None:
    """Counts that could not be written are written next time."""
    code = error.code if isinstance(error, LeptonError) else type(error).__name__
    logger().warning("rollout counts not written", code=code)
