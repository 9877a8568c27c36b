"""Laws of the plan: more load never lowers it, dearer breaches never lower it, sparse traffic is left alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton.capacity.advice import Subject, recommend
from lepton.capacity.plan import CapacityPlan
from lepton.capacity.prices import prices_of
from lepton.capacity.request import Options
from lepton.errors import InvalidRequest
from lepton.ports import LoadSeries
from tests.unit.capacity.loads import daily, sparse

PRICES = prices_of("us-east-1")
ANY_SAVING = Options(smallest_saving_share=0.0, smallest_saving_usd_per_day=0.0)


def plan(series: LoadSeries, options: Options = ANY_SAVING, service: float = 0.5) -> CapacityPlan:
    return recommend(Subject(series.resource, series.resource), series, options, PRICES, service=service)


def levels(made: CapacityPlan) -> np.ndarray:
    step = made.forecast.step_seconds
    starts = [made.start.timestamp() + step * at for at in range(len(made.forecast.values))]
    spans = [(one.start.timestamp(), one.end.timestamp(), one.level) for one in made.schedule]
    return np.array([next((n for a, b, n in spans if a <= at < b), 0) for at in starts])


@settings(max_examples=15, deadline=None)
@given(st.floats(1.0, 3.0), st.integers(1_000, 200_000), st.integers(0, 20))
def test_more_load_never_lowers_the_plan(more: float, mean: int, seed: int) -> None:
    series = daily(mean, seed=seed)
    greater = replace(series, arrivals=tuple(count * more for count in series.arrivals))
    assert (levels(plan(greater)) >= levels(plan(series))).all()


@settings(max_examples=15, deadline=None)
@given(st.floats(0, 0.5), st.floats(0, 0.5), st.integers(0, 20))
def test_dearer_breaches_never_lower_the_plan(one: float, other: float, seed: int) -> None:
    series, (cheap, dear) = daily(20_000, seed=seed), sorted((one, other))
    lower = plan(series, ANY_SAVING.model_copy(update={"breach_cost_usd": cheap}))
    higher = plan(series, ANY_SAVING.model_copy(update={"breach_cost_usd": dear}))
    assert (levels(higher) >= levels(lower)).all()


@settings(max_examples=10, deadline=None)
@given(st.sampled_from([2.0, 4.0, 8.0]), st.integers(0, 20))
def test_scaling_the_series_scales_the_plan(factor: float, seed: int) -> None:
    series = daily(100_000, seed=seed)
    scaled = replace(series, arrivals=tuple(count * factor for count in series.arrivals))
    small, large = levels(plan(series)), levels(plan(scaled))
    # staffing: the reserve grows with the root of the load, so the ratio lies a little off the factor
    assert large.sum() / small.sum() == pytest.approx(factor, rel=0.15)


def test_busy_traffic_is_worth_a_schedule_and_no_more_than_the_prices_allow() -> None:
    made = plan(daily(200_000), Options())
    assert made.action == "schedule"
    assert (
        0.10
        < made.saving.share
        < 1 - (PRICES.provisioned_gb_second + PRICES.provisioned_duration_gb_second) / (PRICES.on_demand_gb_second)
    )
    assert made.saving.low <= made.saving.usd_per_day <= made.saving.high
    assert made.outcome("plan").cost_usd <= min(one.cost_usd for one in made.outcomes)
    assert made.outcome("plan").cold_starts_per_day < made.outcome("do_nothing").cold_starts_per_day


def test_sparse_traffic_is_left_alone() -> None:
    made = plan(sparse(), Options())
    assert (made.action, made.schedule, made.scheduled_actions) == ("do_nothing", (), ())
    assert made.outcome("plan").cost_usd == made.outcome("do_nothing").cost_usd
    assert made.saving.usd_per_day == 0
    assert made.reasons[0].startswith("do nothing")


def test_a_schedule_in_force_is_kept_for_half_the_smallest_saving() -> None:
    series = daily(200_000)
    share = plan(series).saving.share
    bar = Options(smallest_saving_share=share * 1.5, smallest_saving_usd_per_day=0)
    assert plan(series, bar).action == "do_nothing"
    assert plan(series, bar.model_copy(update={"was_scheduled": True})).action == "schedule"


def test_the_same_series_and_options_are_the_same_plan() -> None:
    assert plan(daily()) == plan(daily())
    assert plan(daily()).plan != plan(daily(), Options(memory_mb=512)).plan
    assert plan(daily()).plan != plan(daily(seed=8)).plan


def test_blocks_last_a_quarter_of_an_hour_at_least_and_cover_the_horizon() -> None:
    made = plan(daily(20_000, step=300, days=8), Options(horizon_hours=12))
    assert made.schedule[0].start == made.start
    assert made.schedule[-1].end == made.end
    assert all((one.end - one.start).total_seconds() >= 900 for one in made.schedule)
    assert all(a.end == b.start for a, b in zip(made.schedule, made.schedule[1:], strict=False))


def test_the_scheduled_actions_carry_out_the_schedule_and_then_take_it_away() -> None:
    made = plan(daily(200_000), Options())
    changes = [one.min_capacity for one in made.scheduled_actions]
    assert changes == [*(one.level for one in made.schedule), 0]
    assert made.scheduled_actions[0].schedule == f"at({made.start:%Y-%m-%dT%H:%M:%S})"
    assert made.scheduled_actions[0].resource_id == "function:llm:live"


def test_the_accounts_limit_caps_the_schedule_and_is_told() -> None:
    made = plan(daily(200_000), Options(concurrency_limit=110))
    assert max(one.level for one in made.schedule) == 10
    assert any("caps the schedule at 10" in reason for reason in made.reasons)


def test_service_time_comes_from_durations_weighted_by_arrivals() -> None:
    series = replace(daily(), duration=tuple([0.1] * 120 + [0.3] * 120))
    made = recommend(Subject("llm", "llm"), series, ANY_SAVING, PRICES)
    assert 0.15 < made.service_seconds < 0.25
    with pytest.raises(InvalidRequest, match="not known"):
        recommend(Subject("llm", "llm"), daily(), ANY_SAVING, PRICES)
