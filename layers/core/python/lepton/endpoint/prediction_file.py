"""Predictions of a whole file: written row by row as CSV, turned into Parquet at the end when that is wanted."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from lepton.dataset.staging import literal
from lepton.endpoint.answers import plain
from lepton.endpoint.request import InferAnswer
from lepton.endpoint.transform_report import RejectedRow
from lepton.model_package.manifest import Signature, TensorSpec

_SQL = {"BYTES": "VARCHAR", "BOOL": "BOOLEAN", "FP16": "FLOAT", "FP32": "FLOAT", "FP64": "DOUBLE", "UINT64": "UBIGINT"}


class PredictionFile:
    """Columns: `line` of the input, then each output; probabilities are `probability_CLASS`."""

    def __init__(self, folder: Path, signature: Signature) -> None:
        self._folder = folder
        self._outputs = [(spec, _names(spec, signature.classes)) for spec in signature.outputs]
        self.csv = folder / "predictions.csv"
        self.rejected = folder / "rejected.jsonl"
        self._rows = self.csv.open("w", encoding="utf-8", newline="")
        self._rejects = self.rejected.open("w", encoding="utf-8")
        self._writer = csv.writer(self._rows, lineterminator="\n")
        self._writer.writerow(["line", *(name for _, names in self._outputs for name in names)])

    def add(self, lines: list[int], answer: InferAnswer) -> None:
        """One row for each line."""
        columns: list[Any] = [lines]
        for spec, names in self._outputs:
            array = answer.outputs[spec.name].reshape(answer.rows, -1)
            columns += [plain(array[:, at]) for at in range(len(names))]
        self._writer.writerows(zip(*columns, strict=True))

    def reject(self, row: RejectedRow) -> None:
        self._rejects.write(row.model_dump_json() + "\n")

    def close(self) -> None:
        self._rows.close()
        self._rejects.close()

    def parquet(self) -> Path:
        """The same rows as Parquet."""
        import duckdb

        made = self._folder / "predictions.parquet"
        types = {"line": "BIGINT"}
        for spec, names in self._outputs:
            types |= dict.fromkeys(names, _SQL.get(spec.datatype, "BIGINT"))
        columns = ", ".join(f"{literal(name)}: {literal(kind)}" for name, kind in types.items())
        read = (
            f"read_csv({literal(str(self.csv))}, header = true, auto_detect = false, delim = ',', quote = '\"', "
            f"escape = '\"', new_line = '\\n', parallel = false, columns = {{{columns}}})"
        )
        with duckdb.connect(config={"threads": 1}) as connection:
            connection.execute(f"COPY (SELECT * FROM {read}) TO {literal(str(made))} (FORMAT parquet)")  # noqa: S608
        return made


def _names(spec: TensorSpec, classes: tuple[str, ...]) -> list[str]:
    """Column names of one output: itself, or one for each class or position of a wider one."""
    if len(spec.shape) == 1:
        return [spec.name]
    width = 1
    for size in spec.shape[1:]:
        width *= size
    if spec.name == "probabilities" and len(classes) == width:
        return [f"probability_{name}" for name in classes]
    return [f"{spec.name}_{at}" for at in range(width)]
