"""`python -m benchmarks.serving.warm`: what an answer costs besides the run itself, once everything is loaded.

CPU microseconds of `Serving.answer` for an API Gateway event, contract check, log line and metrics included (they are
written to /dev/null), against onnxruntime's own `session.run` on the same values, against which the bars are: both in
one process on one thread, in turns, the best round of each. Large bodies are held against orjson and NumPy alone:
parse, make the arrays, and nothing else.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnxruntime
import orjson

from benchmarks.serving import bars, packages, subjects
from cli.screen import Screen, table
from lepton.endpoint.gateway import exchange
from lepton.endpoint.serving import Serving
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.settings import Settings

ROUNDS = 7
CONTEXT: Any = SimpleNamespace(aws_request_id="request-1")
BIG_ROWS = 9_000  # of 20 figures: 5 MB of JSON
Work = Callable[[], object]


def main() -> int:
    store = MemoryObjectStore()
    graph, signature, row = subjects.churn()
    subjects.publish(store, "churn", graph, signature)
    subjects.publish(store, "mobile", subjects.mobile(), subjects.MOBILE)
    packages.publish(store, "mlp")
    settings = Settings(lake_bucket="lake", alias_staleness_seconds=3600)
    serving = Serving(settings, store, landing=lambda: store, bus=MemoryEventBus, memory_mb=1769)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
        found = {
            "a row as JSON": _compared(*_row(serving, graph, row), 2_000),
            "a picture as bytes": _compared(*_picture(serving, gateway=False), 10),
            "the same through API Gateway": _compared(*_picture(serving, gateway=True), 10),
            "5 MB of JSON": _compared(*_big(serving), 3),
        }
    rows = [(name, f"{raw:.1f}", f"{ours:.1f}", f"{ours - raw:.1f}") for name, (raw, ours) in found.items()]
    Screen(as_json=False).answer(found, table(("answer", "raw us", "ours us", "difference"), rows))
    (row_raw, row_ours), (picture_raw, picture_ours), (whole_raw, whole_ours), (big_raw, big_ours) = found.values()
    return bars.write([
        bars.at_most("warm, a row beyond the run, us", row_ours - row_raw, 60),
        bars.at_most("warm, a picture, of the run", picture_ours / picture_raw, 1.15),
        bars.at_most("warm, a picture through API Gateway, of the run and its base64", whole_ours / whole_raw, 1.15),
        bars.at_most("warm, 5 MB of JSON, of orjson + numpy", big_ours / big_raw, 1.5),
    ])  # fmt: skip


def _compared(raw: Work, ours: Work, times: int) -> tuple[float, float]:
    """CPU microseconds of each: the best of the rounds."""
    spent = [(_spent(raw, times), _spent(ours, times)) for _ in range(ROUNDS)]
    return min(one for one, _ in spent), min(other for _, other in spent)


def _spent(work: Work, times: int) -> float:
    started = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - started) / times * 1e6


def _row(serving: Serving, graph: bytes, row: dict[str, Any]) -> tuple[Work, Work]:
    session = _session(graph)
    given = {one.name: np.array([[row[one.name]]], _dtype(one.type)) for one in session.get_inputs()}
    event = _event("churn", subjects.churn_request().decode(), "application/json")
    right = session.run(["probabilities"], given)[0].reshape(-1)
    told = json.loads(_answered(serving, event)["body"])["outputs"][1]["data"]
    assert np.allclose(told, right), (told, right)
    return lambda: session.run(None, given), lambda: serving.answer(event, CONTEXT)


def _picture(serving: Serving, *, gateway: bool) -> tuple[Work, Work]:
    """By the wire itself, or as API Gateway has it: in base64, which is then undone beside the run as well."""
    session = _session(subjects.mobile())
    image = np.random.default_rng(7).normal(size=(1, 3, subjects.SIDE, subjects.SIDE)).astype(np.float32)
    said = {"name": "image", "shape": list(image.shape), "datatype": "FP32"}
    said["parameters"] = {"binary_data_size": image.nbytes}
    head = json.dumps({"inputs": [said], "parameters": {"binary_data_output": True}}).encode()
    text = base64.b64encode(head + image.tobytes()).decode()
    event = _event("mobile", text, "application/octet-stream", **{"Inference-Header-Content-Length": str(len(head))})
    event["isBase64Encoded"] = True
    right = session.run(None, {"image": image})[0]
    body = base64.b64decode(_answered(serving, event)["body"])
    assert np.allclose(np.frombuffer(body[-right.nbytes :], np.float32), right.reshape(-1), atol=1e-3)
    if gateway:
        return lambda: session.run(None, {"image": _decoded(text, image)}), lambda: serving.answer(event, CONTEXT)
    asked = exchange(event, CONTEXT, head + image.tobytes())
    return lambda: session.run(None, {"image": image}), lambda: serving.reply(asked)


def _decoded(text: str, image: Any) -> Any:
    return np.frombuffer(base64.b64decode(text)[-image.nbytes :], image.dtype).reshape(image.shape)


def _big(serving: Serving) -> tuple[Work, Work]:
    figures = np.random.default_rng(7).normal(size=(BIG_ROWS, 20))
    one = {"name": "x", "shape": list(figures.shape), "datatype": "FP32", "data": figures.reshape(-1).tolist()}
    text = json.dumps({"inputs": [one], "outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}]})
    event, session = _event("mlp", text, "application/json"), _session(packages.graph("mlp"))
    event["headers"]["Accept"] = "application/octet-stream"
    _answered(serving, event)

    def bare() -> object:
        parsed = orjson.loads(event["body"])["inputs"][0]
        return session.run(None, {"x": np.array(parsed["data"], np.float32).reshape(parsed["shape"])})

    return bare, lambda: serving.answer(event, CONTEXT)


def _answered(serving: Serving, event: dict[str, Any]) -> dict[str, Any]:
    answer = serving.answer(event, CONTEXT)
    assert answer["statusCode"] == 200, answer["body"]
    return answer


def _event(model: str, body: str, media: str, **headers: str) -> dict[str, Any]:
    accept = "*/*" if media == "application/json" else media
    given = {"Content-Type": media, "Accept": accept, "Host": "abc123.execute-api.us-east-1.amazonaws.com"} | headers
    return {
        **{"httpMethod": "POST", "path": f"/v2/models/{model}/infer", "headers": given, "body": body},
        **{"multiValueHeaders": {name: [value] for name, value in given.items()}, "queryStringParameters": None},
        **{"isBase64Encoded": False, "requestContext": {"requestId": "request-1", "identity": {"userArn": None}}},
    }


def _session(graph: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _dtype(kind: str) -> Any:
    return object if kind == "tensor(string)" else np.float32


if __name__ == "__main__":
    sys.exit(main())
