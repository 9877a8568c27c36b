"""The predictions of one range of rows as a file: CSV, JSON lines or Parquet, the same bytes for the same rows.

Columns: `line` of the input (and `file`, of a zip), then each output; probabilities are `probability_CLASS`. A figure
that is not finite is missing.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from lepton.dataset.staging import literal, quoted
from lepton.endpoint.jobs.batch import Array, Batch
from lepton.endpoint.jobs.records import Format, RejectedRow
from lepton.endpoint.request import InferAnswer
from lepton.model_package.manifest import Signature, TensorSpec

MEDIA: dict[Format, str] = {
    "csv": "text/csv",
    "jsonl": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
_COPY: dict[Format, str] = {"csv": "FORMAT csv, HEADER true", "jsonl": "FORMAT json", "parquet": "FORMAT parquet"}
_SQL = {"BYTES": "VARCHAR", "BOOL": "BOOLEAN", "FP16": "FLOAT", "FP32": "FLOAT", "FP64": "DOUBLE", "UINT64": "UBIGINT"}
_FLOATS = ("FLOAT", "DOUBLE")


class Part:
    """Rows are added batch by batch; `label` is counted where the model has classes."""

    def __init__(self, signature: Signature) -> None:
        self._outputs = [(spec, _names(spec, signature.classes)) for spec in signature.outputs]
        self._counted = bool(signature.classes) and any(spec.name == "label" for spec in signature.outputs)
        self._lines: list[Array] = []
        self._files: list[str] = []
        self._arrays: dict[str, list[Array]] = {spec.name: [] for spec, _ in self._outputs}
        self.classes: Counter[str] = Counter()
        self.rejected: list[RejectedRow] = []
        self.rows = 0

    def add(self, batch: Batch, answer: InferAnswer | None) -> None:
        """A batch and what the model gave for its rows, None when there are none."""
        self.rejected += batch.rejected
        if answer is None:
            return
        self.rows += len(batch.lines)
        self._lines.append(batch.lines)
        self._files += batch.files or ()
        for spec, _ in self._outputs:
            self._arrays[spec.name].append(answer.outputs[spec.name])
        if self._counted:
            self.classes.update(map(str, answer.outputs["label"].reshape(-1).tolist()))

    def write(self, connection: Any, path: Path, form: Format) -> Path:
        """Write the predictions, by a DuckDB connection."""
        columns, cells = self._columns(form)
        connection.register("part", columns)
        try:
            connection.execute(f"COPY (SELECT {', '.join(cells)} FROM part) TO {literal(str(path))} ({_COPY[form]})")  # noqa: S608
        finally:
            connection.unregister("part")
        return path

    def write_rejected(self, path: Path) -> Path:
        path.write_text("".join(row.model_dump_json() + "\n" for row in self.rejected), encoding="utf-8")
        return path

    def _columns(self, form: Format) -> tuple[dict[str, Array], list[str]]:
        """The arrays under short names, and the SQL that gives them their own names and types."""
        columns: dict[str, Array] = {"c0": np.concatenate(self._lines)}
        cells = ["c0::BIGINT AS line"]
        if self._files:
            columns["c1"] = np.array(self._files, dtype=object)
            cells.append("c1::VARCHAR AS file")
        for spec, names in self._outputs:
            whole = np.concatenate(self._arrays[spec.name]).reshape(self.rows, -1)
            if spec.datatype == "FP16":
                whole = whole.astype(np.float32)
            for at, name in enumerate(names):
                short = f"c{len(columns)}"
                columns[short] = np.ascontiguousarray(whole[:, at])
                cells.append(f"{_cell(short, spec, form)} AS {quoted(name)}")
        return columns, cells


def _cell(column: str, spec: TensorSpec, form: Format) -> str:
    """Text holds a 32-bit figure with the digits that the same figure has in a JSON answer."""
    kind = _SQL.get(spec.datatype, "BIGINT")
    if kind not in _FLOATS:
        return f"{column}::{kind}"
    return f"CASE WHEN isfinite({column}) THEN {column}::{kind if form == 'parquet' else 'DOUBLE'} END"


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
