"""The least that the Lambda runtime client can be asked for: nothing, and the run of a row. MODEL names the file."""

import os
from functools import cache
from typing import Any

EMPTY = {"statusCode": 200, "body": "{}"}


@cache
def _session() -> Any:
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(os.environ["MODEL"], options)
    return session, {"x": np.zeros((1, 20), np.float32)}


def answer(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    return EMPTY


def run(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    session, row = _session()
    session.run(None, row)
    return EMPTY
