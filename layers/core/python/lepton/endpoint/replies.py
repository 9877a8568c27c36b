"""Values and errors into replies: the one place of the endpoint where an error class becomes a status."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lepton.endpoint.exchange import Exchange, Reply
from lepton.error_answers import bug_body, error_body, no_route_body, retry_headers, wrong_method_body
from lepton.errors import LeptonError

if TYPE_CHECKING:
    from lepton.model_package.manifest import ModelManifest

JSON = "application/json"
VERSION_HEADER = "X-Lepton-Model-Version"


def of_json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A value as JSON. NaN and infinity are bugs here."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Reply(status, {"Content-Type": JSON} | (dict(headers) if headers else {}), text.encode())


def of_model(manifest: ModelManifest, value: Any) -> Reply:
    """A value as JSON that a version of a model gave."""
    return of_json(value, headers={VERSION_HEADER: manifest.version})


def refused(error: LeptonError, exchange: Exchange) -> Reply:
    return of_json(error_body(error, exchange.request_id), error.status, retry_headers(error))


def bug(exchange: Exchange) -> Reply:
    return of_json(bug_body(exchange.request_id), 500)


def no_route(exchange: Exchange, methods: list[str]) -> Reply:
    """404, or 405 where another method is answered."""
    if methods:
        body = wrong_method_body(exchange.method, exchange.path, exchange.request_id)
        return of_json(body, 405, {"Allow": ", ".join(methods)})
    return of_json(no_route_body(exchange.method, exchange.path, exchange.request_id), 404)
