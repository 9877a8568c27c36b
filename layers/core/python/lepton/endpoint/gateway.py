"""API Gateway's REST proxy event into an Exchange, a Reply into what it takes back."""

from __future__ import annotations

import binascii
from typing import TYPE_CHECKING, Any

from lepton.endpoint.exchange import Exchange, Reply
from lepton.errors import InvalidRequest, NotAcceptable

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# The template's BinaryMediaTypes: requests of these types come in base64, and answers go out as bytes for them.
BINARY = (
    *("image/png", "image/jpeg", "image/webp"),
    *("application/octet-stream", "application/x-npy", "multipart/form-data"),
)
_TEXT = ("application/json", "text/", "application/x-ndjson", "application/jsonlines", "image/svg+xml")


def exchange(event: dict[str, Any], context: LambdaContext, body: bytes) -> Exchange:
    """The request, its body as `body` reads it: to refuse one that cannot be read, the rest has to be known."""
    about = event.get("requestContext") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    several = event.get("multiValueHeaders") or {}
    for name, values in several.items():
        if len(values) > 1 or len(several) != len(headers):
            headers[name.lower()] = ",".join(values)
    return Exchange(
        method=event["httpMethod"].upper(),
        path=_decoded(event["path"]),
        headers=headers,
        query=dict(event.get("queryStringParameters") or {}),
        body=body,
        request_id=str(about.get("requestId") or context.aws_request_id),
        caller=str((about.get("identity") or {}).get("userArn") or "anonymous"),
        base=str(about.get("path") or "").removesuffix(event["path"]),
    )


def body(event: dict[str, Any]) -> bytes:
    """The body as it was sent. Raises InvalidRequest."""
    text = event.get("body") or ""
    try:
        return binascii.a2b_base64(text, strict_mode=True) if event.get("isBase64Encoded") else text.encode()
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"the body is not what it is said to be: {error}", pointer="") from error


def check_sendable(reply: Reply, asked: Exchange) -> None:
    """Raises NotAcceptable for bytes that API Gateway would hand on as base64 text.

    It makes bytes of them only when the first type in Accept is one of the API's binary media types.
    """
    media = reply.headers.get("Content-Type", "")
    if media.startswith(_TEXT):
        return
    first = asked.headers.get("accept", "").partition(",")[0].partition(";")[0].strip().lower()
    if first not in BINARY:
        raise NotAcceptable(
            "the answer is bytes, and Accept does not begin with a type that API Gateway sends bytes for",
            hint=f"Accept: {media}",
        )


def answer(reply: Reply) -> dict[str, Any]:
    """Text as it is, anything else in base64."""
    is_text = reply.headers.get("Content-Type", "").startswith(_TEXT)
    return {
        "statusCode": reply.status,
        "multiValueHeaders": {name: [value] for name, value in reply.headers.items()},
        "body": reply.body.decode() if is_text else binascii.b2a_base64(reply.body, newline=False).decode(),
        "isBase64Encoded": not is_text,
    }


def _decoded(path: str) -> str:
    if "%" not in path:
        return path
    from urllib.parse import unquote

    return unquote(path)
