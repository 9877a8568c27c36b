"""The figures by which a model is judged: which task each one fits, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass

from lepton.model_package.manifest import Task


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure on held-out rows. `higher_is_better` decides what "no worse" means."""

    name: str
    higher_is_better: bool
    tasks: frozenset[Task]
    binary_only: bool = False


_CLASSES: frozenset[Task] = frozenset({"classification", "image_classification"})
_NUMBERS: frozenset[Task] = frozenset({"regression"})

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("auc", True, frozenset({"classification"}), binary_only=True),
        Metric("accuracy", True, _CLASSES),
        Metric("balanced_accuracy", True, _CLASSES),
        Metric("f1_macro", True, _CLASSES),
        Metric("log_loss", False, _CLASSES),
        Metric("rmse", False, _NUMBERS),
        Metric("mae", False, _NUMBERS),
        Metric("r2", True, _NUMBERS),
    )
}


def metrics_of(task: Task) -> tuple[str, ...]:
    """Names of all metrics that fit the task."""
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks)


def default_metric(task: Task, classes: int) -> str:
    """auc for two classes of a table, accuracy for other classes, rmse for numbers."""
    if task == "regression":
        return "rmse"
    return "auc" if task == "classification" and classes == 2 else "accuracy"


def higher_is_better(metric: str) -> bool:
    """Which way the metric points; a name that is not ours is taken as a score."""
    return METRICS[metric].higher_is_better if metric in METRICS else True
