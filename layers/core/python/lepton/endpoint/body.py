"""The body of an HTTP request as bytes with a media type, and the one decision which decoder reads it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from lepton.endpoint import document, invocations, oip, pictures
from lepton.endpoint.request import InferRequest, Limits
from lepton.errors import InvalidRequest, NotAcceptable, TooLarge, UnsupportedMedia
from lepton.model_package.manifest import ModelManifest

JSON = "application/json"
CSV = "text/csv"


@dataclass(frozen=True, slots=True)
class Body:
    """`media` in lower case without parameters; `charset` as the header has it, UTF-8 without."""

    data: bytes
    media: str
    charset: str = "utf-8"


def received(text: str | None, is_base64: bool, content_type: str | None, limits: Limits) -> Body:
    """What API Gateway hands over, as bytes. Raises InvalidRequest, TooLarge."""
    text = text or ""
    if len(text) > (limits.body_bytes * 4 // 3 + 4 if is_base64 else limits.body_bytes):
        raise TooLarge(
            f"the body is over {limits.body_bytes:,} bytes", pointer="", hint="upload it as a file under predict-in/"
        )
    media, _, parameters = (content_type or JSON).partition(";")
    try:
        data = base64.b64decode(text, validate=True) if is_base64 else text.encode()
    except (binascii.Error, ValueError) as error:
        raise InvalidRequest(f"the body is not what it is said to be: {error}", pointer="") from error
    charset = parameters.partition("charset=")[2].strip().strip('"').lower() or "utf-8"
    return Body(data, media.strip().lower(), charset)


def check_accept(accept: str | None) -> None:
    """Raises NotAcceptable when the caller takes no JSON at all."""
    ranges = {one.partition(";")[0].strip().lower() for one in (accept or "*/*").split(",")}
    if not ranges & {"*/*", "application/*", JSON}:
        raise NotAcceptable(f"there is no answer as {accept!r}", hint=f"Accept: {JSON}")


def check_encoding(encoding: str | None) -> None:
    """Raises UnsupportedMedia for a compressed body."""
    if encoding and encoding.lower() != "identity":
        raise UnsupportedMedia(f"content encoding {encoding[:40]!r} is not read here", hint="send it uncompressed")


def for_protocol(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    """A body of …/infer: the protocol's JSON, or an image. Raises CallerError."""
    if body.media in pictures.TYPES:
        return pictures.decode(body.data, manifest.signature, limits)
    if not _is_json(body.media):
        raise UnsupportedMedia(
            f"content type {body.media!r} is not read here",
            hint=f"Content-Type: {JSON}, or {', '.join(sorted(pictures.TYPES))}; CSV goes to /models/NAME/invocations",
        )
    parsed = document.read(body.data)
    _check_names(parsed, manifest)
    return oip.decode(parsed, manifest.signature, limits)


def for_invocation(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    """A body of …/invocations: any of the JSON forms, CSV, or an image. Raises CallerError."""
    if body.media in pictures.TYPES:
        return pictures.decode(body.data, manifest.signature, limits)
    if body.media == CSV:
        return invocations.decode_csv(_text(body), manifest.signature, limits)
    if not _is_json(body.media):
        raise UnsupportedMedia(
            f"content type {body.media!r} is not read here",
            hint=f"Content-Type: {JSON}, {CSV}, or {', '.join(sorted(pictures.TYPES))}",
        )
    parsed = document.read(body.data)
    _check_names(parsed, manifest)
    return invocations.decode(parsed, manifest.signature, limits)


def _is_json(media: str) -> bool:
    return media == JSON or (media.startswith("application/") and media.endswith("+json"))


def _check_names(parsed: object, manifest: ModelManifest) -> None:
    """A body that names a model or version itself must mean the one that answers."""
    for member, named, answering in zip(
        ("model_name", "model_version"), oip.names(parsed), (manifest.model, manifest.version), strict=True
    ):
        if named is not None and named != answering:
            raise InvalidRequest(
                f"the body is for {str(named)[:80]!r}, the path for {answering!r}", pointer=f"/{member}"
            )


def _text(body: Body) -> str:
    try:
        return body.data.decode(body.charset)
    except LookupError as error:
        raise UnsupportedMedia(f"there is no charset {body.charset[:40]!r}", hint="charset=utf-8") from error
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            f"the body is not {body.charset}: byte {error.start}", pointer="", hint="name its charset in Content-Type"
        ) from error
