"""Starting and stopping runs. Everything here may be called twice: the second time changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

from lepton.errors import CallerError, Conflict, LeptonError, NotFound, TransientError
from lepton.events import DatasetReady, TrainingFailed, TrainingSubmitted
from lepton.observability import logger
from lepton.training.control import Control
from lepton.training.plan import TrainingPlan, plan_training, run_of
from lepton.training.run import RunState, TrainingRequest
from lepton.training.spec import TrainingSpec

# Whoever writes the first state hands the job to Batch. If nothing came of it for so long, the next caller does.
TAKEOVER = timedelta(seconds=60)


def planned(control: Control, spec: TrainingSpec) -> TrainingPlan:
    """The plan on the dataset as it is now. Raises InvalidSpec, NotFound."""
    return plan_training(spec, control.datasets.wanted(spec), control.limits, control.prices)


def submit(control: Control, spec: TrainingSpec, now: datetime) -> tuple[RunState, bool]:
    """The run, and whether this call started it. The same spec on the same dataset version is the same run.

    Raises InvalidSpec, NotFound (nothing is written then), TransientError (call again: it goes on where it was).
    """
    return _start(control, spec, planned(control, spec), now)


def _start(control: Control, spec: TrainingSpec, plan: TrainingPlan, now: datetime) -> tuple[RunState, bool]:
    request = TrainingRequest(
        run=plan.run, spec=spec, dataset=plan.dataset, dataset_version=plan.dataset_version, submitted_at=now
    )
    control.runs.create(request)
    fresh = _first_state(plan, now)
    state, ours = control.runs.begin(fresh)
    if state.job_id is not None or state.state != "submitted":
        return state, False
    if not ours and state.reason is None and now - state.submitted_at < TAKEOVER:
        return state, False  # another caller is handing it over at this moment
    return _hand_over(control, plan), True


def _first_state(plan: TrainingPlan, at: datetime) -> RunState:
    return RunState(
        run=plan.run,
        model=plan.model,
        dataset=plan.dataset,
        dataset_version=plan.dataset_version,
        state="submitted",
        submitted_at=at,
    )


def _hand_over(control: Control, plan: TrainingPlan) -> RunState:
    try:
        job_id = control.jobs.submit(plan.job)
    except TransientError as error:
        told = f"not handed to Batch yet: {error.message}"
        control.runs.update(plan.run, lambda state: state.model_copy(update={"reason": told}))
        raise
    except LeptonError as error:
        told = f"Batch does not take the job: {error.message}"
        control.runs.update(plan.run, lambda state: _failed(state, told, state.submitted_at))
        control.bus.publish(TrainingFailed(model=plan.model, run=plan.run, exit_code=None, reason=told))
        raise
    control.bus.publish(
        TrainingSubmitted(
            model=plan.model,
            run=plan.run,
            dataset=plan.dataset,
            dataset_version=plan.dataset_version,
            job_id=job_id,
        )
    )
    state = control.runs.update(plan.run, lambda state: _with_job(state, job_id))
    if state.state == "cancelled":
        control.jobs.terminate(job_id, "cancelled before it was handed over")
    return state


def _with_job(state: RunState, job_id: str) -> RunState:
    return state if state.job_id else state.model_copy(update={"job_id": job_id, "reason": None})


def _failed(state: RunState, reason: str, at: datetime) -> RunState:
    if state.final:
        return state
    return state.model_copy(update={"state": "failed", "reason": reason, "ended_at": at, "cost_usd": 0.0})


def train_on_new_data(control: Control, event: DatasetReady, now: datetime) -> tuple[RunState, ...]:
    """Start every stored spec that waits for this dataset. A spec that cannot be planned fails alone, and is told.

    Raises the last TransientError after all specs had their turn: the event is then delivered again.
    """
    runs: list[RunState] = []
    trouble: TransientError | None = None
    for stored in control.specs.all():
        if stored.spec is None:
            logger().error("stored spec is broken", model=stored.model, reason=str(stored.error))
            continue
        if not _waits_for(stored.spec, event):
            continue
        try:
            runs.append(_train(control, stored.spec, event, now))
        except TransientError as error:
            trouble = error
    if trouble is not None:
        raise trouble
    return tuple(runs)


def _waits_for(spec: TrainingSpec, event: DatasetReady) -> bool:
    pinned = spec.dataset_version
    return spec.on_new_data == "train" and spec.dataset_name == event.name and pinned in (None, event.version)


def _train(control: Control, spec: TrainingSpec, event: DatasetReady, now: datetime) -> RunState:
    # The event is only a hint to look: when there is a later version by now, that one is trained on.
    version = spec.dataset_version or control.datasets.latest(event.name) or event.version
    try:
        manifest = control.datasets.manifest(event.name, version)
        plan = plan_training(spec, manifest, control.limits, control.prices)
        return _start(control, spec, plan, now)[0]
    except CallerError as error:
        return _refused(control, spec, version, str(error), now)


def _refused(control: Control, spec: TrainingSpec, version: str, reason: str, now: datetime) -> RunState:
    """A run that never was, so that whoever waits for it sees why."""
    run = run_of(spec, version)
    try:
        return control.runs.state(run)
    except NotFound:
        pass
    state = RunState(
        run=run,
        model=spec.model,
        dataset=spec.dataset_name,
        dataset_version=version,
        state="failed",
        reason=reason,
        submitted_at=now,
        ended_at=now,
        cost_usd=0.0,
    )
    control.bus.publish(TrainingFailed(model=spec.model, run=run, exit_code=None, reason=reason))
    return control.runs.begin(state)[0]


def cancel(control: Control, run: str, by: str, now: datetime) -> RunState:
    """Stop a run. Cancelling a cancelled run stops its job again; Raises NotFound, Conflict when it is over."""
    state = control.runs.update(run, lambda state: _cancelled(state, by, now))
    if state.state != "cancelled":
        raise Conflict(f"run {run!r} is {state.state} already", pointer="/run", hint=f"lepton runs show {run}")
    if state.job_id is not None:
        try:
            control.jobs.terminate(state.job_id, f"cancelled by {by}")
        except NotFound:
            logger().info("job of a cancelled run is gone already", run=run, job=state.job_id)
    return state


def _cancelled(state: RunState, by: str, now: datetime) -> RunState:
    if state.final or state.state == "succeeded":
        return state
    return state.model_copy(update={"state": "cancelled", "reason": f"cancelled by {by}", "ended_at": now})
