"""The confidence sequence against what it promises: it holds the mean at every look, in all but alpha of the runs."""

from __future__ import annotations

import math
from itertools import accumulate

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.rollout.sequential import Sample, difference, interval

RUNS = 600
LOOKS = range(50, 2001, 50)


def missed(draws: np.ndarray, mean: float, alpha: float) -> int:
    """Of runs (rows of observations), those whose interval does not hold the mean at some look."""
    missing = 0
    for row in draws:
        totals = list(accumulate(row.tolist()))
        missing += any(not holds(Sample(totals[count - 1], count), mean, alpha) for count in LOOKS)
    return missing


def holds(sample: Sample, mean: float, alpha: float) -> bool:
    found = interval(sample, alpha)
    return found.low <= mean <= found.high


@pytest.mark.parametrize("mean", [0.01, 0.3])
def test_mean_of_yes_or_no_is_held_at_every_look(mean: float) -> None:
    draws = np.random.default_rng(7).random((RUNS, max(LOOKS))) < mean
    assert missed(draws.astype(float), mean, 0.1) <= 0.1 * RUNS


def test_mean_of_figures_between_nought_and_one_is_held_at_every_look() -> None:
    draws = np.random.default_rng(8).beta(0.4, 1.2, (RUNS, max(LOOKS)))
    assert missed(draws, 0.25, 0.1) <= 0.1 * RUNS


def test_interval_for_one_look_is_wrong_far_more_often_than_it_says() -> None:
    """Why the sequence is needed: the textbook interval, looked at as often, misses many times its alpha."""
    draws = np.random.default_rng(9).random((RUNS, max(LOOKS))) < 0.3
    counts = np.array(LOOKS)
    means = np.cumsum(draws, axis=1)[:, counts - 1] / counts
    width = 1.645 * np.sqrt(np.maximum(means * (1 - means), 1e-9) / counts)
    assert np.mean(np.any(np.abs(means - 0.3) > width, axis=1)) > 0.25


@given(st.integers(0, 3000).flatmap(lambda n: st.tuples(st.just(n), st.floats(0, n))), st.floats(1e-6, 0.5))
def test_interval_lies_around_what_was_seen(sample: tuple[int, float], alpha: float) -> None:
    count, total = sample
    found = interval(Sample(total, count), alpha)
    assert 0.0 <= found.low <= found.high <= 1.0
    assert count == 0 or found.low <= total / count <= found.high or math.isclose(total / count, found.high)


@given(st.integers(1, 500), st.integers(0, 500))
def test_what_is_seen_more_often_is_known_better(count: int, hits: int) -> None:
    hits = min(hits, count)
    once, often = interval(Sample(hits, count), 0.05), interval(Sample(hits * 20, count * 20), 0.05)
    assert often.high - often.low <= once.high - once.low + 1e-9


def test_closed_form_for_no_hit_at_all() -> None:
    """B(1/2, 1/2 + n) / pi (1 - p)^-n = 1 / alpha, solved for p."""
    n, alpha = 500, 0.05
    mixture = math.lgamma(0.5) + math.lgamma(0.5 + n) - math.lgamma(1.0 + n) - math.log(math.pi)
    assert math.isclose(interval(Sample(0, n), alpha).high, 1 - math.exp((mixture + math.log(alpha)) / n), rel_tol=1e-9)


def test_difference_is_as_wide_as_both_are_unknown() -> None:
    found = difference(Sample(0, 0), Sample(3, 10), 0.05)
    assert (found.low < 0 < found.high, found.high) == (True, interval(Sample(3, 10), 0.025).high)
