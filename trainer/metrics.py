"""The figures of `lepton.training.metrics`, computed; each takes weights, so that a bootstrap is a draw of weights.

`truth` is (N,): class indices or numbers; `scores` is (N, C) probabilities or (N,) predictions; `weights` (N,) >= 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lepton.model_package.manifest import Task
from lepton.training.metrics import METRICS, metrics_of
from trainer.dataset import Array

_SMALLEST = 1e-7  # a probability of nothing would make one row's log loss infinite


def auc(truth: Array, scores: Array, weights: Array) -> float:
    """Area under the ROC curve of the second class: the chance that one of it scores above one of the first.

    The Mann-Whitney statistic, ties counted half. NaN when one class has no weight.
    """
    values, group = np.unique(scores[:, 1], return_inverse=True)
    positive = np.bincount(group, weights * (truth == 1), len(values))
    negative = np.bincount(group, weights * (truth == 0), len(values))
    below = np.cumsum(negative) - negative
    pairs = positive.sum() * negative.sum()
    return float((positive * (below + 0.5 * negative)).sum() / pairs) if pairs else float("nan")


def accuracy(truth: Array, scores: Array, weights: Array) -> float:
    """Share of rows whose most probable class is the true one."""
    return float(np.average(scores.argmax(axis=1) == truth, weights=weights))


def balanced_accuracy(truth: Array, scores: Array, weights: Array) -> float:
    """Mean over the classes that occur of the share found (recall)."""
    hits, true, _ = _confusion(truth, scores, weights)
    occur = true > 0
    return float((hits[occur] / true[occur]).mean())


def f1_macro(truth: Array, scores: Array, weights: Array) -> float:
    """Mean over the classes that occur of 2·hits / (true + predicted)."""
    hits, true, predicted = _confusion(truth, scores, weights)
    occur = true + predicted > 0
    return float((2 * hits[occur] / (true + predicted)[occur]).mean())


def log_loss(truth: Array, scores: Array, weights: Array) -> float:
    """Mean of -ln p(true class)."""
    given = scores[np.arange(len(truth)), truth].astype(np.float64)
    return float(np.average(-np.log(np.clip(given, _SMALLEST, 1.0)), weights=weights))


def rmse(truth: Array, scores: Array, weights: Array) -> float:
    """Root of the mean squared error, in the target's unit."""
    return float(np.sqrt(np.average((scores - truth) ** 2, weights=weights)))


def mae(truth: Array, scores: Array, weights: Array) -> float:
    """Mean absolute error, in the target's unit."""
    return float(np.average(np.abs(scores - truth), weights=weights))


def r2(truth: Array, scores: Array, weights: Array) -> float:
    """1 - squared error / variance. NaN when the target does not vary."""
    spread = np.average((truth - np.average(truth, weights=weights)) ** 2, weights=weights)
    return float(1 - rmse(truth, scores, weights) ** 2 / spread) if spread else float("nan")


def _confusion(truth: Array, scores: Array, weights: Array) -> tuple[Array, Array, Array]:
    """Weight of hits, of true and of predicted rows, for each class: (C,) each."""
    predicted, classes = scores.argmax(axis=1), scores.shape[1]
    return (
        np.bincount(truth, weights * (predicted == truth), classes),
        np.bincount(truth, weights, classes),
        np.bincount(predicted, weights, classes),
    )


COMPUTE: dict[str, Callable[[Array, Array, Array], float]] = {
    "auc": auc,
    "accuracy": accuracy,
    "balanced_accuracy": balanced_accuracy,
    "f1_macro": f1_macro,
    "log_loss": log_loss,
    "rmse": rmse,
    "mae": mae,
    "r2": r2,
}


def measured(task: Task, truth: Array, scores: Array) -> dict[str, float]:
    """Every metric of the task that is defined on these rows."""
    weights = np.ones(len(truth))
    names = [name for name in metrics_of(task) if not (METRICS[name].binary_only and scores.shape[1] != 2)]
    figures = {name: COMPUTE[name](truth, scores, weights) for name in names}
    return {name: figure for name, figure in figures.items() if np.isfinite(figure)}


def paired_bootstrap(
    metric: str, truth: Array, ours: Array, theirs: Array, rng: np.random.Generator, draws: int = 1000
) -> tuple[float, float, float]:
    """How much better `ours` is than `theirs` on the same rows (positive: better), with the 95 % percentile interval.

    Efron's bootstrap: each draw weighs the rows by how often each was drawn; both are measured with the same weights.
    """
    compute, sign = COMPUTE[metric], 1.0 if METRICS[metric].higher_is_better else -1.0

    def gain(weights: Array) -> float:
        return sign * (compute(truth, ours, weights) - compute(truth, theirs, weights))

    rows = len(truth)
    gains = [gain(rng.multinomial(rows, np.full(rows, 1 / rows)).astype(np.float64)) for _ in range(draws)]
    known = [value for value in gains if np.isfinite(value)] or [float("nan")]
    low, high = np.quantile(known, (0.025, 0.975))
    return gain(np.ones(rows)), float(low), float(high)
