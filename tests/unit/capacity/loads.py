"""Load series for the tests of forecast and capacity, made from a seed."""

from datetime import UTC, datetime

import numpy as np

from lepton.ports import LoadSeries

START = datetime(2026, 1, 5, tzinfo=UTC)


def daily(
    mean: float = 60_000, *, days: int = 10, step: int = 3600, seed: int = 7, resource: str = "llm"
) -> LoadSeries:
    """Poisson counts about a daily wave of this mean a step; the same seed gives the same ranks at every mean."""
    steps = days * 86_400 // step
    wave = mean * (1 + 0.6 * np.sin(2 * np.pi * np.arange(steps) * step / 86_400))
    noise = np.random.default_rng(seed).normal(size=steps)
    return LoadSeries(resource, START, step, tuple(np.maximum(0, np.round(wave + np.sqrt(wave) * noise)).tolist()))


def sparse(*, days: int = 10) -> LoadSeries:
    """A few requests a day, at the same hours."""
    counts = [3.0 if hour % 24 in (9, 14) else float(hour % 5 == 0) for hour in range(24 * days)]
    return LoadSeries("sparse", START, 3600, tuple(counts))
