"""Tables as splits: what becomes of missing values, of types, of classes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from lepton.dataset.manifest import Column, DatasetManifest, Source
from lepton.errors import DataError
from lepton.training.spec import TrainingSpec, spec_from
from trainer.dataset import Splits
from trainer.tables import feature_columns, read_table

TYPES = {"n": "int64", "x": "float64", "yes": "bool", "town": "string", "moment": "timestamp", "label": "string"}
SELECT = """
SELECT * FROM (VALUES
    (NULL,         0.5,    true,  'Ö',  TIMESTAMP '2026-01-01', 'u', 'train'),
    (2,            1e300,  NULL,  NULL, NULL,                   'v', 'train'),
    (9007199254740993, NULL, false, '\"', NULL,                 NULL, 'validation'),
    (10,           -1,     true,  'Ö',  NULL,                   'v', 'test')
) t(n, x, yes, town, moment, label, _split)
"""


def manifest() -> DatasetManifest:
    columns = tuple(
        Column(name=name, type=kind, nullable=True, categories=("u", "v") if kind == "string" else None)  # type: ignore[arg-type]
        for name, kind in TYPES.items()
    )
    source = Source(bucket="b", key="k", etag="e", bytes=1, upload="0" * 16)
    facts: dict[str, Any] = {"quarantined": 0, "quarantine": None, "splits": {}, "parts": (), "profile": "p"}
    return DatasetManifest(
        name="d", version="0" * 12, kind="table", rows=4, columns=columns, source=source, created_at="", **facts
    )


def spec(**fields: Any) -> TrainingSpec:
    return spec_from({"model": "m", "dataset": "d", "task": "classification", "target": "yes"} | fields)


def read(folder: Path, **fields: Any) -> Splits:
    with duckdb.connect() as db:
        db.execute(f"COPY ({SELECT}) TO '{folder}/part.parquet'")
    columns, _ = feature_columns(spec(**fields), manifest())
    return read_table(spec(**fields), manifest(), columns, [folder / "part.parquet"])


def test_missing_is_nan_in_numbers_and_empty_in_text(tmp_path: Path) -> None:
    train = read(tmp_path, target="label").train
    np.testing.assert_array_equal(train.inputs["n"], np.array([[np.nan], [2]], dtype=np.float32))
    assert train.inputs["town"].tolist() == [["Ö"], [""]]
    np.testing.assert_array_equal(train.inputs["yes"], np.array([[1], [np.nan]], dtype=np.float32))
    assert {column.dtype.kind for column in train.inputs.values()} == {"f", "O"}


def test_a_number_beyond_float32_is_missing(tmp_path: Path) -> None:
    assert np.isnan(read(tmp_path, target="label").train.inputs["x"][1, 0])


def test_rows_without_a_target_are_left_out(tmp_path: Path) -> None:
    splits = read(tmp_path, target="label")
    assert [len(rows) for rows in (splits.train, splits.validation, splits.test)] == [2, 0, 1]
    with pytest.raises(DataError, match="the validation split has no row with a target"):
        splits.checked()


@pytest.mark.parametrize(
    ("target", "classes"), [("yes", ("false", "true")), ("n", ("2", "10", "9007199254740993")), ("label", ("u", "v"))]
)
def test_classes_are_text_numbers_in_their_order(tmp_path: Path, target: str, classes: tuple[str, ...]) -> None:
    assert read(tmp_path, target=target).classes == classes


def test_a_number_is_the_target_of_regression(tmp_path: Path) -> None:
    splits = read(tmp_path, target="x", task="regression")
    np.testing.assert_array_equal(splits.train.target, [0.5, 1e300])
    assert splits.classes == ()


def test_timestamps_and_names_of_outputs_are_left_out_and_told() -> None:
    columns, told = feature_columns(spec(exclude=["x"]), manifest())
    assert [column.name for column in columns] == ["n", "town"]
    assert [line.split(":")[0] for line in told] == [
        "column 'x' is left out",
        "column 'moment' is left out",
        "column 'label' is left out",
    ]
