"""Busy environments: against Poisson sums and a simulated queue."""

import math

import numpy as np
import pytest

from lepton.capacity.concurrency import burst_of, busy_table, offered, scenarios
from lepton.capacity.demand import Demand, cold_starts
from lepton.forecast.history import checked
from lepton.ports import LoadSeries
from tests.unit.capacity.loads import START


def poisson_tail(mean: float, least: int) -> float:
    return 1 - sum(math.exp(-mean) * mean**k / math.factorial(k) for k in range(least))


@pytest.mark.parametrize(("mean", "least"), [(0.3, 1), (5.0, 5), (20.0, 26)])
def test_without_burst_the_number_busy_is_poisson(mean: float, least: int) -> None:
    table = busy_table(20.0, 0.0)
    chance = (table.weights(np.array([[mean]])) @ table.busy)[0, least]
    assert chance == pytest.approx(poisson_tail(mean, least), abs=0.004)


def test_the_environments_together_serve_the_offered_load() -> None:
    table = busy_table(120.0, 0.2)
    assert table.served[:, -1] == pytest.approx(table.loads, abs=0.02)


def test_burst_widens_the_tail_and_keeps_the_mean() -> None:
    calm, bursty = busy_table(50.0, 0.0), busy_table(50.0, 0.3)
    at = np.array([[50.0]])
    assert (bursty.weights(at) @ bursty.busy)[0, 70] > 10 * (calm.weights(at) @ calm.busy)[0, 70]


def test_thousands_of_environments_are_counted_in_coarser_units() -> None:
    table = busy_table(8_000.0, 0.02)
    assert table.unit > 1
    served = np.interp(8_000, table.levels, (table.weights(np.array([[8_000.0]])) @ table.served)[0])
    assert served == pytest.approx(8_000 - 0.4 * math.hypot(8_000**0.5, 160), rel=0.01)  # E[min(N, mean)], normal


def test_littles_law() -> None:
    assert offered(np.array([600.0]), 300, 0.5)[0] == 1.0


@pytest.mark.parametrize("burst", [0.0, 0.1])
def test_burst_is_read_from_the_jumps_between_steps(burst: float) -> None:
    rng = np.random.default_rng(3)
    rate = 10_000 * (1 + burst * rng.normal(size=2_000))
    history = checked(LoadSeries("r", START, 300, tuple(rng.poisson(np.maximum(rate, 0)).astype(float))))
    assert burst_of(history) == pytest.approx(burst, abs=0.02)


def test_scenarios_follow_the_quantiles_in_order() -> None:
    paths = scenarios((0.1, 0.5, 0.9), np.array([[10.0, 20.0, 40.0]]), 20)
    assert paths[0, 0] == 10.0
    assert paths[0, -1] == 40.0
    assert np.median(paths) == pytest.approx(20.0, abs=1)


def test_cold_starts_of_sparse_poisson_traffic_match_a_simulated_pool() -> None:
    rate, idle, service, hours = 1 / 300, 420.0, 0.5, 2_000
    times = np.cumsum(np.random.default_rng(5).exponential(1 / rate, int(rate * 3600 * hours)))
    simulated = float((np.diff(times) > idle).sum()) / hours
    loads = np.full((24, 5), rate * service)
    demand = Demand(loads, loads, 3600, service, busy_table(1.0, 0.0))
    predicted = cold_starts(demand, idle).sum(axis=2).mean()
    assert predicted == pytest.approx(simulated, rel=0.06)
