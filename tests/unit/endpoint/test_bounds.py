"""Ranges and categories of a signature: refused or warned of, in every form that carries them."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lepton import lake
from lepton.endpoint import bounds, oip, tables
from lepton.endpoint.request import Limits
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import ModelManifest, Signature, TensorSpec
from lepton.registry import Registry, Verdict
from tests.unit.endpoint.packages import AT, CHURN, graph, manifest
from tests.unit.endpoint.wire_world import World, world


def price(**bound: Any) -> Signature:
    rooms = TensorSpec(name="rooms", datatype="FP32", shape=(-1, 1), **bound)
    area = TensorSpec(name="area", datatype="FP32", shape=(-1, 1))
    return Signature(inputs=(rooms, area), outputs=(TensorSpec(name="prediction", datatype="FP32", shape=(-1,)),))


def rooms(*values: float, many: int = 1) -> dict[str, Any]:
    data = [*values] * many
    return {
        "inputs": [
            {
                "name": name,
                "shape": [len(data), 1],
                "datatype": "FP32",
                "data": data if name == "rooms" else [1] * len(data),
            }
            for name in ("rooms", "area")
        ]
    }


@pytest.mark.parametrize("many", [1, 300])
@pytest.mark.parametrize(
    ("value", "fits"), [(0, True), (0.1, True), (-0.001, False), (10, True), (10.5, False), (0.3, True)]
)
def test_a_range_holds_on_both_paths(value: float, fits: bool, many: int) -> None:
    signature = price(minimum=0.0, maximum=10.0)
    if fits:
        assert oip.decode(rooms(value, many=many), signature, Limits()).warnings == ()
        return
    with pytest.raises(InvalidRequest, match="from 0 to 10") as refused:
        oip.decode(rooms(value, many=many), signature, Limits())
    assert refused.value.pointer == "/inputs/0/data/0"


def test_a_bound_is_rounded_as_the_numbers_are() -> None:
    signature = price(minimum=0.1, maximum=0.1)
    assert oip.decode(rooms(0.1), signature, Limits()).rows == 1
    assert oip.decode(rooms(0.1, many=300), signature, Limits()).rows == 300


@pytest.mark.parametrize("many", [1, 300])
def test_a_range_that_warns_lets_in_and_tells(many: int) -> None:
    signature = price(maximum=10.0, on_violation="warn")
    made = oip.decode(rooms(1, 11, many=many), signature, Limits())
    assert (made.inputs["rooms"][1, 0], len(made.warnings)) == (11.0, 1)
    assert made.warnings[0].startswith("'rooms' is 11.0, the model takes numbers to 10 (element 1")
    assert oip.decode(rooms(1, 2), signature, Limits()).warnings == ()


def test_a_range_holds_for_bytes_and_for_integers() -> None:
    spec = TensorSpec(name="x", datatype="UINT8", shape=(-1,), maximum=100.5)
    assert bounds.outside(np.array([1, 101], np.uint8), spec) == {1: "'x' is 101, the model takes numbers to 100.5"}
    large = TensorSpec(name="x", datatype="INT64", shape=(-1,), minimum=-1.0, maximum=1e30)
    assert list(bounds.outside(np.array([-2, 2**62], np.int64), large)) == [0]


def test_a_missing_value_is_in_no_range() -> None:
    signature = price(minimum=0.0, nullable=True)
    inputs, wrong = tables.fitted({"rooms": [None, -1.0], "area": [1, 1]}, signature, tables.as_given)
    assert np.isnan(inputs["rooms"][0, 0])
    assert [(misfit.row, misfit.column) for misfit in wrong] == [(1, "rooms")]


def test_an_unknown_category_is_warned_of_where_the_signature_says_so() -> None:
    plan = CHURN.inputs[1].model_copy(update={"closed": False, "on_violation": "warn"})
    signature = CHURN.model_copy(update={"inputs": (CHURN.inputs[0], plan, CHURN.inputs[2])})
    columns = {"age": [1], "plan": ["gold"], "calls": [1]}
    made = tables.request(columns, signature, tables.as_given, lambda _: "")
    assert made.warnings == ("'plan' is 'gold', which was not seen in training (element 0)",)
    assert tables.request(columns | {"plan": ["pro"]}, signature, tables.as_given, lambda _: "").warnings == ()


def test_a_manifest_from_before_there_were_ranges_is_read() -> None:
    text = json.loads(manifest("churn", "0" * 12, graph("churn")).model_dump_json())
    for spec in text["signature"]["inputs"] + text["signature"]["outputs"]:
        for name in ("minimum", "maximum", "on_violation", "infinity"):
            del spec[name]
    read = ModelManifest.model_validate_json(json.dumps(text))
    assert read.signature.inputs[0].on_violation == "refuse"


@pytest.fixture
def served() -> Iterator[World]:
    """With `wary`: `price`, which warns of more than ten rooms."""
    with world() as made:
        onnx = graph("price")
        wary = manifest("price", "1" * 12, onnx).model_copy(
            update={"model": "wary", "signature": price(maximum=10.0, on_violation="warn")}
        )
        made.store.put(lake.package_prefix("wary", wary.version) + "model.onnx", onnx)
        made.store.put(lake.package_manifest("wary", wary.version), wary.model_dump_json().encode())
        registry = Registry(made.store)
        registry.record(Verdict(model="wary", version=wary.version, run="r", passed=True, checks=(), at=AT))
        registry.promote("wary", "live", wary.version, by="test", at=AT)
        yield made


def test_a_warning_is_in_every_answer(served: World) -> None:
    said = ["'rooms' is 11.0, the model takes numbers to 10 (element 0)"]
    assert served.json("/v2/models/wary/infer", rooms(11))[1]["parameters"]["warnings"] == said
    columns = {"inputs": {"rooms": [11], "area": [1]}}
    assert served.json("/models/wary/invocations", columns)[1]["warnings"] == said
    assert served.json("/v1/models/wary:predict", columns)[1] == {"outputs": [112.0], "warnings": said}
    reply = served.post("/models/wary/invocations", columns, accept="text/csv")
    assert json.loads(reply.headers["X-Lepton-Warnings"]) == said


def test_a_warning_is_given_for_bytes_too(served: World) -> None:
    body = rooms(1)
    del body["inputs"][0]["data"]
    body["inputs"][0]["parameters"] = {"binary_data_size": 4}
    text = json.dumps(body).encode()
    headers = {"content_type": "application/octet-stream", "inference_header_content_length": str(len(text))}
    answer = served.json("/v2/models/wary/infer", text + struct.pack("<f", 99), **headers)[1]
    assert answer["parameters"]["warnings"] == ["'rooms' is 99.0, the model takes numbers to 10 (element 0)"]


def test_the_metadata_tell_the_range(served: World) -> None:
    told = served.json("/v2/models/wary")[1]["inputs"][0]["parameters"]
    assert told == {"nullable": False, "maximum": 10.0, "on_violation": "warn"}
