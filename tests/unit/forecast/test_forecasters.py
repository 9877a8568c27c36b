"""Each forecaster alone: it knows the hour of the day, whatever the history's length."""

import numpy as np
import pytest

from lepton.forecast.forecasters import FITS
from lepton.forecast.history import checked
from tests.unit.capacity.loads import daily


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize("steps", [187, 216, 230, 353])
def test_the_wave_goes_on_where_it_stopped(fit: object, steps: int) -> None:
    whole = checked(daily(days=20))
    fitted = fit(whole.before(steps))  # type: ignore[operator]
    assert fitted is not None
    said = fitted.forecast(24, (0.5,))[:, 0]
    assert np.abs(said - whole.load[steps : steps + 24]).max() < 0.08 * whole.load.max()


@pytest.mark.parametrize("fit", FITS)
def test_a_history_that_is_too_short_for_a_forecaster_gives_none(fit: object) -> None:
    assert fit(checked(daily(days=2)).before(24)) is None  # type: ignore[operator]
