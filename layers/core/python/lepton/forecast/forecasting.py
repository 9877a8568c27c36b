"""From a history to a forecast: backtest, combine by what each forecaster lost, calibrate, and say how it did.

Quantiles are calibrated by split conformal prediction (Romano, Patterson, Candes 2019), one quantile at a time: the
empirical quantile of the backtest's errors, measured in units of the forecast's own spread, is added.
"""

from __future__ import annotations

import numpy as np

from lepton.errors import InvalidRequest
from lepton.forecast.backtest import Trial, apart, backtest, pinball
from lepton.forecast.history import Array, History, Mask
from lepton.forecast.record import QUANTILES, Backtest, Forecast, Member, Score

FEWEST_SCORED = 4
SHARPNESS = 3.0
SMALLEST_WEIGHT = 0.05
MIDDLE = QUANTILES.index(0.5)
LOW, HIGH = QUANTILES.index(0.1), QUANTILES.index(0.9)
BASELINES = ("seasonal naive by week", "seasonal naive by day")


def forecast(resource: str, history: History, horizon: int) -> Forecast:
    """Quantiles for the `horizon` steps after the history. Pure: the same history gives the same forecast.

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
    past = _combined(weights, trial.said)
    shifts = _shifts(past, trial.seen, trial.scored)
    values = _widened(_calibrated(_combined(weights, said), shifts), history.widen)
    names = [one.name for one in fitted if one is not None]
    members = [Member(forecaster=n, weight=round(float(w), 4)) for n, w in zip(names, weights, strict=True) if w > 0]
    return Forecast(
        resource=resource,
        start=history.end,
        step_seconds=history.step,
        quantiles=QUANTILES,
        values=tuple(tuple(float(f"{value:.6g}") for value in row) for row in values),
        members=tuple(sorted(members, key=lambda member: -member.weight)),
        backtest=_report(trial, history.widen),
        notes=history.notes,
    )


def _weights(trial: Trial, origins: Mask) -> Array:
    """Weights by inverse loss ** SHARPNESS over the given origins; those below SMALLEST_WEIGHT are dropped."""
    scored = trial.scored[origins]
    losses = pinball(QUANTILES, trial.said[:, origins], trial.seen[origins])  # (members, origins, horizon, q)
    each = np.maximum(losses[:, scored].mean(axis=1), 1e-12)  # (members, q)
    relative = (each / each.min(axis=0)).mean(axis=1)
    weights = relative**-SHARPNESS
    weights /= weights.sum()
    weights[weights < SMALLEST_WEIGHT] = 0.0
    return np.asarray(weights / weights.sum())


def _combined(weights: Array, said: Array) -> Array:
    """The weighted mean of the members' quantiles (Vincent's average)."""
    return np.asarray(np.tensordot(weights, said, axes=1))


def _unit(said: Array) -> Array:
    """The forecast's own spread, at least that of a Poisson count: (..., 1)."""
    return np.asarray(np.maximum(said[..., HIGH] - said[..., LOW], np.sqrt(said[..., MIDDLE] + 1.0)))[..., None]


def _shifts(said: Array, seen: Array, scored: Mask) -> Array:
    """How far each quantile must move, in units of spread, to have covered what it should: (quantiles,)."""
    errors = ((seen[..., None] - said) / _unit(said))[scored]  # (steps, quantiles)
    levels = [min(1.0, level * (1 + 1 / len(errors))) if level > 0.5 else level for level in QUANTILES]
    return np.array([np.quantile(column, level) for column, level in zip(errors.T, levels, strict=True)])


def _calibrated(said: Array, shifts: Array) -> Array:
    moved = np.maximum(said + shifts * _unit(said), 0.0)
    return np.maximum.accumulate(moved, axis=-1)


def _widened(values: Array, factor: float) -> Array:
    middle = values[..., MIDDLE : MIDDLE + 1]
    return np.maximum(middle + (values - middle) * factor, 0.0)


def _report(trial: Trial, widen: float) -> Backtest:
    """Scores of the whole method, each origin forecast with weights and shifts from origins apart from it."""
    said = np.empty_like(trial.said[0])
    for at in range(len(said)):
        others = apart(trial, at)
        weights = _weights(trial, others)
        past = _combined(weights, trial.said)
        shifts = _shifts(past[others], trial.seen[others], trial.scored[others])
        said[at] = _widened(_calibrated(past[at], shifts), widen)
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
