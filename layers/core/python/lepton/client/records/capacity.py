"""Records of the capacity API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Backtest(TypedDict):
    """Rolling origin: each forecast was fitted to what lay before it."""

    origins: int
    horizon_steps: int
    scored_steps: int
    baseline: str
    scores: list[ForecastScore]


class CapacityOutcome(TypedDict):
    """What one way of providing capacity is expected to cost and risk over the horizon."""

    choice: Literal["plan", "do_nothing", "static_peak", "reactive_70"]
    cost_usd: float
    cost_usd_per_day: float
    breach_probability: float
    spill_share: float
    cold_starts_per_day: float
    mean_level: float


class CapacityPlan(TypedDict):
    """A value: the same series, options and prices give the same plan, whose id is their digest."""

    schema_version: NotRequired[Literal[1]]
    plan: str
    resource: str
    function: str
    alias: str
    start: str
    end: str
    action: Literal["do_nothing", "schedule"]
    reasons: list[str]
    schedule: list[Level]
    reserved_concurrency: int
    service_seconds: float
    burst: float
    mean_busy: float
    peak_busy: float
    outcomes: list[CapacityOutcome]
    saving: Saving
    method: str
    options: Options
    prices: Prices
    forecast: Forecast
    scheduled_actions: list[ScheduledAction]
    sam: str
    chart: str
    page: str


class Forecast(TypedDict):
    """Quantiles of arrivals per step: `values[t][q]` for the step that begins `start + t * step_seconds`."""

    schema_version: NotRequired[Literal[1]]
    resource: str
    start: str
    step_seconds: int
    quantiles: list[float]
    values: list[list[float]]
    members: list[Member]
    backtest: Backtest
    notes: NotRequired[list[str]]


class ForecastScore(TypedDict):
    """One quantile in the backtest."""

    quantile: float
    loss: float
    ratio: float | None
    coverage: float


class Level(TypedDict):
    """Provisioned concurrency over [start, end)."""

    start: str
    end: str
    level: int


class Member(TypedDict):
    """One forecaster of the combination."""

    forecaster: str
    weight: float


class Options(TypedDict):
    """What a plan depends on besides the load."""

    memory_mb: NotRequired[int]
    breach_cost_usd: NotRequired[float]
    horizon_hours: NotRequired[int]
    init_seconds: NotRequired[float]
    idle_seconds: NotRequired[float]
    concurrency_limit: NotRequired[int]
    smallest_saving_share: NotRequired[float]
    smallest_saving_usd_per_day: NotRequired[float]
    was_scheduled: NotRequired[bool]


class Prices(TypedDict):
    """What Lambda costs in one region, US dollars: per GB-second, and per request."""

    schema_version: NotRequired[Literal[1]]
    region: str
    architecture: Literal["x86_64", "arm64"]
    currency: Literal["USD"]
    as_of: str
    source: str
    on_demand_gb_second: float
    provisioned_gb_second: float
    provisioned_duration_gb_second: float
    request: float


class Saving(TypedDict):
    """Dollars a day less than doing nothing: the mean, and 80 % of the forecast's paths lie in [low, high]."""

    usd_per_day: float
    low: float
    high: float
    share: float


class ScheduledAction(TypedDict):
    """PutScheduledAction of Application Auto Scaling, field for field (both capacities are the level)."""

    service_namespace: NotRequired[Literal["lambda"]]
    scalable_dimension: NotRequired[Literal["lambda:function:ProvisionedConcurrency"]]
    resource_id: str
    scheduled_action_name: str
    schedule: str
    timezone: NotRequired[Literal["UTC"]]
    min_capacity: int
    max_capacity: int
