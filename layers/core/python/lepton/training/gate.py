"""The gate: whether a package may be served. Pure: figures and bounds in, checks out; each tells its figure and bound.

The rule against the live version: the trainer measures both on the same test rows and gives the difference (positive:
the new one is better) with a paired bootstrap 95 % interval. A package is refused when the whole interval lies below
-max_regression, that is, when its upper end does: then it is worse by more than is allowed, and not by chance. A
difference that may be chance never stops new data from being served.

When the live version has changed since the trainer compared (two runs at once), there are no common rows; the primary
metrics of the two manifests are compared as they are.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from lepton.model_package.manifest import LiveComparison, Measurements, Task
from lepton.registry.records import Check
from lepton.training.metrics import higher_is_better
from lepton.training.spec import Gate

DEFAULT_SCORE_DIFFERENCE = 0.02


@dataclass(frozen=True, slots=True)
class LiveFigure:
    """The live version's own figure of the primary metric; None when it was never measured."""

    version: str
    figure: float | None


def gate(
    measured: Measurements, bounds: Gate, task: Task, live: LiveComparison | LiveFigure | None
) -> tuple[Check, ...]:
    """Every check that applies, those that hold as well as those that do not."""
    return (
        *_parity(measured, bounds, task),
        *_metric(measured, bounds),
        *_against_live(measured, bounds, live),
        _at_most("size_mb", measured.size_bytes / 1e6, bounds.max_size_mb, "megabytes"),
        _at_most("latency_ms", measured.latency_ms, bounds.max_latency_ms, "milliseconds for one row"),
    )


def refusals(checks: tuple[Check, ...]) -> tuple[str, ...]:
    """The reasons of the checks that do not hold."""
    return tuple(check.reason for check in checks if not check.holds)


def _parity(measured: Measurements, bounds: Gate, task: Task) -> Iterator[Check]:
    parity = measured.parity
    rate = parity.flips / parity.rows if parity.rows else math.nan
    yield _at_most("flip_rate", rate, bounds.max_flip_rate, f"of {parity.rows} test rows decided otherwise")
    bound = bounds.max_score_difference
    if bound is None and task != "regression":
        bound = DEFAULT_SCORE_DIFFERENCE
    if bound is not None:
        yield _at_most("score_difference", parity.p999_difference, bound, "between graph and model, 99.9th percentile")


def _metric(measured: Measurements, bounds: Gate) -> Iterator[Check]:
    name = measured.primary_metric
    figure = measured.metrics.get(name, math.nan)
    if bounds.metric_at_least is not None:
        yield _at_least("metric_at_least", figure, bounds.metric_at_least, f"is {name} on the test split")
    if bounds.metric_at_most is not None:
        yield _at_most("metric_at_most", figure, bounds.metric_at_most, f"is {name} on the test split")
    if bounds.metric_at_least is None and bounds.metric_at_most is None and not math.isfinite(figure):
        yield _check("metric", figure, "a number", False, f"{name} on the test split is no number")


def _against_live(measured: Measurements, bounds: Gate, live: LiveComparison | LiveFigure | None) -> Iterator[Check]:
    if isinstance(live, LiveComparison):
        yield _at_least(
            "regression",
            live.high,
            -bounds.max_regression,
            f"is the upper end of {live.metric} minus that of live {live.version} on {live.rows} rows "
            f"({live.difference:+.4g}, 95 % interval {live.low:+.4g} to {live.high:+.4g})",
        )
    elif live is not None and live.figure is not None:
        name = measured.primary_metric
        sign = 1 if higher_is_better(name) else -1
        difference = sign * (measured.metrics.get(name, math.nan) - live.figure)
        told = f"is {name} minus that of live {live.version}, each on its own test rows"
        yield _at_least("regression", difference, -bounds.max_regression, told)


def _at_most(check: str, figure: float, bound: float, told: str) -> Check:
    holds = math.isfinite(figure) and figure <= bound
    return _check(check, figure, bound, holds, f"{check}: {figure:.6g} {told}, at most {bound:.6g} is allowed")


def _at_least(check: str, figure: float, bound: float, told: str) -> Check:
    holds = math.isfinite(figure) and figure >= bound
    return _check(check, figure, bound, holds, f"{check}: {figure:.6g} {told}, at least {bound:.6g} is needed")


def _check(check: str, figure: float, bound: float | str, holds: bool, reason: str) -> Check:
    # JSON has no NaN: such a figure is told as text.
    return Check(
        check=check,
        figure=figure if math.isfinite(figure) else str(figure),
        bound=bound,
        holds=holds,
        reason=reason,
    )
