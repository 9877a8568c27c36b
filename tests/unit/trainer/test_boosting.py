"""Boosting: where it stops, what it keeps, and that it is the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from lepton.dataset.manifest import Column
from lepton.errors import Unavailable
from lepton.model_package.manifest import LearningPoint
from lepton.training.algorithms import LightgbmParameters
from trainer.boosting import Boosted, boost
from trainer.dataset import Rows, Splits
from trainer.features import plan_features

COLUMNS = [Column(name=name, type="float64", nullable=False) for name in ("a", "b")]


class Listener:
    def __init__(self, stop_after: int = 1_000_000) -> None:
        self.points: list[LearningPoint] = []
        self.stop_after = stop_after

    def say(self, message: str) -> None:
        pass

    def point(self, point: LearningPoint, steps: int) -> None:
        self.points.append(point)

    def stopping(self) -> bool:
        return len(self.points) >= self.stop_after


def noisy(rows: int, seed: int, classes: int = 2) -> Rows:
    rng = np.random.default_rng(seed)
    columns = rng.normal(size=(2, rows, 1)).astype(np.float32)
    target = np.digitize(columns[0, :, 0] + rng.normal(size=rows), np.linspace(-0.8, 0.8, classes - 1))
    return Rows({"a": columns[0], "b": columns[1]}, target.astype(np.int64))


def boosted(classes: int = 2, threads: int = 1, listener: Listener | None = None, **parameters: float) -> Boosted:
    names = tuple("abcd"[:classes])
    splits = Splits(noisy(400, 1, classes), noisy(200, 2, classes), noisy(200, 3, classes), names)
    plan, _ = plan_features(COLUMNS, splits.train, scaled=False)
    chosen = LightgbmParameters.model_validate({"n_estimators": 80, "learning_rate": 0.3} | parameters)
    return boost(plan, splits, chosen, seed=7, threads=threads, watch=listener or Listener())


def test_it_stops_when_the_validation_loss_no_longer_falls_and_keeps_the_best() -> None:
    model = boosted(early_stopping_rounds=5)
    losses = [point.validation_loss for point in model.curve]
    best = int(np.argmin(losses)) + 1
    assert len(losses) == best + 5
    assert model.booster.num_trees() == best


def test_without_early_stopping_every_round_is_kept() -> None:
    model = boosted(early_stopping_rounds=0, n_estimators=12)
    assert len(model.curve) == model.booster.num_trees() == 12


@pytest.mark.parametrize("classes", [2, 4])
def test_one_score_for_each_class(classes: int) -> None:
    model = boosted(classes)
    assert model.raw(np.zeros((3, 2), dtype=np.float32)).shape == (3, classes)
    assert model.curve[-1].metric is not None
    assert 0 < model.curve[-1].metric <= 1


def test_the_same_seed_gives_the_same_trees() -> None:
    assert boosted().booster.model_to_string() == boosted().booster.model_to_string()


def test_it_ends_when_it_is_asked_to() -> None:
    listener = Listener(stop_after=3)
    with pytest.raises(Unavailable, match="after round 3"):
        boosted(listener=listener)
    assert len(listener.points) == 3
