"""A model that gives back what it takes, for every datatype of the protocol: JSON and bytes, in and out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper

from lepton import lake
from lepton.endpoint import binary
from lepton.endpoint.arrays import NUMPY
from lepton.model_package.manifest import Signature, TensorSpec
from lepton.registry import Registry, Verdict
from tests.unit.endpoint.packages import AT, manifest
from tests.unit.endpoint.wire_world import World, world

CODES = {
    **{
        "BOOL": TensorProto.BOOL,
        "UINT8": TensorProto.UINT8,
        "UINT16": TensorProto.UINT16,
        "UINT32": TensorProto.UINT32,
    },
    **{"UINT64": TensorProto.UINT64, "INT8": TensorProto.INT8, "INT16": TensorProto.INT16, "INT32": TensorProto.INT32},
    **{"INT64": TensorProto.INT64, "FP16": TensorProto.FLOAT16, "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE},
    "BYTES": TensorProto.STRING,
}
EDGES: dict[str, list[Any]] = {
    **{name: [int(np.iinfo(NUMPY[name]).min), 0, int(np.iinfo(NUMPY[name]).max)] for name in CODES if "INT" in name},
    **{
        name: [float(-np.finfo(NUMPY[name]).max), 0.5, float(np.finfo(NUMPY[name]).tiny)]
        for name in ("FP16", "FP32", "FP64")
    },
    "BOOL": [True, False, True],
    "BYTES": ["é", "a:b\n", "\U0001f600"],
}


def _specs(side: str) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name=f"{side}_{name}", datatype=name, shape=(-1, 1)) for name in CODES)


def _graph() -> bytes:
    def values(side: str) -> list[Any]:
        return [helper.make_tensor_value_info(f"{side}_{name}", code, ["N", 1]) for name, code in CODES.items()]

    nodes = [helper.make_node("Identity", [f"in_{name}"], [f"out_{name}"]) for name in CODES]
    made = helper.make_graph(nodes, "echo", values("in"), values("out"))
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    with world() as made:
        onnx, version = _graph(), "e" * 12
        signature = Signature(inputs=_specs("in"), outputs=_specs("out"))
        told = manifest("price", version, onnx).model_copy(update={"model": "echo", "signature": signature})
        made.store.put(lake.package_prefix("echo", version) + "model.onnx", onnx)
        made.store.put(lake.package_manifest("echo", version), told.model_dump_json().encode())
        Registry(made.store).record(Verdict(model="echo", version=version, run="r", passed=True, checks=(), at=AT))
        Registry(made.store).promote("echo", "live", version, by="test", at=AT)
        yield made


def tensor(name: str) -> dict[str, Any]:
    return {"name": f"in_{name}", "shape": [3, 1], "datatype": name}


def raw(name: str) -> bytes:
    return binary.encoded(name, np.array(EDGES[name], dtype=NUMPY[name]))


@pytest.mark.parametrize("many", [1, 200])
def test_json_gives_back_every_value(served: World, many: int) -> None:
    inputs = [tensor(name) | {"shape": [3 * many, 1], "data": EDGES[name] * many} for name in CODES]
    status, answer = served.json("/v2/models/echo/infer", {"inputs": inputs})
    assert status == 200, answer
    assert {one["datatype"]: one["data"] for one in answer["outputs"]} == {name: EDGES[name] * many for name in CODES}


def test_bytes_give_back_every_bit(served: World) -> None:
    tails = {name: raw(name) for name in CODES}
    inputs = [tensor(name) | {"parameters": {"binary_data_size": len(tails[name])}} for name in CODES]
    text = json.dumps({"inputs": inputs, "parameters": {"binary_data_output": True}}).encode()
    headers = {"content_type": "application/octet-stream", "inference_header_content_length": str(len(text))}
    reply = served.post("/v2/models/echo/infer", text + b"".join(tails.values()), **headers)
    length = int(reply.headers["Inference-Header-Content-Length"])
    sizes = [one["parameters"]["binary_data_size"] for one in json.loads(reply.body[:length])["outputs"]]
    assert (reply.status, sizes) == (200, [len(tail) for tail in tails.values()])
    assert reply.body[length:] == b"".join(tails.values())


@pytest.mark.parametrize("form", ["dataframe_records", "instances", "inputs", "dataframe_split"])
def test_every_form_carries_every_datatype(served: World, form: str) -> None:
    columns = {f"in_{name}": EDGES[name] for name in CODES}
    records = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    split = {"columns": list(columns), "data": [list(row.values()) for row in records]}
    value = {"inputs": columns, "dataframe_split": split}.get(form, records)
    answer = served.json("/models/echo/invocations", {form: value})[1]
    wanted = [{f"out_{name}": [EDGES[name][row]] for name in CODES} for row in range(3)]
    assert answer["predictions"] == wanted
