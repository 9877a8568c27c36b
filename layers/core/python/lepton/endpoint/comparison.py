"""Two versions' answers to one request, held against each other."""

from __future__ import annotations

from typing import Any

import numpy as np

from lepton.endpoint.request import InferAnswer

LABEL = "label"
MOST_ROWS = 16


def compared(live: InferAnswer, other: InferAnswer, tolerance: float) -> tuple[float, float]:
    """Share of rows that are answered otherwise, and the greatest difference of any figure.

    A row differs when its label does; where no label was asked for, when another class is the most probable one, or
    when a figure is further off than `tolerance` times the live one.
    """
    differing = np.zeros(live.rows, dtype=bool)
    greatest = 0.0
    for name, mine in live.outputs.items():
        theirs = other.outputs[name]
        if mine.dtype.kind in "OSU":
            rows = mine != theirs
        else:
            rows, greatest = _figures(mine, theirs, tolerance, greatest)
            if LABEL in live.outputs:
                continue
        differing |= rows.reshape(live.rows, -1).any(axis=1) if live.rows else False
    return (float(differing.mean()) if live.rows else 0.0), greatest


def _figures(mine: Any, theirs: Any, tolerance: float, greatest: float) -> tuple[Any, float]:
    one, two = mine.astype(np.float64), theirs.astype(np.float64)
    apart = np.where(np.isnan(one) & np.isnan(two), 0.0, np.abs(one - two))
    apart = np.where(np.isnan(apart), np.inf, apart)
    finite = apart[np.isfinite(apart)]
    greatest = max(greatest, float(finite.max()) if finite.size else 0.0)
    if one.ndim == 2 and one.shape[1] > 1:
        return one.argmax(axis=1) != two.argmax(axis=1), greatest
    return apart > tolerance * np.abs(np.nan_to_num(one)), greatest


def told_rows(answer: InferAnswer) -> list[Any] | None:
    """The label or figure of each row, as an outcome would name it; None for many rows, or without such an output."""
    if answer.rows > MOST_ROWS:
        return None
    flat = [array for name, array in answer.outputs.items() if array.ndim == 1 and name != LABEL]
    chosen = answer.outputs.get(LABEL)
    chosen = chosen if chosen is not None else (flat[0] if flat else None)
    if chosen is None:
        return None
    rows: list[Any] = chosen.tolist()
    return rows if all(isinstance(row, str) or row == row for row in rows) else None  # noqa: PLR0124  # NaN is not
