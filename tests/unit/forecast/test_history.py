"""Which series can be forecast, and what is told of the others."""

import math
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest

from lepton.errors import InvalidRequest, TooLarge
from lepton.forecast.history import MAX_STEPS, checked
from lepton.ports import LoadSeries
from tests.unit.capacity.loads import START, daily


def test_a_gap_is_filled_and_never_scored() -> None:
    series = daily()
    holed = replace(series, arrivals=(*series.arrivals[:50], math.nan, *series.arrivals[51:]))
    history = checked(holed)
    assert not history.measured[50]
    assert history.load[50] == pytest.approx((series.arrivals[49] + series.arrivals[51]) / 2)
    assert "1 of 240 steps have no figure" in history.notes[0]


def test_a_long_gap_is_filled_with_the_same_time_of_other_days() -> None:
    series = daily()
    holed = replace(series, arrivals=tuple(math.nan if 48 <= t < 72 else v for t, v in enumerate(series.arrivals)))
    filled, real = checked(holed).load[48:72], np.array(series.arrivals[48:72])
    assert np.abs(filled - real).max() < 0.03 * real.max()


def test_a_short_history_widens_the_risk_and_says_why() -> None:
    history = checked(daily(days=3))
    assert history.widen == 2.0
    assert "3.0 days of history" in history.notes[-1]
    assert checked(daily(days=14)).widen == 1.0


def test_zeros_amid_busy_steps_are_missing_metrics() -> None:
    series = daily()
    history = checked(replace(series, arrivals=(*series.arrivals[:50], 0.0, *series.arrivals[51:])))
    assert not history.measured[50]
    assert "taken as missing metrics" in history.notes[0]


def test_minutes_are_summed_to_steps_of_five() -> None:
    history = checked(LoadSeries("m", START, 60, tuple(float(t % 7) for t in range(3 * 1440))))
    assert (history.step, len(history.load), history.load[0]) == (300, 864, 10.0)


@pytest.mark.parametrize(
    ("series", "pointer", "says"),
    [
        (daily(days=1), "/series/arrivals", "too short"),
        (replace(daily(), arrivals=(5.0,) * 240), "/series/arrivals", "a constant is a setting"),
        (replace(daily(), arrivals=(1.0, -4.0) * 120), "/series/arrivals/1", "-4 arrivals"),
        (replace(daily(), arrivals=(1.0, math.inf) * 120), "/series/arrivals/1", "inf arrivals"),
        (replace(daily(), arrivals=(math.nan, math.nan, 1.0) * 80), "/series/arrivals", "only 80 of 240"),
        (replace(daily(), step=420), "/series/step_seconds", "a step of 420 s"),
        (replace(daily(), start=datetime(2026, 1, 5)), "/series/start", "no time zone"),  # noqa: DTZ001
    ],
)
def test_what_cannot_be_forecast_is_refused_with_a_pointer(series: LoadSeries, pointer: str, says: str) -> None:
    with pytest.raises(InvalidRequest, match=says) as told:
        checked(series)
    assert told.value.pointer == pointer
    assert told.value.hint


def test_more_steps_than_a_request_may_have_are_too_large() -> None:
    with pytest.raises(TooLarge):
        checked(replace(daily(), arrivals=(1.0,) * (MAX_STEPS + 1)))
