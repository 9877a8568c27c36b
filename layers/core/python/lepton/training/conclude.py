"""From a finished job to a verdict: the package is checked, judged, recorded and, when it passed, promoted.

Batch may tell of the same end twice, and this may be cut off anywhere: every step is safe to do again, the state is
written last, and events go out before it, so that they are rather sent twice than never.
"""

from __future__ import annotations

from datetime import datetime

from lepton.errors import CallerError, CorruptArtifact, NotFound
from lepton.events import Event, ModelPublished, ModelRefused, TrainingFailed
from lepton.model_package.manifest import ModelManifest
from lepton.observability import logger
from lepton.registry import Verdict
from lepton.registry.notices import alias_moved
from lepton.training.control import Control
from lepton.training.gate import LiveFigure, gate, refusals
from lepton.training.job import JobChange, meaning
from lepton.training.package import checked_package
from lepton.training.promotion import live_standing, move_alias
from lepton.training.run import LOG_TAIL, RunState, TrainingRequest


def conclude(control: Control, job: JobChange, now: datetime) -> RunState | None:
    """The run's state after its job's end; None: not a job of ours. Raises TransientError (deliver it again)."""
    if job.run is None or job.status not in ("SUCCEEDED", "FAILED"):
        return None
    try:
        state = control.runs.state(job.run)
    except NotFound:
        logger().error("a job without a run", job=job.job_id, run=job.run)
        return None
    if state.concluded:
        return _settled(control, state, job)
    if job.status == "SUCCEEDED":
        return _succeeded(control, state, job, now)
    if state.job_id not in (None, job.job_id):
        return state  # a stray job of a run that another job does
    code = job.exit_code if job.exit_code is not None else state.exit_code
    return _failed(control, state, job, now, _why(state, job, code))


def _settled(control: Control, state: RunState, job: JobChange) -> RunState:
    """A run that is over stays as it is; only a cancelled one learns here what it cost."""
    if state.cost_usd is not None:
        return state
    cost = _cost(control, state, job)
    return control.runs.update(
        state.run, lambda state: state if state.cost_usd is not None else state.model_copy(update={"cost_usd": cost})
    )


def _succeeded(control: Control, state: RunState, job: JobChange, now: datetime) -> RunState:
    try:
        if state.version is None:
            raise CorruptArtifact("the job ended well and named no package", hint="its log says more")
        request = control.runs.request(state.run)
        verdict = _judge(control, request, checked_package(control.lake, state.model, state.version), now)
    except (CallerError, CorruptArtifact) as error:
        return _failed(control, state, job, now, str(error))
    if not verdict.passed:
        reasons = refusals(verdict.checks)
        control.bus.publish(ModelRefused(model=state.model, version=verdict.version, run=state.run, reasons=reasons))
        return _end(control, state.run, job, now, {"state": "refused", "reason": "; ".join(reasons)})
    moved, told = move_alias(control, request, verdict.version, now)
    events: list[Event] = [ModelPublished(model=state.model, version=verdict.version, run=state.run)]
    if moved is not None:
        events.append(alias_moved(moved))
    control.bus.publish(*events)
    return _end(control, state.run, job, now, {"state": "published", "reason": told})


def _judge(control: Control, request: TrainingRequest, manifest: ModelManifest, now: datetime) -> Verdict:
    """The verdict of this run on this version: the recorded one when this run has spoken before."""
    try:
        recorded = control.registry.verdict(manifest.model, manifest.version)
        if recorded.run == request.run:
            return recorded
    except NotFound:
        pass
    spec = request.spec
    live = live_standing(control, spec.model, spec.rollout.alias, manifest)
    if isinstance(live, LiveFigure):
        logger().info("live moved since the trainer compared", run=request.run, live=live.version)
    checks = gate(manifest.measurements, spec.gate, spec.task, live)
    verdict = Verdict(
        model=manifest.model,
        version=manifest.version,
        run=request.run,
        passed=not refusals(checks),
        checks=checks,
        at=now,
    )
    control.registry.record(verdict)
    return verdict


def _failed(control: Control, state: RunState, job: JobChange, now: datetime, reason: str) -> RunState:
    code = job.exit_code if job.exit_code is not None else state.exit_code
    tail = state.log_tail or tuple(f"{line.level}: {line.message}" for line in control.runs.log(state.run)[-LOG_TAIL:])
    control.bus.publish(TrainingFailed(model=state.model, run=state.run, exit_code=code, reason=reason))
    return _end(control, state.run, job, now, {"state": "failed", "reason": reason, "log_tail": tail})


def _why(state: RunState, job: JobChange, code: int | None) -> str:
    meant = meaning(code, job.why)
    parts = [meant.what]
    if state.reason:
        parts.append(state.reason)
    elif job.why and code is None:
        parts.append(job.why)
    number = f"exit code {code}: " if code is not None else ""
    return f"{number}{': '.join(parts)} ({meant.hint})"


def _end(control: Control, run: str, job: JobChange, now: datetime, told: dict[str, object]) -> RunState:
    def over(state: RunState) -> RunState:
        if state.concluded:
            return state
        times = {
            "job_id": job.job_id,
            "exit_code": job.exit_code if job.exit_code is not None else state.exit_code,
            "attempt": max(state.attempt, len(job.attempts)),
            "started_at": state.started_at or job.started_at,
            "ended_at": job.ended_at or now,
            "cost_usd": _cost(control, state, job),
        }
        return state.model_copy(update=times | told)

    return control.runs.update(run, over)


def _cost(control: Control, state: RunState, job: JobChange) -> float:
    try:
        resources = control.runs.request(state.run).spec.resources
    except NotFound:
        return 0.0
    return round(control.prices.cost(resources, job.seconds), 6)
