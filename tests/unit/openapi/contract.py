"""An OpenAPI document held against what goes over the wire."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator

JSON = "application/json"


def misfits(document: dict[str, Any], schema: dict[str, Any], instance: Any) -> list[str]:
    """What does not fit a schema of the document; the placeholder `<any>` of a golden file fits everything."""
    validator = Draft202012Validator({**schema, "components": document["components"]})
    return [f"{it.json_path}: {it.message[:300]}" for it in validator.iter_errors(instance) if it.instance != "<any>"]


def answer_schema(document: dict[str, Any], operation: dict[str, Any], status: int) -> dict[str, Any]:
    """The schema of the JSON that an operation answers with a status."""
    told = operation["responses"]
    response = told.get(str(status)) or told[f"{str(status)[0]}XX"]
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rpartition("/")[2]]
    return dict(response["content"][JSON]["schema"])


def body_schema(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of the JSON that an operation takes."""
    return dict(operation["requestBody"]["content"][JSON]["schema"])
