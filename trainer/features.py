"""How columns become the vector of numbers that a model learns from: a plan, made on the train split, applied anywhere.

The plan is carried out twice: here on NumPy arrays, for training, and in `trainer.graph` as ONNX nodes, for serving;
both in float32 and in the same order, so that the two agree to the last bit or nearly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lepton.dataset.manifest import Column
from lepton.errors import DataError
from trainer.dataset import Array, Rows


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """Missing becomes `fill` (the median), then (x - offset) · scale; `flagged`: one more feature says so."""

    name: str
    fill: float
    flagged: bool = False
    offset: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True)
class TextColumn:
    """One feature for each category, 1 where the text is equal; a text that is none of them gives zeros."""

    name: str
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FeaturePlan:
    """Features in order: the numbers, the flags of missing numbers, then the categories, column by column."""

    numbers: tuple[NumberColumn, ...]
    texts: tuple[TextColumn, ...]
    scaled: bool

    @property
    def flagged(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.numbers if column.flagged)

    @property
    def names(self) -> tuple[str, ...]:
        """What each feature is, in order."""
        return (
            *(column.name for column in self.numbers),
            *(f"{name} is missing" for name in self.flagged),
            *(f"{column.name} = {value}" for column in self.texts for value in column.categories),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are read."""
        return tuple(column.name for column in self.numbers) + tuple(column.name for column in self.texts)

    def apply(self, inputs: Mapping[str, Array]) -> Array:
        """Columns of shape (N, 1) to features, float32 (N, F)."""
        return np.concatenate(
            [
                *(_number(column, inputs[column.name]) for column in self.numbers),
                *(np.isnan(inputs[name]).astype(np.float32) for name in self.flagged),
                *(_one_hot(column, inputs[column.name]) for column in self.texts),
            ],
            axis=1,
        )


def plan_features(columns: Sequence[Column], train: Rows, *, scaled: bool) -> tuple[FeaturePlan, tuple[str, ...]]:
    """The plan for these columns and one line for each that says nothing. Raises DataError when none is left."""
    numbers, texts, told = [], [], []
    for column in columns:
        values = train.inputs[column.name][:, 0]
        planned = _plan_text(column, values) if column.type == "string" else _plan_number(column, values, scaled)
        if isinstance(planned, NumberColumn):
            numbers.append(planned)
        elif isinstance(planned, TextColumn):
            texts.append(planned)
        else:
            told.append(f"column {column.name!r} is left out: {planned}")
    if not numbers and not texts:
        raise DataError(
            "there is no column to learn from: " + ("; ".join(told) or "the table has only the target"),
            pointer="/exclude",
            hint="exclude fewer columns or upload a table with more of them",
        )
    return FeaturePlan(tuple(numbers), tuple(texts), scaled), tuple(told)


def _plan_number(column: Column, values: Array, scaled: bool) -> NumberColumn | str:
    missing = np.isnan(values)
    if missing.all():
        return "it has no value in the train split"
    known = values[~missing].astype(np.float64)
    flagged = bool(missing.any())
    if known.min() == known.max() and not flagged:
        return f"it is always {known[0]:g}"
    fill = float(np.float32(np.median(known)))
    if not scaled:
        return NumberColumn(column.name, fill, flagged)
    filled = np.where(missing, fill, values.astype(np.float64))
    spread = float(filled.std()) or 1.0
    return NumberColumn(column.name, fill, flagged, float(np.float32(filled.mean())), float(np.float32(1 / spread)))


def _plan_text(column: Column, values: Array) -> TextColumn | str:
    seen = set(values.tolist())
    if len(seen) == 1:
        return f"it is always {next(iter(seen))!r}"
    return TextColumn(column.name, tuple(sorted(seen)))


def _number(column: NumberColumn, values: Array) -> Array:
    filled = np.where(np.isnan(values), np.float32(column.fill), values)
    features: Array = (filled - np.float32(column.offset)) * np.float32(column.scale)
    return features


def _one_hot(column: TextColumn, values: Array) -> Array:
    features: Array = (values == np.array(column.categories, dtype=object)[None, :]).astype(np.float32)
    return features
