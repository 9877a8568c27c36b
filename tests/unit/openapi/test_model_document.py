"""A model's own document: exactly what its signature takes and gives."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cli.openapi.document import api_document
from lepton.endpoint.docs.model_document import narrowed
from lepton.endpoint.docs.signature_schemas import value_schema
from lepton.model_package.manifest import ModelManifest, TensorSpec
from tests.unit.endpoint.packages import graph, manifest
from tests.unit.openapi.contract import body_schema, misfits

API = api_document()
VERSION = "0123456789ab"
ROW = {"age": None, "plan": "pro", "calls": 3}


def _manifest(name: str) -> ModelManifest:
    return manifest(name, VERSION, graph(name))


def _document(name: str, *, of_version: bool = False) -> dict[str, Any]:
    return narrowed(API, _manifest(name), of_version=of_version)


def _request(**data: Any) -> dict[str, Any]:
    kinds = {"age": "FP32", "plan": "BYTES", "calls": "FP32"}
    return {"inputs": [{"name": k, "datatype": kinds[k], "shape": [1, 1], "data": v} for k, v in data.items()]}


def _misfits(document: dict[str, Any], path: str, body: Any) -> list[str]:
    return misfits(document, body_schema(document["paths"][path]["post"]), body)


def test_its_routes_are_those_of_this_model() -> None:
    paths = set(_document("churn")["paths"])
    assert {"/v2/models/churn", "/v2/models/churn/infer", "/models/churn/invocations"} <= paths
    assert not any("{model}" in path or "{version}" in path for path in paths)
    assert not any(path.startswith("/models/churn/aliases") for path in paths)


def test_a_version_has_the_routes_with_its_number() -> None:
    paths = set(_document("churn", of_version=True)["paths"])
    assert f"/v2/models/churn/versions/{VERSION}/infer" in paths
    assert all(VERSION in path for path in paths)


@pytest.mark.parametrize("name", ["churn", "price", "tone"])
def test_its_examples_are_what_it_takes(name: str) -> None:
    document = _document(name)
    for path in (f"/v2/models/{name}/infer", f"/models/{name}/invocations"):
        example = document["paths"][path]["post"]["requestBody"]["content"]["application/json"].get("example")
        assert example is not None or name == "tone"
        assert example is None or _misfits(document, path, example) == []


@pytest.mark.parametrize("name", ["churn", "price", "tone"])
def test_every_reference_in_it_leads_to_something_and_nothing_is_left_over(name: str) -> None:
    text = str(_document(name))
    schemas = _document(name)["components"]["schemas"]
    assert "RunState" not in schemas
    assert [one for one in schemas if f"#/components/schemas/{one}'" not in text] == []


def test_a_request_as_it_should_be_fits() -> None:
    assert _misfits(_document("churn"), "/v2/models/churn/infer", _request(age=[None], plan=["pro"], calls=[3])) == []


@pytest.mark.parametrize(
    "body",
    [
        _request(age=[1], plan=["pro"]),
        _request(age=[1], plan=["gold"], calls=[3]),
        _request(age=["old"], plan=["pro"], calls=[3]),
        {"inputs": [{"name": "ages", "datatype": "FP32", "shape": [1, 1], "data": [1]}] * 3},
        {"inputs": _request(age=[1], plan=["pro"], calls=[3])["inputs"], "outputs": [{"name": "shade"}]},
    ],
    ids=["an input too few", "a closed category", "text for a number", "unknown names", "an unknown output"],
)
def test_a_request_that_would_be_refused_does_not_fit(body: dict[str, Any]) -> None:
    assert _misfits(_document("churn"), "/v2/models/churn/infer", body) != []


@pytest.mark.parametrize(
    ("change", "fits"), [({}, True), ({"id": 7}, True), ({"plan": "gold"}, False), ({"calls": None}, False)]
)
def test_a_row_is_held_to_the_columns(change: dict[str, Any], fits: bool) -> None:
    document = _document("churn")
    assert (misfits(document, {"$ref": "#/components/schemas/Row"}, ROW | change) == []) == fits


def test_only_a_model_of_images_takes_an_image() -> None:
    kinds = {
        name: set(_document(name)["paths"][f"/v2/models/{name}/infer"]["post"]["requestBody"]["content"])
        for name in ("churn", "tone")
    }
    assert "image/png" in kinds["tone"] - kinds["churn"]


def test_the_document_that_it_is_made_from_stays_as_it_is() -> None:
    before = copy.deepcopy(API)
    _document("churn")
    assert before == API


@pytest.mark.parametrize(
    ("datatype", "schema"),
    [
        ("UINT8", {"type": "integer", "minimum": 0, "maximum": 255}),
        ("INT16", {"type": "integer", "minimum": -32768, "maximum": 32767}),
        ("FP16", {"type": "number"}),
        ("BOOL", {"type": "boolean"}),
        ("BYTES", {"type": "string"}),
    ],
)
def test_a_datatype_is_a_kind_of_value(datatype: Any, schema: dict[str, Any]) -> None:
    assert value_schema(TensorSpec(name="x", datatype=datatype, shape=(-1, 1))) == schema
