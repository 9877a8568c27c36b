"""TrainingRun: what was asked for, how far it is, what it said. Three objects in the lake for each run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from lepton import lake
from lepton.errors import Conflict, NotFound, Unavailable
from lepton.ports import ObjectStore
from lepton.training.spec import TrainingSpec

State = Literal["submitted", "running", "succeeded", "published", "refused", "failed", "cancelled"]
# A run in one of these never changes again. (`succeeded`: the trainer is done, the gate has not spoken yet.)
FINAL: frozenset[State] = frozenset({"published", "refused", "failed", "cancelled"})
LOG_TAIL = 20
_TRIES = 12
_STATE = re.compile(r"runs/[^/]+/[^/]+/state\.json")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainingRequest(_Frozen):
    """What a run was asked to do: written once by the trigger, read by the trainer."""

    schema_version: Literal[1] = 1
    run: str
    spec: TrainingSpec
    dataset: str
    dataset_version: str
    submitted_at: AwareDatetime


class Progress(_Frozen):
    """How far a run is. `step` of `steps` (epochs or rounds), time left in seconds, dollars spent so far."""

    step: int
    steps: int
    loss: float | None = None
    metric: float | None = None
    eta_seconds: float | None = None
    dollars: float | None = None


class RunState(_Frozen):
    """Where a run stands. Times are aware UTC; `exit_code` is the process's; `version` of the package it made.

    The trainer moves it from submitted to running, and to succeeded or failed when an attempt of it ends. The trigger
    has the last word, once Batch says that the job is over: published, refused, failed or cancelled, and `cost_usd`.
    """

    schema_version: Literal[1] = 1
    run: str
    model: str
    dataset: str
    dataset_version: str
    state: State
    job_id: str | None = None
    attempt: int = 0
    progress: Progress | None = None
    reason: str | None = None
    exit_code: int | None = None
    version: str | None = None
    log_tail: tuple[str, ...] = ()
    submitted_at: AwareDatetime
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    cost_usd: float | None = None

    @property
    def final(self) -> bool:
        """Whether its state never changes again."""
        return self.state in FINAL

    @property
    def concluded(self) -> bool:
        """Whether the trigger has had its last word; a run that only the trainer calls failed still waits for it."""
        return self.final and (self.state != "failed" or self.cost_usd is not None)


class LogLine(_Frozen):
    """One line that the trainer said, one JSON object a line in log.jsonl."""

    at: AwareDatetime
    level: Literal["debug", "info", "warning", "error"] = "info"
    message: str
    progress: Progress | None = None


class RunStore:
    """Runs over an object store. Every method raises TransientError when the store does."""

    def __init__(self, lake_store: ObjectStore) -> None:
        self._lake = lake_store

    def create(self, request: TrainingRequest) -> TrainingRequest:
        """Write the request once; of many calls for one run, all get what the first one wrote."""
        try:
            self._put(request.run, "request.json", request, if_absent=True)
        except Conflict:
            return self.request(request.run)
        return request

    def request(self, run: str) -> TrainingRequest:
        """Raises NotFound."""
        return TrainingRequest.model_validate_json(self._get(run, "request.json")[0])

    def begin(self, state: RunState) -> tuple[RunState, bool]:
        """Write the first state once: what is there now, and whether it is this one (of many callers, one)."""
        try:
            self._put(state.run, "state.json", state, if_absent=True)
        except Conflict:
            present = self.state(state.run)
            return present, present == state  # equal: our own write, whose acknowledgement was lost
        return state, True

    def state(self, run: str) -> RunState:
        """Raises NotFound."""
        return RunState.model_validate_json(self._get(run, "state.json")[0])

    def update(self, run: str, change: Callable[[RunState], RunState]) -> RunState:
        """Compare-and-swap: `change` is applied to what is there, again whenever another writer was faster.

        `change` must be safe to apply twice (an acknowledgement may get lost). Giving back an equal state writes
        nothing. Raises NotFound, Unavailable when the race is lost `_TRIES` times.
        """
        for _ in range(_TRIES):
            body, etag = self._get(run, "state.json")
            present = RunState.model_validate_json(body)
            wanted = change(present)
            if wanted == present:
                return present
            try:
                self._put(run, "state.json", wanted, if_etag=etag)
            except Conflict:
                continue
            return wanted
        raise Unavailable(f"the state of run {run!r} is being written by too many at once")

    def append_log(self, run: str, lines: Iterable[LogLine]) -> None:
        """Add lines at the end of log.jsonl (one writer at a time is meant: the run's trainer)."""
        added = "".join(line.model_dump_json(exclude_none=True) + "\n" for line in lines).encode()
        if not added:
            return
        key = lake.run_prefix(run) + "log.jsonl"
        for _ in range(_TRIES):
            body, etag = self._log(run)
            try:
                self._lake.put(
                    key, body + added, content_type="application/x-ndjson", if_absent=etag is None, if_etag=etag
                )
            except Conflict:
                if self._log(run)[0].endswith(added):
                    return  # our own write, whose acknowledgement was lost
                continue
            return
        raise Unavailable(f"the log of run {run!r} is being written by too many at once")

    def log(self, run: str, after: int = 0) -> tuple[LogLine, ...]:
        """The lines behind the first `after`; empty when nothing was said yet."""
        body, _ = self._log(run)
        return tuple(LogLine.model_validate_json(line) for line in body.splitlines()[max(0, after) :])

    def runs(self, model: str | None = None, most: int = 200) -> list[RunState]:
        """The runs (of a model) that were submitted last, newest first, among the `most` that changed last."""
        prefix = "runs/" if model is None else f"runs/{lake.checked_name(model, 'model')}/"
        entries = [entry for entry in self._lake.list(prefix) if _STATE.fullmatch(entry.key)]
        entries.sort(key=lambda entry: entry.modified, reverse=True)
        states = [self.state(lake.run_id(*entry.key.split("/")[1:3])) for entry in entries[:most]]
        return sorted(states, key=lambda state: (state.submitted_at, state.run), reverse=True)

    def _log(self, run: str) -> tuple[bytes, str | None]:
        try:
            return self._get(run, "log.jsonl")
        except NotFound:
            return b"", None

    def _get(self, run: str, name: str) -> tuple[bytes, str]:
        try:
            blob = self._lake.get(lake.run_prefix(run) + name)
        except NotFound as error:
            raise NotFound(f"there is no run {run!r}", pointer="/run", hint="lepton runs list") from error
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return blob.body, blob.etag

    def _put(
        self, run: str, name: str, value: BaseModel, *, if_absent: bool = False, if_etag: str | None = None
    ) -> None:
        body = value.model_dump_json(indent=1).encode()
        self._lake.put(
            lake.run_prefix(run) + name, body, content_type="application/json", if_absent=if_absent, if_etag=if_etag
        )
