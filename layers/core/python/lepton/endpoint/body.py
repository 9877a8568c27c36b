"""The body of an HTTP request as bytes with a media type, and the one decision which decoder reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lepton.endpoint import accept, document, frame, oip
from lepton.endpoint.request import InferRequest, Limits
from lepton.errors import InvalidRequest, TooLarge, UnsupportedMedia

if TYPE_CHECKING:
    from lepton.model_package.manifest import ModelManifest

PICTURES = ("image/png", "image/jpeg", "image/webp")
FORM = "multipart/form-data"
_INVOCATIONS = (accept.JSON, accept.CSV, accept.JSON_LINES, accept.NDJSON, accept.NPY, *PICTURES, FORM)


@dataclass(frozen=True, slots=True)
class Body:
    """`media` in lower case without parameters; `length`: what Inference-Header-Content-Length says of the JSON."""

    data: bytes
    media: str = accept.JSON
    content_type: str = accept.JSON
    length: str | None = None

    @property
    def charset(self) -> str:
        """As the content type has it, UTF-8 without."""
        found = self.content_type.lower().partition("charset=")[2].partition(";")[0]
        return found.strip().strip('"') or "utf-8"


def received(data: bytes, content_type: str | None, limits: Limits, length: str | None = None) -> Body:
    """The bytes with what the headers say of them. Raises TooLarge."""
    if len(data) > limits.body_bytes:
        raise TooLarge(
            f"the body is over {limits.body_bytes:,} bytes", pointer="", hint="upload it as a file under predict-in/"
        )
    said = content_type or accept.JSON
    return Body(data, said.partition(";")[0].strip().lower(), said, length)


def check_encoding(encoding: str | None) -> None:
    """Raises UnsupportedMedia for a compressed body."""
    if encoding and encoding.lower() != "identity":
        raise UnsupportedMedia(f"content encoding {encoding[:40]!r} is not read here", hint="send it uncompressed")


def for_protocol(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    """A body of …/infer: the protocol's JSON, with bytes behind it or not, bytes alone, or an image."""
    if body.media in PICTURES:
        return _picture(body, manifest, limits)
    if body.media == accept.BYTES and body.length in (None, "0"):
        return _raw(body, manifest, limits)
    if body.media != accept.BYTES and not is_json(body.media):
        raise _unread(
            body.media, (accept.JSON, accept.BYTES, *PICTURES), "; other forms go to /models/NAME/invocations"
        )
    text, tail = frame.split(body.data, body.length)
    parsed = document.read(text)
    check_names(parsed, manifest)
    return oip.decode(parsed, manifest.signature, limits, tail)


def for_invocation(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    """A body of …/invocations: any of the JSON forms, CSV, JSON lines, .npy, an image, or a form with one of them."""
    if is_json(body.media):
        from lepton.endpoint import invocations

        parsed = document.read(body.data)
        check_names(parsed, manifest)
        return invocations.decode(parsed, manifest.signature, limits)
    read = _READERS.get(body.media)
    if read is None:
        raise _unread(body.media, _INVOCATIONS)
    return read(body, manifest, limits)


def check_names(parsed: object, manifest: ModelManifest) -> None:
    """A body that names a model or version itself must mean the one that answers."""
    for member, named, answering in zip(
        ("model_name", "model_version"), oip.names(parsed), (manifest.model, manifest.version), strict=True
    ):
        if named is not None and named != answering:
            raise InvalidRequest(
                f"the body is for {str(named)[:80]!r}, the path for {answering!r}", pointer=f"/{member}"
            )


def with_fields(request: InferRequest, fields: Mapping[str, str]) -> InferRequest:
    """The request with `id` and `top_k` as a form or a query has them, where the body has none. Others are refused."""
    parameters, request_id = dict(request.parameters), request.id
    for name, text in fields.items():
        if name == "id":
            request_id = request_id or text
        elif name == "top_k":
            if not (text.isascii() and text.isdigit()) or len(text) > 6:
                raise InvalidRequest(f"top_k is {text[:40]!r}, not a number of classes", pointer="/top_k")
            parameters.setdefault("top_k", int(text))
        elif name in ("explain", "receipt"):
            parameters.setdefault(name, text)
        else:
            hint = "one of id, top_k, explain, receipt"
            raise InvalidRequest(f"there is no field {name[:80]!r}", pointer=f"/{name[:80]}", hint=hint)
    return replace(request, parameters=parameters, id=request_id)


def is_json(media: str) -> bool:
    return media == accept.JSON or (media.startswith("application/") and media.endswith("+json"))


def _unread(media: str, read: tuple[str, ...], more: str = "") -> UnsupportedMedia:
    hint = "Content-Type: one of " + ", ".join(read) + more
    return UnsupportedMedia(f"content type {media[:80]!r} is not read here", hint=hint)


def _picture(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    from lepton.endpoint import pictures

    return pictures.decode(body.data, manifest.signature, limits)


def _raw(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    made = oip.of_tensors([frame.raw(body.data, manifest.signature)], manifest.signature, limits)
    return replace(made, binary=True)


def _csv(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    from lepton.endpoint import invocations

    return invocations.decode_csv(_text(body), manifest.signature, limits)


def _json_lines(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    from lepton.endpoint import json_lines

    return json_lines.decode(body.data, manifest.signature, limits)


def _npy(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    from lepton.endpoint import npy

    return oip.of_tensors(npy.tensors(body.data, manifest.signature), manifest.signature, limits)


def _form(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    from lepton.endpoint import multipart

    form = multipart.parsed(body.data, body.content_type)
    inner = received(form.file, form.content_type, limits)
    if inner.media == FORM:
        raise _unread(inner.media, _INVOCATIONS[:-1])
    return with_fields(for_invocation(inner, manifest, limits), form.fields)


def _text(body: Body) -> str:
    try:
        return body.data.decode(body.charset)
    except LookupError as error:
        raise UnsupportedMedia(f"there is no charset {body.charset[:40]!r}", hint="charset=utf-8") from error
    except ValueError as error:  # UnicodeError, or a charset that no name can be
        where = f": byte {error.start}" if isinstance(error, UnicodeDecodeError) else ""
        raise InvalidRequest(
            f"the body is not {body.charset[:40]}{where}", pointer="", hint="name its charset in Content-Type"
        ) from error


_READERS: dict[str, Callable[[Body, ModelManifest, Limits], InferRequest]] = {
    **dict.fromkeys(PICTURES, _picture),
    accept.CSV: _csv,
    accept.JSON_LINES: _json_lines,
    accept.NDJSON: _json_lines,
    accept.NPY: _npy,
    FORM: _form,
}
