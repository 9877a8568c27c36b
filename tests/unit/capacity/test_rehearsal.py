"""A plan must have earned its schedule on the series' own past."""

import numpy as np

from lepton.capacity.demand import demand_of
from lepton.capacity.economics import Economics, economics_of
from lepton.capacity.prices import prices_of
from lepton.capacity.rehearsal import Rehearsal, rehearse
from lepton.capacity.request import Options
from lepton.forecast.forecasting import Past, forecast_and_past
from lepton.forecast.history import checked
from tests.unit.capacity.loads import daily


def grounds() -> tuple[Economics, Past]:
    history = checked(daily(200_000))
    said, past = forecast_and_past("a", history, 24)
    return economics_of(demand_of(history, said, 0.5), prices_of("us-east-1"), Options())[0], past


def tried(came: float, spread: float = 0.0) -> Rehearsal:
    """The rule where the load that came was this share of what came, give or take, by turns."""
    economics, past = grounds()
    turns = np.where(np.arange(len(past.seen)) % 2, came + spread, came - spread)[:, None]
    return rehearse(Past(past.said, past.seen * turns, past.scored), economics, 900)


def test_a_forecast_that_was_right_keeps_its_levels() -> None:
    result = tried(1.0)
    assert result.factor == 1.0
    assert 0.10 < result.share < 0.167


def test_levels_are_lowered_where_less_came_than_was_said() -> None:
    assert 0 < tried(0.5).factor < 1


def test_nothing_is_scheduled_where_hardly_anything_came() -> None:
    assert tried(0.1).factor == 0.0


def test_a_saving_that_does_not_stand_out_of_its_scatter_is_not_believed() -> None:
    assert tried(0.62).factor > tried(0.62, 0.6).factor


def test_a_saving_is_never_more_than_the_prices_allow() -> None:
    assert tried(3.0).share < 0.167
