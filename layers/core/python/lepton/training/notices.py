"""The two kinds of event that training waits for, from the bus to one call, with a line in the log for each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from lepton.events import DatasetReady
from lepton.observability import logger, metrics
from lepton.training.conclude import conclude
from lepton.training.control import Control
from lepton.training.job import job_change
from lepton.training.submit import train_on_new_data


def on_dataset_ready(control: Control, event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """EventBridge's "Dataset Ready": {"runs": [{"run", "state"}…]}. Raises TransientError: deliver it again."""
    ready = DatasetReady.model_validate(event["detail"])
    runs = train_on_new_data(control, ready, now)
    logger().info("dataset ready", dataset=ready.name, version=ready.version, runs=[state.run for state in runs])
    return {"runs": [{"run": state.run, "state": state.state} for state in runs]}


def on_job_change(control: Control, event: dict[str, Any], now: datetime) -> dict[str, Any]:
    """EventBridge's "Batch Job State Change": {"run", "state"}, null for a job of others."""
    job = job_change(event)
    state = conclude(control, job, now)
    if state is None:
        return {"run": None, "state": None}
    logger().info("job ended", run=state.run, job=job.job_id, state=state.state, reason=state.reason)
    metrics().add_metric(name=f"Run{state.state.capitalize()}", unit=MetricUnit.Count, value=1)
    metrics().flush_metrics()
    return {"run": state.run, "state": state.state}
