"""A table of a dataset as splits: columns to float32 or text, the target to class indices or numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from lepton.dataset.manifest import Column, DatasetManifest
from lepton.errors import DataError, InvalidSpec
from lepton.training.features import choose_features, used_columns
from lepton.training.fit import MAX_CLASSES
from lepton.training.spec import TrainingSpec
from trainer.dataset import Array, Rows, Splits

OUTPUT_NAMES = ("label", "probabilities", "prediction")


def feature_columns(spec: TrainingSpec, manifest: DatasetManifest) -> tuple[list[Column], list[str]]:
    """The columns to learn from, and one line for each that was left out."""
    told = [
        f"column {feature.name!r} is left out: {feature.reason}"
        for feature in choose_features(spec, manifest)
        if not feature.used and feature.name != spec.target
    ]
    kept = []
    for column in used_columns(spec, manifest):
        if column.name in OUTPUT_NAMES:
            told.append(f"column {column.name!r} is left out: an output of the model has this name")
        else:
            kept.append(column)
    return kept, told


def read_table(
    spec: TrainingSpec, manifest: DatasetManifest, columns: Sequence[Column], paths: Sequence[Path]
) -> Splits:
    """The splits, rows without a target left out. Raises InvalidSpec, DataError."""
    target = next(column for column in manifest.columns if column.name == spec.target)
    raw = _read(paths, columns, target)
    values, classes = _target(spec, target, raw["_target"])
    present = values >= 0 if classes else np.isfinite(values)
    inputs = {column.name: _column(column, raw[f"c{index}"]).reshape(-1, 1) for index, column in enumerate(columns)}
    everything = Rows(inputs, values)

    def split(name: str) -> Rows:
        return everything.take(present & (raw["_split"] == name))

    return Splits(split("train"), split("validation"), split("test"), classes)


def _read(paths: Sequence[Path], columns: Sequence[Column], target: Column) -> Mapping[str, Array]:
    """Columns by position (`c0`, …), `_split` and `_target` (None where missing), in the order of the parts."""
    wanted = [_expression(column) + f" AS c{index}" for index, column in enumerate(columns)]
    wanted += ["CAST(_split AS VARCHAR) AS _split", f"{_quoted(target.name)} AS _target"]
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")
        connection.execute(
            f"SELECT {', '.join(wanted)} FROM read_parquet($1)",  # noqa: S608  # names are quoted, paths are bound
            [[str(path) for path in paths]],
        )
        read = connection.fetchnumpy()
    return {name: _plain(values) for name, values in read.items()}


def _expression(column: Column) -> str:
    name = _quoted(column.name)
    return f"coalesce({name}, '')" if column.type == "string" else f"TRY_CAST({name} AS FLOAT)"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _plain(values: Any) -> Array:
    """Without a mask: NaN for missing numbers, None for everything else."""
    if not np.ma.is_masked(values):
        return np.asarray(values)
    if np.issubdtype(values.dtype, np.floating):
        return np.asarray(values.filled(np.nan))
    whole = np.array(values.data, dtype=object)
    whole[np.ma.getmaskarray(values)] = None  # `filled(None)` would write NumPy's own filling, a '?'
    return whole


def _column(column: Column, values: Array) -> Array:
    if column.type == "string":
        return values.astype(object)
    numbers = values.astype(np.float32)
    return np.where(np.isfinite(numbers), numbers, np.float32(np.nan))


def _target(spec: TrainingSpec, column: Column, values: Array) -> tuple[Array, tuple[str, ...]]:
    """(N,) float64 for regression, or int64 class indices with the class names in order."""
    if spec.task == "regression":
        return np.array([np.nan if value is None else float(value) for value in values]), ()
    names = [_class_name(value) for value in values]
    classes = tuple(sorted({name for name in names if name}, key=_class_order))
    if len(classes) > MAX_CLASSES:
        raise InvalidSpec(
            f"column {column.name!r} has {len(classes)} different values: too many for classes",
            pointer="/target",
            hint=f"task: regression, or a target with at most {MAX_CLASSES} values",
        )
    if not classes:
        raise DataError(f"column {column.name!r} has no value at all", pointer="/target")
    index = {name: position for position, name in enumerate(classes)}
    return np.array([index.get(name, -1) for name in names], dtype=np.int64), classes


def _class_name(value: object) -> str:
    """How a class is written on the wire; empty: missing."""
    if value is None or value != value:  # noqa: PLR0124  # NaN is not itself
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    # An int64 column with missing values comes as floats.
    return str(int(value)) if isinstance(value, float | np.floating) else str(value)


def _class_order(name: str) -> tuple[bool, float, str]:
    """Numbers by value, then text: so that class '10' comes behind '9', and of '0' and '1' the latter is positive."""
    try:
        return (False, float(name), name)
    except ValueError:
        return (True, 0.0, name)
