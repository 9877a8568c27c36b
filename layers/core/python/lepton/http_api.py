"""The HTTP edge: requests into values, errors into answers. Errors of the control routes become answers here."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import BaseModel, ValidationError

from lepton.error_answers import bug_body, error_body, no_route_body, retry_headers
from lepton.errors import InvalidRequest, LeptonError
from lepton.observability import logger

JSON = "application/json"
Model = TypeVar("Model", bound=BaseModel)


def resolver() -> APIGatewayRestResolver:
    """A router whose routes may raise any of our errors; whatever else they raise is a bug, told as such."""
    app = APIGatewayRestResolver(serializer=_dumps)
    app.exception_handler(LeptonError)(lambda error: error_response(error, request_id(app)))
    app.exception_handler(Exception)(lambda error: bug_response(error, request_id(app)))
    app.not_found(lambda _: not_found_response(app))
    return app


def error_response(error: LeptonError, request: str) -> Response[str]:
    """The answer to one of our errors; only faults on our side are logged as errors."""
    log = logger().error if error.status >= 500 else logger().info
    # A caller's fault is told to the caller: the message may quote what was sent, which no log line may.
    reason = error.message if error.status >= 500 else None
    log("request refused", status=error.status, code=error.code, reason=reason, pointer=error.pointer)
    return Response(error.status, JSON, _dumps(error_body(error, request)), headers=retry_headers(error))


def bug_response(error: Exception, request: str) -> Response[str]:
    """A bug: the trace goes to the log, the caller gets the request id to name it by."""
    logger().exception("bug", exc_info=error)
    return Response(500, JSON, _dumps(bug_body(request)))


def not_found_response(app: APIGatewayRestResolver) -> Response[str]:
    event = app.current_event
    return Response(404, JSON, _dumps(no_route_body(event.http_method, event.path, request_id(app))))


def request_id(app: APIGatewayRestResolver) -> str:
    return str(app.current_event.request_context.request_id or app.lambda_context.aws_request_id)


def caller(app: APIGatewayRestResolver) -> str:
    """Who is calling, for the record: the IAM identity that API Gateway verified, or `anonymous`."""
    identity = app.current_event.request_context.identity
    return str(identity.user_arn or "anonymous")


def json_body(app: APIGatewayRestResolver) -> Any:
    """The body as JSON; an empty one is {}. Raises InvalidRequest."""
    text = app.current_event.decoded_body
    if not text:
        return {}
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(f"the body is not JSON: {error}", pointer="") from error


def parsed(model: type[Model], value: Any, error: type[InvalidRequest] = InvalidRequest) -> Model:
    """The value as a model. Raises `error` with a pointer to the first field that is wrong, and all of them told."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        raise validation_error(wrong, error) from wrong


def validation_error(wrong: ValidationError, kind: type[InvalidRequest] = InvalidRequest) -> InvalidRequest:
    problems = wrong.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{pointer(problem['loc']) or 'body'}: {problem['msg']}" for problem in problems[:10]]
    return kind("; ".join(told), pointer=pointer(problems[0]["loc"]))


def pointer(location: tuple[int | str, ...]) -> str:
    """A JSON pointer (RFC 6901) from pydantic's location."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in location)


def _dumps(value: Any) -> str:
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    raise TypeError(f"{type(value).__name__} is not JSON")
