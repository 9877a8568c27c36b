"""The metrics against scikit-learn's, and the paired bootstrap against what is known of it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics as reference

from lepton.training.metrics import METRICS
from trainer.metrics import COMPUTE, auc, measured, paired_bootstrap

RNG = np.random.default_rng(5)
TRUTH = RNG.integers(0, 3, 400)
SCORES = RNG.dirichlet((1, 1, 1), 400) + np.eye(3)[TRUTH]
SCORES = SCORES / SCORES.sum(axis=1, keepdims=True)
WEIGHTS = RNG.integers(0, 4, 400).astype(np.float64)


def test_every_metric_of_the_spec_is_computed() -> None:
    assert set(COMPUTE) == set(METRICS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", reference.accuracy_score(TRUTH, SCORES.argmax(1), sample_weight=WEIGHTS)),
        ("balanced_accuracy", reference.balanced_accuracy_score(TRUTH, SCORES.argmax(1), sample_weight=WEIGHTS)),
        ("f1_macro", reference.f1_score(TRUTH, SCORES.argmax(1), average="macro", sample_weight=WEIGHTS)),
        ("log_loss", reference.log_loss(TRUTH, SCORES, sample_weight=WEIGHTS)),
    ],
)
def test_class_metrics_agree_with_scikit_learn(name: str, expected: float) -> None:
    assert COMPUTE[name](TRUTH, SCORES, WEIGHTS) == pytest.approx(expected, rel=1e-6)


def test_number_metrics_agree_with_scikit_learn() -> None:
    truth, guess = RNG.normal(size=300), RNG.normal(size=300)
    weights = RNG.random(300)
    given = {name: COMPUTE[name](truth, guess, weights) for name in ("rmse", "mae", "r2")}
    assert given["rmse"] == pytest.approx(reference.root_mean_squared_error(truth, guess, sample_weight=weights))
    assert given["mae"] == pytest.approx(reference.mean_absolute_error(truth, guess, sample_weight=weights))
    assert given["r2"] == pytest.approx(reference.r2_score(truth, guess, sample_weight=weights))


def test_auc_with_ties_and_weights_agrees_with_scikit_learn() -> None:
    truth, score = RNG.integers(0, 2, 500), RNG.integers(0, 7, 500) / 7
    weights = RNG.integers(1, 4, 500).astype(np.float64)
    expected = reference.roc_auc_score(truth, score, sample_weight=weights)
    assert auc(truth, np.stack([1 - score, score], axis=1), weights) == pytest.approx(expected)


def test_auc_of_one_class_is_left_out_of_the_figures() -> None:
    figures = measured("classification", np.zeros(5, dtype=np.int64), np.full((5, 2), 0.5))
    assert "auc" not in figures
    assert figures["accuracy"] == 1


def test_auc_is_left_out_for_three_classes() -> None:
    assert "auc" not in measured("classification", TRUTH, SCORES)


def test_the_same_scores_differ_by_nothing() -> None:
    assert paired_bootstrap("accuracy", TRUTH, SCORES, SCORES, RNG, draws=50) == (0, 0, 0)


def test_lower_error_counts_as_better() -> None:
    truth = RNG.normal(size=200)
    near, far = truth + 0.1 * RNG.normal(size=200), truth + RNG.normal(size=200)
    difference, low, high = paired_bootstrap("rmse", truth, near, far, RNG, draws=200)
    assert 0 < low < difference < high


def test_the_interval_has_the_width_of_the_binomial() -> None:
    truth = np.ones(1000, dtype=np.int64)
    wrong = RNG.random(1000) < 0.2
    ours = np.stack([wrong, ~wrong], axis=1).astype(float)
    theirs = np.tile([0.0, 1.0], (1000, 1))
    difference, low, high = paired_bootstrap("accuracy", truth, ours, theirs, np.random.default_rng(1), draws=2000)
    expected = 2 * 1.96 * np.sqrt(0.2 * 0.8 / 1000)
    assert difference == pytest.approx(-wrong.mean())
    assert high - low == pytest.approx(expected, rel=0.15)
