"""From a history to a forecast: backtest, combine by what each forecaster lost, calibrate, and say how it did.

Quantiles are calibrated by split conformal prediction (Romano, Patterson, Candes 2019), one quantile at a time: the
empirical quantile of the backtest's errors, measured in units of the forecast's own spread, is added, the less of it
the fewer of its steps lie beyond that quantile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lepton.errors import InvalidRequest
from lepton.forecast.backtest import Trial, apart, backtest, pinball
from lepton.forecast.history import Array, History, Mask
from lepton.forecast.record import QUANTILES, Backtest, Forecast, Member, Score

FEWEST_SCORED = 4
SHARPNESS = 10.0
KIN = 1.6
SMALLEST_WEIGHT = 0.05
# Steps beyond a quantile at which its own errors weigh as much as what the forecasters said of it themselves.
FEW_BEYOND = 3.0
MIDDLE = QUANTILES.index(0.5)
LOW, HIGH = QUANTILES.index(0.1), QUANTILES.index(0.9)
BASELINES = ("seasonal naive by week", "seasonal naive by day")


@dataclass(frozen=True, slots=True)
class Past:
    """What the whole method would have said in the backtest, each origin without what its own steps taught.

    `said` (origins, horizon, quantiles), `seen` and `scored` (origins, horizon).
    """

    said: Array
    seen: Array
    scored: Mask


def forecast(resource: str, history: History, horizon: int) -> Forecast:
    """Quantiles for the `horizon` steps after the history; see `forecast_and_past`."""
    return forecast_and_past(resource, history, horizon)[0]


def forecast_and_past(resource: str, history: History, horizon: int) -> tuple[Forecast, Past]:
    """The forecast, and those of its backtest. Pure: the same history gives the same forecast.

    Raises InvalidRequest when too little of its second half was measured to test a forecast on.
    """
    trial = backtest(history, horizon, QUANTILES)
    if trial.scored.sum() < FEWEST_SCORED or trial.scored.any(axis=1).sum() < 2:
        raise InvalidRequest(
            f"only {int(trial.scored.sum())} of the steps that a forecast could be tested on were measured",
            pointer="/series/arrivals",
            hint="end the series where the measurements end",
        )
    weights = _weights(trial, np.ones(trial.seen.shape[0], dtype=bool))
    fitted = [fit(history) for fit in trial.fits]
    said = np.array([one.forecast(horizon, QUANTILES) for one in fitted if one is not None])
    if trial.regression is not None:
        now = np.array([len(history.load)], dtype=np.intp)
        said = np.concatenate((said, trial.regression.at(now, horizon, QUANTILES)))
    past = _combined(weights, trial.said)
    shifts = _shifts(past, trial.seen, trial.scored)
    values = _widened(_calibrated(_combined(weights, said), shifts), history.widen)
    names = [*(one.name for one in fitted if one is not None), *trial.names[len(trial.fits) :]]
    shares = weights.mean(axis=1)
    members = [Member(forecaster=n, weight=round(float(w), 4)) for n, w in zip(names, shares, strict=True) if w > 0]
    before = _before(trial, history.widen)
    made = Forecast(
        resource=resource,
        start=history.end,
        step_seconds=history.step,
        quantiles=QUANTILES,
        values=tuple(tuple(float(f"{value:.6g}") for value in row) for row in values),
        members=tuple(sorted(members, key=lambda member: -member.weight)),
        backtest=_report(trial, before),
        notes=history.notes,
    )
    return made, Past(before, trial.seen, trial.scored)


def _weights(trial: Trial, origins: Mask) -> Array:
    """Weights (members, horizon) by inverse loss ** SHARPNESS over the given origins; small ones are dropped.

    The loss at a lead is that of the leads of its like (up to `KIN` times shorter or longer), so that who is good for
    the next minutes need not be so for tomorrow.
    """
    scored = trial.scored[origins]
    sums = trial.losses[:, origins].sum(axis=1).cumsum(axis=1)  # (members, horizon, q)
    counts = scored.sum(axis=0).cumsum()
    leads = np.arange(1, sums.shape[1] + 1)
    last, before = np.minimum((leads * KIN).astype(int), leads[-1]) - 1, np.ceil(leads / KIN).astype(int) - 2
    heard = np.maximum(counts[last] - np.where(before >= 0, counts[before], 0), 1)
    each = (sums[:, last] - np.where(before[:, None] >= 0, sums[:, before], 0.0)) / heard[:, None]
    each = np.maximum(each, 1e-12)
    relative = (each / each.min(axis=0)).mean(axis=-1)  # (members, horizon)
    weights = relative**-SHARPNESS
    weights /= weights.sum(axis=0)
    weights[weights < SMALLEST_WEIGHT] = 0.0
    return np.asarray(weights / weights.sum(axis=0))


def _combined(weights: Array, said: Array) -> Array:
    """The weighted mean of the members' quantiles (Vincent's average); the last weights hold beyond their horizon."""
    reach = np.minimum(np.arange(said.shape[-2]), weights.shape[1] - 1)
    return np.asarray(np.einsum("mh,m...hq->...hq", weights[:, reach], said))


def _unit(said: Array) -> Array:
    """The forecast's own spread, at least that of a Poisson count: (..., 1)."""
    return np.asarray(np.maximum(said[..., HIGH] - said[..., LOW], np.sqrt(said[..., MIDDLE] + 1.0)))[..., None]


