"""Decoding and encoding alone, CPU microseconds: `python -m benchmarks.serving.wire`.

A bar: a body of 5 MB of JSON numbers into a checked tensor, against orjson and `numpy.array` with nothing checked.
The rest is printed: what one row of a table, one image as bytes and an answer cost besides the run of the model.
"""

from __future__ import annotations

import json
import struct
import sys
import time
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import orjson

from benchmarks.serving.bars import at_most, write
from lepton.endpoint import answer_forms, document
from lepton.endpoint.body import for_protocol, received
from lepton.endpoint.buffers import Tensor, Tensors
from lepton.endpoint.request import InferAnswer, InferRequest, Limits
from lepton.model_package.manifest import ModelManifest, Signature, TensorSpec
from tests.unit.endpoint.packages import graph, manifest

BOUND = 1.5
COLUMNS = 19
NUMBERS, ROWS = 260_000, 10
IMAGE = (1, 3, 224, 224)
LIMITS = Limits(body_bytes=10_000_000)
OUTPUTS = (
    TensorSpec(name="label", datatype="BYTES", shape=(-1,)),
    TensorSpec(name="probabilities", datatype="FP32", shape=(-1, 2)),
)


def main() -> int:
    row, body = _table()
    for _ in range(document.BUSY + 1):
        document.read(body)
    request = _decoded(row, body)
    answer = InferAnswer(
        Tensors(
            {"label": Tensor("BYTES", (1,), ["No"]), "probabilities": Tensor("FP32", (1, 2), struct.pack("<2f", 1, 0))}
        ),
        1,
    )
    _say(f"decode a row of {COLUMNS} columns, {len(body)} bytes of JSON", _cpu(lambda: _decoded(row, body), 2000))
    _say("encode its answer", _cpu(lambda: answer_forms.protocol("application/json", row, request, answer), 2000))
    for datatype in ("FP32", "UINT8"):
        image, sent, length = _image(datatype)
        _say(f"decode a {datatype} image as bytes", _cpu(lambda: _decoded(image, sent, length), 200))  # noqa: B023
    return write([_large("flat"), _large("nested")])


def _large(form: str) -> dict[str, object]:
    numbers = np.random.default_rng(7).random(NUMBERS).tolist()
    width = NUMBERS // ROWS
    data = numbers if form == "flat" else [numbers[at : at + width] for at in range(0, NUMBERS, width)]
    one = {"name": "x", "shape": [ROWS, width], "datatype": "FP32", "data": data}
    body = json.dumps({"inputs": [one]}, separators=(",", ":")).encode()
    model = _model((TensorSpec(name="x", datatype="FP32", shape=(-1, -1)),))

    def bare() -> Any:
        return np.array(orjson.loads(body)["inputs"][0]["data"], np.float32)

    def ours() -> Any:
        return _decoded(model, body).inputs["x"]

    if not np.array_equal(bare().reshape(-1), ours().reshape(-1)):
        raise SystemExit("the two do not read the same numbers")
    least, whole = _cpu(bare, 3), _cpu(ours, 3)
    _say(f"decode {len(body):,} bytes of JSON numbers, {form}", whole)
    _say("orjson and numpy.array alone", least)
    return at_most(f"large-json-{form}", whole / least, BOUND)


def _table() -> tuple[ModelManifest, bytes]:
    kinds = ["FP32" if at % 2 else "BYTES" for at in range(COLUMNS)]
    specs = tuple(TensorSpec(name=f"column_{at}", datatype=kind, shape=(-1, 1)) for at, kind in enumerate(kinds))  # type: ignore[arg-type]
    inputs = [
        {
            "name": spec.name,
            "shape": [1, 1],
            "datatype": spec.datatype,
            "data": [1.5 if spec.datatype == "FP32" else "a"],
        }
        for spec in specs
    ]
    return _model(specs), json.dumps({"inputs": inputs}).encode()


def _image(datatype: str) -> tuple[ModelManifest, bytes, str]:
    pixels = np.ones(IMAGE, np.float32 if datatype == "FP32" else np.uint8).tobytes()
    one = {"name": "x", "shape": IMAGE, "datatype": datatype, "parameters": {"binary_data_size": len(pixels)}}
    text = json.dumps({"inputs": [one]}).encode()
    spec = TensorSpec(name="x", datatype=datatype, shape=(-1, *IMAGE[1:]))  # type: ignore[arg-type]
    return _model((spec,)), text + pixels, str(len(text))


def _model(inputs: tuple[TensorSpec, ...]) -> ModelManifest:
    made = manifest("churn", "0" * 12, graph("churn"))
    return made.model_copy(update={"signature": Signature(inputs=inputs, outputs=OUTPUTS, classes=("No", "Yes"))})


def _decoded(model: ModelManifest, body: bytes, length: str | None = None) -> InferRequest:
    media = "application/json" if length is None else "application/octet-stream"
    return for_protocol(received(body, media, LIMITS, length), model, LIMITS)


def _cpu(call: Callable[[], object], times: int) -> float:
    """Microseconds of CPU of one call, the best of seven rounds."""
    call()
    rounds = []
    for _ in range(7):
        started = time.process_time_ns()
        for _ in range(times):
            call()
        rounds.append((time.process_time_ns() - started) / times / 1000)
    return cast(float, min(rounds))


def _say(what: str, microseconds: float) -> None:
    print(f"{microseconds:12.1f} us  {what}")


if __name__ == "__main__":
    sys.exit(main())
