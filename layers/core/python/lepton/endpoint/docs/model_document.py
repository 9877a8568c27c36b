"""A model's own OpenAPI document: the API's, narrowed to the routes and the bodies of this one model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lepton.endpoint.docs.signature_schemas import invocation_example, request_example, schemas

OpenApi = dict[str, Any]
_JSON = "application/json"
_MODEL, _VERSION = "{model}", "{version}"
_KNOWN = {("path", "model"), ("path", "version")}


def narrowed(document: Mapping[str, Any], manifest: Any, *, of_version: bool) -> OpenApi:
    """The document of the version that `manifest` tells of: by its own path, or by that of the live one.

    The document that is given is left as it is; the one that comes back shares parts of it.
    """
    paths: dict[str, Any] = {}
    for path, methods in document["paths"].items():
        if _MODEL in path and (_VERSION in path) == of_version:
            kept = {method: _operation(it, manifest) for method, it in methods.items() if _answers(it)}
            if kept:
                paths[path.replace(_MODEL, manifest.model).replace(_VERSION, manifest.version)] = kept
    known = {**document["components"]["schemas"], **schemas(manifest)}
    depth = 5 if of_version else 3
    return {
        **{key: value for key, value in document.items() if key not in ("paths", "components", "tags")},
        "info": {
            **document["info"],
            "title": manifest.model,
            "version": manifest.version,
            "summary": _summary(manifest),
        },
        "servers": [{"url": "../" * depth}],
        "paths": paths,
        "components": {
            **document["components"],
            "schemas": _reached(known, [paths, document["components"]["responses"]]),
        },
    }


def alone(document: Mapping[str, Any]) -> OpenApi:
    """The document of a server that is only the endpoint: no control routes, and nothing to sign for."""
    paths = {
        path: kept
        for path, methods in document["paths"].items()
        if (kept := {method: it for method, it in methods.items() if _answers(it)})
    }
    components = {key: it for key, it in document["components"].items() if key != "securitySchemes"}
    roots = [paths, components["responses"]]
    return {
        **{key: value for key, value in document.items() if key != "security"},
        "paths": paths,
        "components": {**components, "schemas": _reached(document["components"]["schemas"], roots)},
    }


def _summary(manifest: Any) -> str:
    inputs = len(manifest.signature.inputs)
    told = f"{inputs} inputs" if inputs > 1 else f"one input, {manifest.signature.inputs[0].name}"
    return f"{manifest.task.replace('_', ' ').capitalize()} by {manifest.algorithm}, {told}"


def _answers(operation: Mapping[str, Any]) -> bool:
    return operation.get("x-lepton-function") == "PredictFunction"


def _operation(operation: Mapping[str, Any], manifest: Any) -> OpenApi:
    """The operation with the model in its path, and only the bodies that this model takes."""
    left = [one for one in operation.get("parameters", ()) if (one["in"], one["name"]) not in _KNOWN]
    made = {key: value for key, value in operation.items() if key != "parameters"}
    if left:
        made["parameters"] = left
    if "requestBody" in operation:
        body = operation["requestBody"]
        made["requestBody"] = {**body, "content": _content(body["content"], manifest.signature)}
    return made


def _content(content: Mapping[str, Any], signature: Any) -> OpenApi:
    examples = {"InferenceRequest": request_example(signature), "Invocation": invocation_example(signature)}
    made: OpenApi = {}
    for media, told in content.items():
        if media.startswith("image/") and signature.image is None:
            continue
        names = [str(one.get("$ref", "")).rpartition("/")[2] for one in told["schema"].get("anyOf", [told["schema"]])]
        example = next((examples[name] for name in names if name in examples), None) if media == _JSON else None
        made[media] = {**told, "example": example} if example else told
    return made


def _reached(known: Mapping[str, Any], roots: list[Any]) -> OpenApi:
    """The components that are referred to, directly or by another one."""
    found: dict[str, Any] = {}
    waiting = list(roots)
    while waiting:
        value = waiting.pop()
        if isinstance(value, Mapping):
            name = str(value.get("$ref", "")).rpartition("#/components/schemas/")[2]
            if name in known and name not in found:
                found[name] = known[name]
                waiting.append(known[name])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return dict(sorted(found.items()))
