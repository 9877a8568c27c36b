"""Lambda's Invoke, for clients that call a function by name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import unquote

from devcloud.async_invokes import AsyncInvokes
from devcloud.front import json_answer
from devcloud.functions import Functions
from devcloud.http_server import Environ, StartResponse
from lepton.errors import NotFound, Throttled, TooLarge

_INVOKE = re.compile(r"/2015-03-31/functions/([^/]+)/invocations")


class LambdaApi:
    """A WSGI application with the one operation."""

    def __init__(self, functions: Functions, invokes: AsyncInvokes) -> None:
        self._functions = functions
        self._invokes = invokes

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        found = _INVOKE.fullmatch(environ["PATH_INFO"])
        if not found:
            return _wrong(start_response, 501, "NotImplemented", "the local cloud has Invoke only")
        function, payload = unquote(found.group(1)), environ["devcloud.body"] or b"{}"
        try:
            if environ.get("HTTP_X_AMZ_INVOCATION_TYPE") == "Event":
                self._invokes.submit(function, payload.decode())
                return json_answer(start_response, 202, {})
            outcome = self._functions.invoke(function, payload)
        except NotFound as error:
            return _wrong(start_response, 404, "ResourceNotFoundException", error.message)
        except Throttled as error:
            return _wrong(start_response, 429, "TooManyRequestsException", error.message)
        except TooLarge as error:
            return _wrong(start_response, 413, "RequestTooLargeException", error.message)
        headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", "$LATEST")]
        failed = [("X-Amz-Function-Error", outcome.error)] if outcome.error else []
        start_response("200 OK", headers + failed)
        return [outcome.payload]


def _wrong(start_response: StartResponse, status: int, kind: str, message: str) -> Iterable[bytes]:
    start_response(f"{status} .", [("Content-Type", "application/json"), ("x-amzn-ErrorType", kind)])
    return [json.dumps({"Type": "User", "message": message, "Message": message}).encode()]
