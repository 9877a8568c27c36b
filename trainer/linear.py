"""Logistic and ridge regression with scikit-learn, on scaled features."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from lepton.model_package.manifest import LearningPoint
from lepton.training.algorithms import LinearParameters, LogisticParameters
from trainer.dataset import Array, Rows, Splits
from trainer.features import FeaturePlan
from trainer.graph import Nodes, linear_nodes
from trainer.metrics import log_loss, rmse
from trainer.progress import Watch

NEVER = -50.0  # the score of a class that the train split does not hold: a probability of e^-50


@dataclass(frozen=True, slots=True)
class Linear:
    """weights (F, K) and bias (K,), float64; K is the number of classes, or 1 for regression."""

    weights: Array
    bias: Array
    curve: tuple[LearningPoint, ...]

    def raw(self, features: Array) -> Array:
        """(N, F) to (N, K), float64."""
        scores: Array = features.astype(np.float64) @ self.weights + self.bias
        return scores

    def nodes(self) -> Nodes:
        return linear_nodes(self.weights, self.bias)


def softmax(scores: Array) -> Array:
    """Rows of scores (N, C) to probabilities."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Array = powers / powers.sum(axis=1, keepdims=True)
    return shares


def fit_logistic(
    plan: FeaturePlan, splits: Splits, parameters: LogisticParameters, *, seed: int, watch: Watch
) -> Linear:
    """Multinomial logistic regression by L-BFGS; the curve has its end only."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=parameters.C, max_iter=parameters.max_iter, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged: told below, with what to do
        model.fit(plan.apply(splits.train.inputs).astype(np.float64), splits.train.target)
    steps = int(model.n_iter_.max())
    if steps >= parameters.max_iter:
        watch.say(f"the solver stopped at {steps} iterations before it converged: raise hyperparameters.max_iter")
    weights = np.zeros((model.coef_.shape[1], len(splits.classes)))
    bias = np.full(len(splits.classes), NEVER)
    if len(model.coef_) == 1:  # two classes: one score, that of the second
        bias[model.classes_] = (0.0, model.intercept_[0])
        weights[:, model.classes_[1]] = model.coef_[0]
    else:
        bias[model.classes_] = model.intercept_
        weights[:, model.classes_] = model.coef_.T
    fitted = Linear(weights, bias, ())

    def loss(rows: Rows) -> float | None:
        if not len(rows):
            return None
        return log_loss(rows.target, softmax(fitted.raw(plan.apply(rows.inputs))), np.ones(len(rows)))

    return _told(fitted, steps, loss(splits.train), loss(splits.validation), watch)


def fit_ridge(plan: FeaturePlan, splits: Splits, parameters: LinearParameters, *, watch: Watch) -> Linear:
    """Least squares with an L2 penalty; the curve has its end only, as mean squared error."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=parameters.alpha)
    model.fit(plan.apply(splits.train.inputs).astype(np.float64), splits.train.target)
    fitted = Linear(model.coef_.reshape(-1, 1), np.array([float(model.intercept_)]), ())

    def loss(rows: Rows) -> float | None:
        if not len(rows):
            return None
        return rmse(rows.target, fitted.raw(plan.apply(rows.inputs))[:, 0], np.ones(len(rows))) ** 2

    return _told(fitted, 1, loss(splits.train), loss(splits.validation), watch)


def _told(fitted: Linear, steps: int, train: float | None, validation: float | None, watch: Watch) -> Linear:
    point = LearningPoint(step=steps, train_loss=train or 0.0, validation_loss=validation)
    watch.point(point, steps)
    return Linear(fitted.weights, fitted.bias, (point,))
