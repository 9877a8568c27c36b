"""The capacity plan: what to provision and when, what it costs and risks beside its alternatives, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from lepton.capacity.prices import Prices
from lepton.capacity.request import Options
from lepton.forecast.record import Forecast

Action = Literal["do_nothing", "schedule"]
Choice = Literal["plan", "do_nothing", "static_peak", "reactive_70"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Level(_Frozen):
    """Provisioned concurrency over [start, end)."""

    start: datetime
    end: datetime
    level: int


class Outcome(_Frozen):
    """What one way of providing capacity is expected to cost and risk over the horizon.

    `breach_probability`: the chance that a request waits for a new environment; `spill_share`: the share of requests
    that no provisioned environment was free for; `mean_level`: provisioned environments, mean over time.
    """

    choice: Choice
    cost_usd: float
    cost_usd_per_day: float
    breach_probability: float
    spill_share: float
    cold_starts_per_day: float
    mean_level: float


class Saving(_Frozen):
    """Dollars a day less than doing nothing: the mean, and 80 % of the forecast's paths lie in [low, high].

    Each path keeps its rank among the quantiles over the whole horizon: the widest that errors can add up to.
    """

    usd_per_day: float
    low: float
    high: float
    share: float


class ScheduledAction(_Frozen):
    """PutScheduledAction of Application Auto Scaling, field for field (both capacities are the level)."""

    service_namespace: Literal["lambda"] = "lambda"
    scalable_dimension: Literal["lambda:function:ProvisionedConcurrency"] = "lambda:function:ProvisionedConcurrency"
    resource_id: str
    scheduled_action_name: str
    schedule: str
    timezone: Literal["UTC"] = "UTC"
    min_capacity: int
    max_capacity: int


class CapacityPlan(_Frozen):
    """A value: the same series, options and prices give the same plan, whose id is their digest."""

    schema_version: Literal[1] = 1
    plan: str
    resource: str
    function: str
    alias: str
    start: datetime
    end: datetime
    action: Action
    reasons: tuple[str, ...]
    schedule: tuple[Level, ...]
    reserved_concurrency: int
    service_seconds: float
    burst: float
    mean_busy: float
    peak_busy: float
    outcomes: tuple[Outcome, ...]
    saving: Saving
    method: str
    options: Options
    prices: Prices
    forecast: Forecast
    scheduled_actions: tuple[ScheduledAction, ...]
    sam: str
    chart: str
    page: str

    def outcome(self, choice: Choice) -> Outcome:
        """One of the alternatives that were compared."""
        return next(one for one in self.outcomes if one.choice == choice)

    def level_at(self, at: datetime) -> int:
        """Provisioned concurrency at a moment; 0 outside the schedule."""
        return next((one.level for one in self.schedule if one.start <= at < one.end), 0)
