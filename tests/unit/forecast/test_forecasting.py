"""Laws of the forecast: ordered, not negative, earned by a backtest, and the same for the same history."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton.errors import InvalidRequest
from lepton.forecast.backtest import backtest, pinball
from lepton.forecast.forecasters import FITS
from lepton.forecast.forecasting import forecast
from lepton.forecast.history import checked
from lepton.forecast.record import QUANTILES, Forecast
from lepton.ports import LoadSeries
from tests.unit.capacity.loads import START, daily

COUNTS = st.lists(st.integers(0, 10_000), min_size=48, max_size=120).filter(lambda counts: len(set(counts)) > 1)


@settings(max_examples=25, deadline=None)
@given(COUNTS)
def test_quantiles_are_ordered_and_never_negative(counts: Sequence[int]) -> None:
    said = forecast("any", checked(LoadSeries("any", START, 3600, tuple(map(float, counts)))), 12)
    values = np.array(said.values)
    assert values.shape == (12, len(QUANTILES))
    assert (values >= 0).all()
    assert (np.diff(values, axis=1) >= 0).all()


def test_the_same_history_gives_the_same_forecast() -> None:
    assert forecast("a", checked(daily()), 24) == forecast("a", checked(daily()), 24)


def test_a_forecast_begins_where_the_history_ends_and_follows_its_day() -> None:
    history = checked(daily())
    said = forecast("a", history, 24)
    middle = np.array(said.values)[:, QUANTILES.index(0.5)]
    assert said.start == history.end
    assert np.abs(middle - history.load[-24:]).max() < 0.05 * history.load.max()


def test_the_backtest_beats_the_naive_rule_and_covers_what_it_says() -> None:
    said = forecast("a", checked(daily(mean=400, days=21)), 24)
    scores = {score.quantile: score for score in said.backtest.scores}
    assert said.backtest.baseline == "seasonal naive by week"
    assert all(score.ratio is not None and score.ratio < 0.95 for score in scores.values())
    assert scores[0.95].coverage == pytest.approx(0.95, abs=0.03)
    assert scores[0.05].coverage == pytest.approx(0.05, abs=0.03)


def test_weights_are_shares_of_the_forecasters_that_were_kept() -> None:
    members = forecast("a", checked(daily()), 24).members
    assert sum(member.weight for member in members) == pytest.approx(1, abs=0.001)


def test_a_short_history_is_forecast_wider_and_by_day() -> None:
    def spread(said: Forecast) -> float:
        return float(np.mean([row[-1] - row[0] for row in said.values]))

    short = forecast("a", checked(daily(days=3)), 24)
    assert short.backtest.baseline == "seasonal naive by day"
    assert spread(short) > spread(forecast("a", checked(daily(days=14)), 24))


def test_every_forecaster_sees_only_what_lay_before_its_origin() -> None:
    history = checked(daily(days=16))
    changed = checked(LoadSeries("b", START, 3600, (*daily(days=15).arrivals, *[1e6 + t for t in range(24)])))
    for fit in FITS:
        a, b = fit(history.before(360)), fit(changed.before(360))
        assert a is not None
        assert b is not None
        assert np.array_equal(a.forecast(24, QUANTILES), b.forecast(24, QUANTILES))


def test_two_days_are_enough_for_a_backtest() -> None:
    trial = backtest(checked(daily(days=2)), 24, QUANTILES)
    assert trial.said.shape[1] >= 2


def test_pinball_charges_a_miss_above_by_the_quantile_and_one_below_by_the_rest() -> None:
    loss = pinball((0.9,), np.array([[10.0], [10.0]]), np.array([12.0, 8.0]))
    assert loss.ravel().tolist() == pytest.approx([1.8, 0.2])


@pytest.mark.parametrize("steps", [49, 53, 61, 71, 83, 100])
def test_a_history_that_is_no_whole_number_of_days_keeps_its_clock(steps: int) -> None:
    history = checked(LoadSeries("a", START, 3600, daily(days=6, seed=3).arrivals[:steps]))
    truth = np.array(daily(days=6, seed=4).arrivals[steps : steps + 12])
    middle = np.array(forecast("a", history, 12).values)[:, QUANTILES.index(0.5)]
    assert np.abs(middle - truth).max() < 0.12 * truth.max()


def test_a_history_with_every_other_step_missing_is_forecast() -> None:
    counts = [float("nan") if t % 2 else value for t, value in enumerate(daily(days=4).arrivals)]
    said = forecast("a", checked(LoadSeries("a", START, 3600, tuple(counts))), 24)
    assert np.isfinite(np.array(said.values)).all()


def test_a_series_whose_second_half_was_not_measured_is_refused() -> None:
    counts = daily(days=4).arrivals
    with pytest.raises(InvalidRequest, match="could be tested on"):
        forecast("a", checked(LoadSeries("a", START, 3600, counts + (float("nan"),) * 94)), 24)