def _shifts(said: Array, seen: Array, scored: Mask) -> Array:
    """How far each quantile must move, in units of spread, to have covered what it should: (quantiles,)."""
    errors = ((seen[..., None] - said) / _unit(said))[scored]  # (steps, quantiles)
    levels = [min(1.0, level * (1 + 1 / len(errors))) if level > 0.5 else level for level in QUANTILES]
    moves = np.array([np.quantile(column, level) for column, level in zip(errors.T, levels, strict=True)])
    beyond = len(errors) * np.minimum(QUANTILES, 1 - np.asarray(QUANTILES))
    return np.asarray(moves * beyond / (beyond + FEW_BEYOND))


def _calibrated(said: Array, shifts: Array) -> Array:
    moved = np.maximum(said + shifts * _unit(said), 0.0)
    return np.asarray(np.maximum.accumulate(moved, axis=-1))


def _widened(values: Array, factor: float) -> Array:
    middle = values[..., MIDDLE : MIDDLE + 1]
    return np.asarray(np.maximum(middle + (values - middle) * factor, 0.0))


def _before(trial: Trial, widen: float) -> Array:
    """The whole method at each origin, with weights and shifts from origins apart: (origins, horizon, quantiles)."""
    said: Array = np.empty_like(trial.said[0])
    for at in range(len(said)):
        others = apart(trial, at)
        weights = _weights(trial, others)
        past = _combined(weights, trial.said)
        shifts = _shifts(past[others], trial.seen[others], trial.scored[others])
        said[at] = _widened(_calibrated(past[at], shifts), widen)
    return said


def _report(trial: Trial, said: Array) -> Backtest:
    """Scores of the whole method as `_before` has it."""
    baseline = next(name for name in BASELINES if name in trial.names)
    losses = pinball(QUANTILES, said, trial.seen)[trial.scored].mean(axis=0)
    base = pinball(QUANTILES, trial.said[trial.names.index(baseline)], trial.seen)[trial.scored].mean(axis=0)
    covered = (trial.seen[..., None] <= said)[trial.scored].mean(axis=0)
    scores = tuple(
        Score(quantile=q, loss=float(loss), ratio=float(loss / b) if b > 0 else None, coverage=float(share))
        for q, loss, b, share in zip(QUANTILES, losses, base, covered, strict=True)
    )
    return Backtest(
        origins=len(said),
        horizon_steps=said.shape[1],
        scored_steps=int(trial.scored.sum()),
        baseline=baseline,
        scores=scores,
    )
