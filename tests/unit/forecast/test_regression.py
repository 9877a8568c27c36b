"""The regression on lags: it knows only the past, scales with the load, and covers what it says."""

import numpy as np
import pytest

from lepton.forecast.history import History, checked
from lepton.forecast.recency import seasonal, trailing
from lepton.forecast.record import QUANTILES
from lepton.forecast.regression import regressed
from lepton.ports import LoadSeries
from tests.unit.capacity.loads import START, daily


def wandering(days: int = 30, factor: float = 1.0) -> History:
    """A daily wave whose level wanders from hour to hour."""
    rng = np.random.default_rng(5)
    level = np.zeros(days * 24)
    for at in range(1, len(level)):
        level[at] = 0.9 * level[at - 1] + 0.1 * rng.normal()
    load = np.array(daily(days=days).arrivals) * np.exp(level)
    return checked(LoadSeries("w", START, 3600, tuple((load * factor).tolist())))


def test_what_comes_later_changes_no_forecast_of_the_past() -> None:
    whole = wandering()
    origins = np.array([400, 456])
    now, then = regressed(whole, 12), regressed(whole.before(500), 12)
    assert now is not None
    assert then is not None
    assert now.at(origins, 12, QUANTILES) == pytest.approx(then.at(origins, 12, QUANTILES), rel=1e-9)


def test_scaling_the_load_scales_the_forecast() -> None:
    one, many = regressed(wandering(), 6), regressed(wandering(factor=9.0), 6)
    assert one is not None
    assert many is not None
    at = np.array([720])
    assert many.at(at, 6, QUANTILES) == pytest.approx(9 * one.at(at, 6, QUANTILES), rel=1e-4)


def test_a_wandering_level_is_followed_and_its_tail_covered() -> None:
    history = wandering()
    made = regressed(history, 3)
    assert made is not None
    origins = np.arange(400, 716)
    said = made.at(origins, 3, (0.05, 0.5, 0.95))
    seen = history.load[origins[:, None] + np.arange(3)]
    usual = np.abs(seen - history.load[origins[:, None] + np.arange(3) - 24]).mean()
    assert np.abs(seen - said[..., 1]).mean() < 0.6 * usual
    assert ((seen >= said[..., 0]) & (seen <= said[..., 2])).mean() == pytest.approx(0.9, abs=0.05)


def test_a_history_of_less_than_four_days_gives_none() -> None:
    assert regressed(checked(daily(days=3)), 12) is None


@pytest.mark.parametrize("half_life", [0.5, 3.0, 40.0])
def test_a_trailing_average_is_the_weighted_sum_by_hand(half_life: float) -> None:
    load = np.random.default_rng(1).random(97)
    weights = 0.5 ** (np.arange(97)[::-1] / half_life)
    assert trailing(load, half_life)[-1] == pytest.approx((weights * load).sum() / weights.sum(), rel=1e-5)


def test_a_season_is_the_average_of_those_before_it() -> None:
    means = seasonal(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 2, 1.0)
    assert np.isnan(means[:2]).all()
    assert means[2:].tolist() == pytest.approx([1, 2, (3 + 0.5) / 1.5, (4 + 1) / 1.5, (5 + 1.5 + 0.25) / 1.75, 5 / 1.5])
