"""The classification extension: instead of a score for each class, the k best as `score:index:label`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


def best(scores: Sequence[Any], top: int) -> list[int]:
    """The indices of the k highest of a row, highest first, the earlier of two equals first; what is no number last."""
    order = [-math.inf if score is None or math.isnan(score) else score for score in scores]
    return sorted(range(len(order)), key=order.__getitem__, reverse=True)[:top]


def strings(rows: Sequence[Sequence[Any]], top: int, labels: Sequence[str]) -> list[list[str]]:
    """For each row its k best classes: a float with six decimals, as C++ prints one; no label where there is none."""
    return [[_said(row, at, labels) for at in best(row, top)] for row in rows]


def _said(row: Sequence[Any], at: int, labels: Sequence[str]) -> str:
    score = f"{row[at]:f}" if isinstance(row[at], float) else str(row[at])
    return f"{score}:{at}:{labels[at]}" if len(labels) == len(row) else f"{score}:{at}"
