"""The reasons of a plan, in words, each from a figure that was computed."""

from __future__ import annotations

import numpy as np

from lepton.capacity.comparison import UNRESERVED, Comparison, most_provisioned
from lepton.capacity.economics import Economics
from lepton.forecast.record import Forecast


def reasons(comparison: Comparison, economics: Economics, said: Forecast) -> tuple[str, ...]:
    """What decided, on what load, how far the forecast can be trusted, and what was assumed."""
    told = [_verdict(comparison, economics), _load(economics), _rule(economics), _trust(said)]
    most = most_provisioned(economics.options)
    told += _rehearsed(comparison)
    if comparison.levels.max() >= most:
        told.append(
            f"the account's limit of {economics.options.concurrency_limit} ({UNRESERVED} of them kept free) caps the "
            f"schedule at {most}: ask for a higher one"
        )
    told += said.notes
    return tuple(told)


def _verdict(comparison: Comparison, economics: Economics) -> str:
    plan, saving, idle = comparison.schedule_outcome, comparison.schedule_saving, comparison.outcomes[1]
    options = economics.options
    if comparison.worthwhile:
        return (
            f"the schedule costs {dollars(plan.cost_usd_per_day)} a day, doing nothing "
            f"{dollars(idle.cost_usd_per_day)}: {dollars(saving.usd_per_day)} ({saving.share:.1%}) less, 80 % of the "
            f"forecast's paths between {dollars(saving.low)} and {dollars(saving.high)}; "
            f"{plan.cold_starts_per_day:.0f} instead of {idle.cold_starts_per_day:.0f} cold starts a day"
        )
    if not comparison.levels.any():
        return (
            "do nothing: no environment is busy for enough of the time to be cheaper provisioned than on demand "
            f"({dollars(idle.cost_usd_per_day)} a day)"
        )
    if comparison.rehearsal is not None and comparison.rehearsal.factor == 0:
        return (
            f"do nothing: the best schedule would save {dollars(saving.usd_per_day)} a day ({saving.share:.1%}) by "
            "the forecast, but on the series' own past such schedules did not save for certain"
        )
    return (
        f"do nothing: the best schedule would save {dollars(saving.usd_per_day)} a day ({saving.share:.1%}), "
        f"less than the smallest worthwhile saving of {options.smallest_saving_share:.1%} and "
        f"{dollars(options.smallest_saving_usd_per_day)} a day"
    )


def _rehearsed(comparison: Comparison) -> list[str]:
    tried = comparison.rehearsal
    if tried is None or not comparison.levels.any():
        return []
    lowered = f", with levels lowered to {tried.factor:.0%}" if 0 < tried.factor < 1 else ""
    return [
        f"on {tried.tried} past stretches such schedules saved {tried.share:.1%} of the cost of doing nothing "
        f"(standard error {tried.error:.1%}){lowered}"
    ]


def _load(economics: Economics) -> str:
    loads, table = economics.demand.loads, economics.demand.table
    return (
        f"{loads.mean():.1f} environments busy on average, {loads.mean(axis=1).max():.1f} in the busiest step, at "
        f"{economics.demand.service:g} s a request; the rate wanders by {table.burst:.1%} within a step"
    )


def _rule(economics: Economics) -> str:
    prices, options = economics.prices, economics.options
    breach = (
        f", and each request that waits for a new environment counts {dollars(options.breach_cost_usd)}"
        if options.breach_cost_usd
        else ""
    )
    return (
        f"an environment is kept while it is busy {prices.break_even:.0%} of the time (prices of {prices.region}, "
        f"{prices.as_of.isoformat()}; no plan can save more than {best_share(economics):.1%} on compute){breach}"
    )


def _trust(said: Forecast) -> str:
    test = said.backtest
    scores = {score.quantile: score for score in test.scores}
    loss = scores[0.9].ratio
    against = f"{loss:.2f} of the loss of {test.baseline}" if loss is not None else f"{test.baseline} made no error"
    return (
        f"backtest over {test.origins} origins of {test.horizon_steps} steps: at quantile 0.9 {against}; "
        f"{1 - scores[0.99].coverage:.1%} of the steps lay above quantile 0.99, "
        f"{scores[0.95].coverage - scores[0.05].coverage:.0%} within the 90 % band"
    )


def best_share(economics: Economics) -> float:
    """What an environment that is always busy saves, as a share of its on-demand price."""
    p = economics.prices
    return 1 - (p.provisioned_gb_second + p.provisioned_duration_gb_second) / p.on_demand_gb_second


def dollars(amount: float) -> str:
    """$12.34, $0.0123 for little, $1,234 for much."""
    size = abs(amount)
    sign = "-" if amount < 0 else ""
    if size >= 1000:
        return f"{sign}${size:,.0f}"
    return (
        f"{sign}${size:.2f}"
        if size >= 0.1 or size == 0
        else f"{sign}${np.format_float_positional(size, 2, fractional=False)}"
    )
