"""API Gateway: the REST API with Lambda proxy integration, events of version 1.

The template asks for IAM authorisation. Here every request is let in, signed or not: who can reach the loopback
interface is the user. Everything else is as deployed: routes, limits (10 MB, 29 s), binary media types both ways,
gateway responses. The stage in the path is optional.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from devcloud.environments import Outcome
from devcloud.functions import Functions
from devcloud.http_server import Environ, StartResponse
from devcloud.identities import ACCOUNT
from devcloud.routes import Route, Routes
from lepton.errors import Throttled, TooLarge

BODY_LIMIT = 10 * 1024 * 1024
_SECONDS = 29.0
Headers = list[tuple[str, str]]
_REFUSALS = {
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long"),
    "THROTTLED": (429, "Too Many Requests"),
    "DEFAULT_5XX": (502, "Internal server error"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out"),
}


class Gateway:
    """A WSGI application over the API of the template."""

    def __init__(self, body: Mapping[str, Any], stage: str, functions: Functions) -> None:
        self._routes = Routes.of(body)
        self._stage = stage
        self._functions = functions
        self._binary = [str(one).replace("~1", "/") for one in body.get("x-amazon-apigateway-binary-media-types", [])]
        self._responses: Mapping[str, Any] = body.get("x-amazon-apigateway-gateway-responses") or {}
        self._pool = ThreadPoolExecutor(64, thread_name_prefix="api")

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        request_id = str(uuid.uuid4())
        status, headers, body = self._answer(environ, request_id)
        start_response(f"{status} .", [*headers, ("x-amzn-RequestId", request_id)])
        return [body]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, environ: Environ, request_id: str) -> tuple[int, Headers, bytes]:
        path = environ["RAW_URI"].partition("?")[0]
        found = self._routes.find(environ["REQUEST_METHOD"], path)
        prefix = f"/{self._stage}"
        if found is None and (path == prefix or path.startswith(f"{prefix}/")):
            path = path.removeprefix(prefix) or "/"
            found = self._routes.find(environ["REQUEST_METHOD"], path)
        if found is None:
            return self._refusal("MISSING_AUTHENTICATION_TOKEN", request_id)
        if len(environ["devcloud.body"]) > BODY_LIMIT:
            return self._refusal("REQUEST_TOO_LARGE", request_id)
        event = self._event(environ, path, *found, request_id)
        try:
            outcome = self._pool.submit(self._functions.invoke, found[0].function, event).result(_SECONDS)
        except Throttled:
            return self._refusal("THROTTLED", request_id)
        except TooLarge:
            return self._refusal("REQUEST_TOO_LARGE", request_id)
        except Late:
            return self._refusal("INTEGRATION_TIMEOUT", request_id)
        return self._proxied(outcome, environ) or self._refusal("DEFAULT_5XX", request_id)

    def _event(
        self, environ: Environ, path: str, route: Route, parameters: dict[str, str], request_id: str
    ) -> dict[str, Any]:
        sent: Headers = environ["devcloud.headers"]
        query = parse_qsl(environ["QUERY_STRING"], keep_blank_values=True)
        body, encoded = self._body(environ)
        return {
            "resource": route.resource,
            "path": unquote(path),
            "httpMethod": environ["REQUEST_METHOD"],
            "headers": dict(sent) or None,
            "multiValueHeaders": _many(sent),
            "queryStringParameters": dict(query) or None,
            "multiValueQueryStringParameters": _many(query),
            "pathParameters": parameters or None,
            "stageVariables": None,
            "requestContext": self._context(environ, path, route, request_id),
            "body": body,
            "isBase64Encoded": encoded,
        }

    def _context(self, environ: Environ, path: str, route: Route, request_id: str) -> dict[str, Any]:
        now = datetime.now(UTC)
        return {
            "accountId": ACCOUNT,
            "apiId": "local",
            "domainName": environ.get("HTTP_HOST", ""),
            "domainPrefix": "local",
            "extendedRequestId": request_id,
            "httpMethod": environ["REQUEST_METHOD"],
            "identity": {
                "accessKey": None,
                "accountId": None,
                "caller": None,
                "sourceIp": environ["REMOTE_ADDR"],
                "user": None,
                "userAgent": environ.get("HTTP_USER_AGENT"),
                "userArn": None,
            },
            "path": f"/{self._stage}{unquote(path)}",
            "protocol": environ["SERVER_PROTOCOL"],
            "requestId": request_id,
            "requestTime": now.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(time.time() * 1000),
            "resourceId": "local",
            "resourcePath": route.resource,
            "stage": self._stage,
        }

    def _body(self, environ: Environ) -> tuple[str | None, bool]:
        body: bytes = environ["devcloud.body"]
        if not body:
            return None, False
        if self._is_binary(environ.get("CONTENT_TYPE", "application/json")):
            return base64.b64encode(body).decode(), True
        return body.decode("utf-8", errors="replace"), False

    def _is_binary(self, media_type: str) -> bool:
        kind = media_type.partition(";")[0].strip().lower()
        family = f"{kind.partition('/')[0]}/*"
        return any(one in ("*/*", kind, family) for one in self._binary)

    def _proxied(self, outcome: Outcome, environ: Environ) -> tuple[int, Headers, bytes] | None:
        """The function's answer as HTTP; None when it is not one."""
        if outcome.error is not None:
            return None
        try:
            answer = outcome.value()
            status = int(answer.get("statusCode", 200))
            headers = _sent(answer)
            text = answer.get("body")
            body = text.encode() if isinstance(text, str) else b"" if text is None else json.dumps(text).encode()
            # The first type in Accept decides whether bytes are sent as bytes; see API Gateway's binary media types.
            accepted = environ.get("HTTP_ACCEPT", "").partition(",")[0]
            if answer.get("isBase64Encoded") and self._is_binary(accepted):
                body = base64.b64decode(body)
        except (AttributeError, TypeError, ValueError):
            return None
        if not any(name.lower() == "content-type" for name, _ in headers):
            headers.append(("Content-Type", "application/json"))
        return status, headers, body

    def _refusal(self, kind: str, request_id: str) -> tuple[int, Headers, bytes]:
        """The gateway's own refusal, in the form that the template gives it."""
        status, message = _REFUSALS[kind]
        default = "DEFAULT_5XX" if status >= 500 else "DEFAULT_4XX"
        response = self._responses.get(kind) or self._responses.get(default) or {}
        template = (response.get("responseTemplates") or {}).get("application/json", "")
        text = template or '{"message":$context.error.messageString}'
        text = text.replace("$context.error.messageString", json.dumps(message)).replace(
            "$context.requestId", request_id
        )
        headers = [
            (name.removeprefix("gatewayresponse.header."), str(value).strip("'"))
            for name, value in (response.get("responseParameters") or {}).items()
        ]
        error_type = ("x-amzn-ErrorType", f"{message.replace(' ', '')}Exception")
        return (
            int(response.get("statusCode", status)),
            [("Content-Type", "application/json"), error_type, *headers],
            text.encode(),
        )


def _many(pairs: Headers) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found or None


def _sent(answer: Mapping[str, Any]) -> Headers:
    many = answer.get("multiValueHeaders") or {}
    headers = [(name, str(value)) for name, values in many.items() for value in values]
    single = answer.get("headers") or {}
    return headers + [(name, str(value)) for name, value in single.items() if name not in many]
