"""Gradient boosting with LightGBM, the same trees for the same data and seed on any number of threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import lightgbm
import numpy as np

from lepton.model_package.manifest import LearningPoint
from lepton.training.algorithms import LightgbmParameters
from trainer.dataset import Array, Splits
from trainer.features import FeaturePlan
from trainer.graph import FEATURES, SCORES, Nodes
from trainer.progress import Watch, stopped
from trainer.trees import tree_node

MANY_ROWS = 50_000  # below, a second thread costs more than it brings


@dataclass(frozen=True, slots=True)
class Boosted:
    """The trees up to the best round, and the curve of all rounds."""

    booster: lightgbm.Booster
    targets: int
    curve: tuple[LearningPoint, ...]

    def raw(self, features: Array) -> Array:
        """(N, F) to raw scores (N, targets), float64."""
        scores = self.booster.predict(features, raw_score=True).reshape(len(features), -1)
        return np.pad(scores, ((0, 0), (self.targets - scores.shape[1], 0)))

    def nodes(self) -> Nodes:
        return [tree_node(self.booster.dump_model(), FEATURES, SCORES, self.targets)]


def boost(
    plan: FeaturePlan, splits: Splits, parameters: LightgbmParameters, *, seed: int, threads: int, watch: Watch
) -> Boosted:
    """Train until the validation loss has not fallen for `early_stopping_rounds`. Raises Unavailable when stopped."""
    settings = _settings(parameters, len(splits.classes), seed, threads if len(splits.train) > MANY_ROWS else 1)
    train = lightgbm.Dataset(plan.apply(splits.train.inputs), splits.train.target, params=settings)
    validation = lightgbm.Dataset(
        plan.apply(splits.validation.inputs), splits.validation.target, reference=train, params=settings
    )
    curve = _Curve(watch, parameters, _OBJECTIVES.get(len(splits.classes), _OBJECTIVES[3])[1:])
    booster = lightgbm.train(
        settings,
        train,
        num_boost_round=parameters.n_estimators,
        valid_sets=[train, validation],
        valid_names=["train", "validation"],
        callbacks=[curve],
    )
    watch.say(f"the validation loss was lowest after round {curve.best.step} of {len(curve.points)}: kept up to there")
    watch.point(curve.points[-1], len(curve.points))
    kept = lightgbm.Booster(model_str=booster.model_to_string(num_iteration=curve.best.step))
    return Boosted(kept, max(1, len(splits.classes)), tuple(curve.points))


# By number of classes (0: regression, 3: that many or more): objective, loss of the curve, figure beside it.
_OBJECTIVES = {
    0: ("regression", "l2", "rmse"),
    2: ("binary", "binary_logloss", "auc"),
    3: ("multiclass", "multi_logloss", "multi_error"),
}


def _settings(parameters: LightgbmParameters, classes: int, seed: int, threads: int) -> dict[str, Any]:
    objective, loss, metric = _OBJECTIVES.get(classes, _OBJECTIVES[3])
    return {
        "objective": objective,
        "metric": [loss, metric],
        "num_class": classes if classes > 2 else 1,
        "learning_rate": parameters.learning_rate,
        "num_leaves": parameters.num_leaves,
        "min_data_in_leaf": parameters.min_child_samples,
        "bagging_fraction": parameters.subsample,
        "bagging_freq": 1 if parameters.subsample < 1 else 0,
        "feature_fraction": parameters.colsample_bytree,
        "use_missing": False,  # the plan leaves none, and the graph's `x <= t` knows none
        "seed": seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": threads,
        "verbosity": -1,
    }


@dataclass(eq=False)
class _Curve:
    """A LightGBM callback: one LearningPoint a round, and the end when the validation loss no longer falls.

    LightGBM's own early stopping takes the metric that it sorts first, which need not be the loss.
    """

    watch: Watch
    parameters: LightgbmParameters
    names: tuple[str, ...]
    points: list[LearningPoint] = field(default_factory=list)
    lowest: LearningPoint | None = None

    @property
    def best(self) -> LearningPoint:
        """The first one with the lowest validation loss; the last one when nothing stops early."""
        return self.lowest if self.lowest and self.parameters.early_stopping_rounds else self.points[-1]

    def __call__(self, env: Any) -> None:
        told = {(name, metric): float(value) for name, metric, value, _ in env.evaluation_result_list}
        loss, metric = self.names
        figure = told["validation", metric]
        point = LearningPoint(
            step=env.iteration + 1,
            train_loss=told["train", loss],
            validation_loss=told["validation", loss],
            metric=1 - figure if metric == "multi_error" else figure,
        )
        self.points.append(point)
        if self.lowest is None or told["validation", loss] < (self.lowest.validation_loss or 0.0):
            self.lowest = point
        self.watch.point(point, self.parameters.n_estimators)
        if self.watch.stopping():
            raise stopped(f"after round {point.step}")
        patience = self.parameters.early_stopping_rounds
        if patience and point.step - self.best.step >= patience:
            raise lightgbm.callback.EarlyStopException(self.best.step - 1, [])
