"""The finished graph in ONNX Runtime, as it will be served: one thread, one session."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import onnxruntime

from trainer.dataset import Array, Rows

BATCH = 512
LOADS, SINGLE_ROWS = 5, 200


class Session:
    """Runs a graph of ours on inputs by name; those that it does not take are not given to it."""

    def __init__(self, onnx: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
        self.inputs = tuple(value.name for value in self._session.get_inputs())
        self._outputs = [value.name for value in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """One call."""
        feed = {name: inputs[name] for name in self.inputs}
        return dict(zip(self._outputs, self._session.run(self._outputs, feed), strict=True))

    def answers(self, rows: Rows) -> dict[str, Array]:
        """All rows, in batches."""
        parts = [
            self.run({name: column[start : start + BATCH] for name, column in rows.inputs.items()})
            for start in range(0, len(rows), BATCH)
        ]
        return {name: np.concatenate([part[name] for part in parts]) for name in self._outputs}

    def scores(self, rows: Rows) -> Array:
        """(N, C) probabilities, or (N,) predictions."""
        answers = self.answers(rows)
        return answers.get("probabilities", answers.get("prediction", np.empty(0)))


def load_milliseconds(onnx: bytes) -> float:
    """Median time to make a session from the file's bytes."""
    return statistics.median(_milliseconds(lambda: Session(onnx)) for _ in range(LOADS))


def row_milliseconds(session: Session, rows: Rows) -> float:
    """Median time of one row by itself, on one thread, without decoding and encoding the request."""
    single = [rows.take(np.array([index % len(rows)])).inputs for index in range(SINGLE_ROWS)]
    session.run(single[0])
    return statistics.median(_milliseconds(partial(session.run, one)) for one in single)


def _milliseconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000
