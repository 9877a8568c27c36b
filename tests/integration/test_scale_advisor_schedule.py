"""The hourly look at CloudWatch, through the real handler; and the promise of LoadHistory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from lepton.aws.cloudwatch import CloudWatchLoadHistory
from lepton.errors import InvalidRequest, NotFound
from lepton.memory import MemoryLoadHistory
from lepton.ports import LoadHistory, LoadSeries
from tests.integration.advisor_cloud import FUNCTION, AdvisorCloud, advisor_cloud, put_metrics
from tests.unit.capacity.loads import daily

STEP = 300
# Taken once: a series made before and one made after a step's edge would differ by a step.
GRID_END = datetime.fromtimestamp(datetime.now(UTC).timestamp() // STEP * STEP, UTC)


@pytest.fixture
def cloud() -> Iterator[AdvisorCloud]:
    with advisor_cloud() as made:
        yield made


def recent(days: float, mean: float = 20_000) -> LoadSeries:
    """Load of the function up to a few minutes ago, on CloudWatch's grid."""
    steps = int(days * 86_400 / STEP)
    series = daily(mean, days=int(np.ceil(days)) + 1, step=STEP, resource=FUNCTION)
    arrivals = series.arrivals[:steps]
    return LoadSeries(FUNCTION, GRID_END - timedelta(seconds=steps * STEP), STEP, arrivals, (0.25,) * steps)


@pytest.fixture(params=["memory", "cloudwatch"])
def history(request: pytest.FixtureRequest, cloud: AdvisorCloud) -> LoadHistory:
    series = recent(0.5)
    if request.param == "memory":
        return MemoryLoadHistory(series)
    put_metrics(series)
    return CloudWatchLoadHistory()


def test_a_history_gives_what_was_measured_on_its_grid(history: LoadHistory) -> None:
    series = recent(0.5)
    start = series.start + timedelta(seconds=10 * STEP)
    read = history.read(FUNCTION, start, start + timedelta(seconds=20 * STEP), STEP)
    assert (read.start, read.step, read.arrivals) == (start, STEP, series.arrivals[10:30])
    assert read.duration == pytest.approx((0.25,) * 20)


def test_a_history_begins_with_the_first_figure(history: LoadHistory) -> None:
    series = recent(0.5)
    read = history.read(FUNCTION, series.start - timedelta(days=2), series.start + timedelta(seconds=4 * STEP), STEP)
    assert (read.start, read.arrivals) == (series.start, series.arrivals[:4])


def test_no_history_at_all_is_not_found(history: LoadHistory) -> None:
    with pytest.raises(NotFound):
        history.read("nobody", recent(0.5).start, recent(0.5).start + timedelta(hours=1), STEP)


def test_silence_between_invocations_is_zero_on_cloudwatch(cloud: AdvisorCloud) -> None:
    series = recent(0.1)
    quiet = replace(series, arrivals=tuple(0.0 if 5 <= t < 9 else v for t, v in enumerate(series.arrivals)))
    put_metrics(quiet)
    end = series.start + timedelta(seconds=STEP * len(series.arrivals))
    read = CloudWatchLoadHistory().read(FUNCTION, series.start, end, STEP)
    assert read.arrivals == quiet.arrivals
    assert np.isnan(read.duration[5:9]).all()
    with pytest.raises(InvalidRequest):
        CloudWatchLoadHistory().read(FUNCTION, series.start, end, 90)


def test_a_function_without_history_is_noted_and_no_error(cloud: AdvisorCloud) -> None:
    looked = cloud.tick()
    assert (looked["state"], looked["plan"]) == ("not_yet", None)
    assert "no invocation" in looked["reason"]
    assert cloud.keys() == ["capacity/lepton-predict/watch.json"]
    assert cloud.told() == []


def test_too_little_history_is_noted_and_told_to_who_asks(cloud: AdvisorCloud) -> None:
    put_metrics(recent(0.5))
    assert cloud.tick()["state"] == "not_yet"
    with pytest.raises(NotFound) as told:
        cloud.handler._advisor().latest("lepton-predict")
    assert "too short" in str(told.value.hint)


def test_a_busy_function_gets_a_plan_and_the_bus_is_told_once(cloud: AdvisorCloud) -> None:
    put_metrics(recent(2.2))
    looked = cloud.tick()
    assert (looked["state"], looked["function"]) == ("planned", FUNCTION)
    (event,) = cloud.told()
    assert (event["detail-type"], event["source"]) == ("Capacity Plan Changed", "lepton.scale_advisor")
    assert (event["detail"]["plan"], event["detail"]["action"]) == (looked["plan"], "schedule")
    assert cloud.tick()["state"] == "planned"
    assert cloud.told() == []
