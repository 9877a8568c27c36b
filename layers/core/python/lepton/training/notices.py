"""The events that training and rollouts wait for, from the bus to one call, with a line in the log for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.parser import envelopes, parse
from pydantic import BaseModel

from lepton.events import DatasetReady
from lepton.observability import logger, metrics
from lepton.training.conclude import conclude
from lepton.training.control import Control
from lepton.training.job import JobChange
from lepton.training.submit import train_on_new_data

Detail = TypeVar("Detail", bound=BaseModel)


def on_dataset_ready(control: Control, event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """EventBridge's "Dataset Ready": {"runs": [{"run", "state"}…]}. Raises TransientError: deliver it again."""
    ready = _detail(event, DatasetReady)
    runs = train_on_new_data(control, ready, now)
    logger().info("dataset ready", dataset=ready.name, version=ready.version, runs=[state.run for state in runs])
    return {"runs": [{"run": state.run, "state": state.state} for state in runs]}


def on_job_change(control: Control, event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """EventBridge's "Batch Job State Change": {"run", "state"}, null for a job of others."""
    job = _detail(event, JobChange)
    state = conclude(control, job, now)
    if state is None:
        return {"run": None, "state": None}
    logger().info("job ended", run=state.run, job=job.job_id, state=state.state, reason=state.reason)
    metrics().add_metric(name=f"Run{state.state.capitalize()}", unit=MetricUnit.Count, value=1)
    metrics().flush_metrics()
    return {"run": state.run, "state": state.state}


def on_rollout_tick(control: Control, now: datetime) -> dict[str, Any]:
    """The schedule: {"rollouts": [{"model", "alias", "action", "reasons"}…]}, those that were looked at."""
    done = control.rollouts.tick(now)
    ended = [one for one in done if one["action"] in ("promote", "abort")]
    for one in ended:
        metrics().add_metric(name=f"Rollout{one['action'].capitalize()}", unit=MetricUnit.Count, value=1)
    if ended:
        metrics().flush_metrics()
    return {"rollouts": done}


def _detail(event: dict[str, Any], model: type[Detail]) -> Detail:
    """What EventBridge's envelope holds. A built-in error means that the event's shape has changed."""
    detail = parse(event, model=model, envelope=envelopes.EventBridgeEnvelope)
    if not isinstance(detail, model):
        raise TypeError(f"the envelope holds {type(detail).__name__}, not {model.__name__}")
    return detail
