"""The OpenAPI 3.1 document, put together from the routes and the models that they name."""

from __future__ import annotations

import copy
import re
import types
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Union, get_args, get_origin

import lepton
from cli.openapi import other_forms, protocol
from cli.openapi.components import Mode, models
from cli.openapi.protocol import Schema, ref
from cli.openapi.routes import Described, described
from lepton.operation import JSON

_TAGS = {
    "serving": "Predictions, by the Open Inference Protocol v2 and in the forms of other servers.",
    "jobs": "Whole files, and predictions that are answered later.",
    "models": "Versions, and what the gate said of them.",
    "rollout": "Where aliases point: promote, roll back, canary and shadow, and what became of predictions.",
    "training": "Specs that are kept, and the runs that come of them.",
    "datasets": "Uploads, and the dataset versions that come of them.",
    "capacity": "What to provision for the load to come, at what cost and risk.",
    "documents": "This API, told.",
}
_PARAMETERS = {
    "name": "The dataset: a-z, 0-9 and '-'.",
    "model": "The model: a-z, 0-9 and '-'.",
    "version": "12 hexadecimal digits.",
    "run": "The run's id.",
    "alias": "The alias: `live`, or another.",
    "upload": "The upload's id.",
    "job": "The job's id.",
    "receipt": "The receipt's id.",
    "resource": "What the load is of: a-z, 0-9 and '-'.",
}
_JOBS = re.compile(r"/(uploads|transforms|jobs)\b")
_ROLLOUT = re.compile(r"/(aliases|rollout|outcomes)\b")
_RETRY = {"Retry-After": {"description": "Seconds until the next try.", "schema": {"type": "integer", "minimum": 0}}}


def api_document() -> dict[str, Any]:
    """All routes of all functions. Pure, but for reading the code."""
    found = sorted(described(), key=_place)
    definitions, names = models([one.operation for one in found])
    ids = _ids(found)
    paths: dict[str, Any] = {}
    for one in found:
        paths.setdefault(one.path, {})[one.method.lower()] = {"operationId": ids[one.method, one.path]} | _operation(
            one, names
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Lepton",
            "version": lepton.__version__,
            "summary": "A serverless AI backend for your own AWS account",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "./", "description": "Where this document came from"}],
        "security": [{"sigv4": []}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "securitySchemes": {"sigv4": _sigv4()},
            "responses": _responses(),
            "schemas": dict(sorted((copy.deepcopy(protocol.SCHEMAS | other_forms.SCHEMAS) | definitions).items())),
        },
    }


def _sigv4() -> Schema:
    return {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
        "description": "AWS Signature Version 4, service execute-api. The local cloud takes unsigned requests.",
    }


def _responses() -> Schema:
    error = {JSON: {"schema": ref("Error")}}
    return {
        "Refused": {"description": "The caller can mend it: see `code`, `pointer` and `hint`.", "content": error},
        "Later": {"description": "The same call may succeed later.", "headers": _RETRY, "content": error},
        "Failed": {"description": "A fault on our side.", "content": error},
    }


def _place(one: Described) -> tuple[int, bool, str, str]:
    """By topic; the protocol's own routes before those of other servers."""
    return list(_TAGS).index(_tag(one)), not one.path.startswith("/v2"), one.path, one.method


def _tag(one: Described) -> str:
    first = one.path.split("/")[1]
    if one.path.endswith("openapi.json") or first == "docs":
        return "documents"
    if one.function == "PredictFunction":
        return "jobs" if _JOBS.search(one.path) else "serving"
    if first == "models" and _ROLLOUT.search(one.path):
        return "rollout"
    return "training" if first.startswith("training") else first


def _operation(one: Described, names: Mapping[tuple[Any, Mode], str]) -> dict[str, Any]:
    told = one.operation
    answers = {
        str(status): {
            "description": "The answer." if status < 400 else "Refused.",
            "content": {media: {"schema": _schema(it, "serialization", names)} for media, it in bodies.items()},
        }
        for status, bodies in told.gives.items()
    }
    errors = {status: {"$ref": f"#/components/responses/{name}"} for status, name in _ERRORS.items()}
    body = {media: {"schema": _schema(it, "validation", names)} for media, it in told.takes.items()}
    parameters = [
        *_path_parameters(one.path),
        *_named_parameters("query", told.query),
        *_named_parameters("header", told.headers),
    ]
    return (
        {"summary": told.summary, "tags": [_tag(one)]}
        | ({"parameters": parameters} if parameters else {})
        | ({"requestBody": {"required": True, "content": body}} if body else {})
        | {"responses": answers | errors, "x-lepton-function": one.function}
    )


_ERRORS = {"4XX": "Refused", "429": "Later", "503": "Later", "5XX": "Failed"}


def _ids(found: list[Described]) -> dict[tuple[str, str], str]:
    """A name for each operation: its handler's, with as much of the path, and the method, before it as is needed."""
    made: dict[tuple[str, str], str] = {}
    left = found
    for way in (_named, _with_step, _with_path, _with_all):
        counts = Counter(map(way, left))
        made |= {(one.method, one.path): way(one) for one in left if counts[way(one)] == 1}
        left = [one for one in left if counts[way(one)] > 1]
    return made


def _named(one: Described) -> str:
    return one.name


def _with_step(one: Described) -> str:
    return f"{_steps(one)[-1]}_{one.name}"


def _with_path(one: Described) -> str:
    return "_".join([*_steps(one), one.name])


def _with_all(one: Described) -> str:
    return f"{one.method.lower()}_{_with_path(one)}"


def _steps(one: Described) -> list[str]:
    """The fixed steps of the path, but for one that says the same as the handler's name."""
    steps = [re.sub(r"\W", "_", step) for step in one.path.split("/") if step and "{" not in step]
    return [step for step in steps if step != one.name] or steps


def _path_parameters(path: str) -> Iterator[Schema]:
    for name in re.findall(r"{(\w+)\+?}", path):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PARAMETERS.get(name, ""),
            "schema": {"type": "string"},
        }


def _named_parameters(place: str, told: Mapping[str, str]) -> Iterator[Schema]:
    for name, text in told.items():
        yield {"name": name, "in": place, "required": False, "description": text, "schema": {"type": "string"}}


def _schema(body: Any, mode: Mode, names: Mapping[tuple[Any, Mode], str]) -> Schema:
    """A body as a schema: a model by its component, a schema as it is, several as any of them."""
    if isinstance(body, Mapping):
        return dict(body)
    if isinstance(body, tuple) or get_origin(body) in (Union, types.UnionType):
        several = body if isinstance(body, tuple) else get_args(body)
        return {"anyOf": [_schema(one, mode, names) for one in several]}
    return ref(names[body, mode])
