"""The OpenAPI document is whole, is of the routes that there are, and is what the API answers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cli.openapi import predict
from cli.openapi.document import api_document
from cli.openapi.routes import silent
from tests.house.repository import functions
from tests.unit.openapi.contract import JSON, answer_schema, body_schema, misfits

ROOT = Path(__file__).parents[3]
DOCUMENT = api_document()
OPERATIONS = {
    (method.upper(), path): it for path, methods in DOCUMENT["paths"].items() for method, it in methods.items()
}
EXPECTED = sorted((ROOT / "events").glob("*/*.expected.json"))


def _references(value: Any) -> set[str]:
    if isinstance(value, list):
        return {one for it in value for one in _references(it)}
    if not isinstance(value, dict):
        return set()
    own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
    return own.union(*(_references(one) for one in value.values()))


def _operation(event: dict[str, Any]) -> dict[str, Any] | None:
    """The operation of a proxy event: the path with the most fixed steps that fits."""
    fitting = [
        path
        for method, path in OPERATIONS
        if method == event["httpMethod"]
        and re.fullmatch(re.sub(r"{\w+}", "[^/]+", re.sub(r"\.", r"\\.", path)), event["path"])
    ]
    found = sorted(fitting, key=lambda path: path.count("{"))
    return OPERATIONS[event["httpMethod"], found[0]] if found else None


def _event(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.with_name(path.name.replace(".expected", "")).read_text()))


def _answer(path: Path) -> Any:
    """(operation, status, body) of a golden answer in JSON; None for one that is no such thing."""
    event, answer = _event(path), json.loads(path.read_text())
    told = _operation(event) if "httpMethod" in event and "statusCode" in answer else None
    body = answer.get("body")
    is_json = isinstance(body, dict | list) and "bytes" not in body
    return (told, answer["statusCode"], body) if told and is_json else None


def _request(path: Path) -> Any:
    """(operation, body) of a golden request in JSON that is answered well; None for one that is no such thing."""
    event = _event(path)
    told = _operation(event) if event.get("body") and not event["isBase64Encoded"] else None
    media = (event.get("headers") or {}).get("Content-Type", JSON)
    takes = told and JSON in told.get("requestBody", {}).get("content", {}) and "/training-specs" not in event["path"]
    good = json.loads(path.read_text()).get("statusCode", 500) < 300
    return (told, json.loads(event["body"])) if takes and good and media == JSON else None


def _stem(path: Path) -> str:
    return path.name.partition(".")[0]


def test_every_route_says_what_it_is() -> None:
    assert silent() == []


def test_what_is_said_of_a_route_of_predict_is_said_of_one_that_is_there() -> None:
    assert set(predict.OPERATIONS) - {(method, path) for method, path, _, _ in predict.routes()} == set()


def test_its_routes_are_those_of_the_template() -> None:
    events = [event for it in functions().values() for event in it["Events"].values() if event["Type"] == "Api"]
    routed = {(event["Properties"]["Method"], event["Properties"]["Path"]) for event in events}
    assert {(method, path.removesuffix(":predict")) for method, path in OPERATIONS} == routed


def test_every_reference_leads_to_something() -> None:
    parts = {f"#/components/{kind}/{name}" for kind, it in DOCUMENT["components"].items() for name in it}
    assert _references(DOCUMENT) - parts == set()


def test_every_component_is_used() -> None:
    schemas = {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]}
    assert schemas - _references(DOCUMENT) == set()


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_a_component_is_a_json_schema(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENT["components"]["schemas"][name])


def test_no_two_operations_have_one_name() -> None:
    names = [it["operationId"] for it in OPERATIONS.values()]
    assert sorted(set(names)) == sorted(names)
    assert all(re.fullmatch(r"[a-z0-9_]+", name) for name in names)


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_an_operation_tells_its_parameters_its_answer_and_its_errors(method: str, path: str) -> None:
    told = OPERATIONS[method, path]
    named = [one["name"] for one in told.get("parameters", []) if one["in"] == "path"]
    assert named == re.findall(r"{(\w+)}", path)
    assert {"4XX", "429", "503", "5XX"} < set(told["responses"])
    assert told["summary"]
    assert told["tags"][0] in {tag["name"] for tag in DOCUMENT["tags"]}


def test_every_request_is_signed() -> None:
    assert DOCUMENT["security"] == [{"sigv4": []}]
    assert DOCUMENT["components"]["securitySchemes"]["sigv4"]["x-amazon-apigateway-authtype"] == "awsSigv4"


@pytest.mark.parametrize("path", [it for it in EXPECTED if _answer(it)], ids=_stem)
def test_a_golden_answer_is_one_that_the_document_tells_of(path: Path) -> None:
    operation, status, body = _answer(path)
    assert misfits(DOCUMENT, answer_schema(DOCUMENT, operation, status), body) == []


@pytest.mark.parametrize("path", [it for it in EXPECTED if _request(it)], ids=_stem)
def test_a_request_that_is_answered_is_one_that_the_document_tells_of(path: Path) -> None:
    operation, body = _request(path)
    assert misfits(DOCUMENT, body_schema(operation), body) == []


def test_there_are_golden_answers_of_most_routes() -> None:
    events = [json.loads(path.read_text()) for path in (ROOT / "events").glob("*/*.json")]
    asked = [_operation(event) for event in events if "httpMethod" in event]
    assert len({it["operationId"] for it in asked if it}) > 40
    assert len([it for it in EXPECTED if _answer(it)]) > 50
    assert len([it for it in EXPECTED if _request(it)]) >= 10
