"""What an error says over HTTP, as plain values: `{"error", "code", "pointer", "hint", "request_id"}`."""

from __future__ import annotations

from typing import Any

from lepton.errors import LeptonError


def error_body(error: LeptonError, request: str) -> dict[str, Any]:
    """One of our errors; `pointer` and `hint` are left out when there are none."""
    body = {"error": error.message, "code": error.code, "pointer": error.pointer, "hint": error.hint}
    return {key: value for key, value in body.items() if value is not None} | {"request_id": request}


def retry_headers(error: LeptonError) -> dict[str, str]:
    """When to come back, in seconds, where that helps."""
    return {"Retry-After": "1"} if error.retry else {}


def bug_body(request: str) -> dict[str, Any]:
    """A bug: the trace goes to the log, the caller gets the request id to name it by."""
    return {"error": "something went wrong on our side", "code": "internal_error", "request_id": request}


def no_route_body(method: str, path: str, request: str) -> dict[str, Any]:
    return {"error": f"no route {method} {path}", "code": "no_such_route", "request_id": request}


def wrong_method_body(method: str, path: str, request: str) -> dict[str, Any]:
    return {"error": f"{path} does not answer {method}", "code": "method_not_allowed", "request_id": request}
