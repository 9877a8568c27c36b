"""What the API tells of itself: the documents as they were made with this version, and each model's own, made now."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from lepton.endpoint.docs.model_document import alone, narrowed
from lepton.endpoint.exchange import Reply
from lepton.endpoint.replies import of_model
from lepton.endpoint.route import Call

_HERE = Path(__file__).parent
_SLOT = '<script id="document" type="application/json"></script>'


def document(call: Call) -> Reply:
    """The whole API; from a server of its own (`lepton serve`) only what that answers."""
    return Reply(200, {"Content-Type": "application/json"}, _text(call))


def of_model_version(call: Call) -> Reply:
    """The live version's, or that of the version in the path. Raises what `Endpoint.model` raises."""
    version = call.path.get("version")
    manifest = call.serving.endpoint.model(call.path["model"], version).manifest
    whole = alone(_document()) if _is_alone(call) else _document()
    return of_model(manifest, narrowed(whole, manifest, of_version=version is not None))


def page(call: Call) -> Reply:
    """One file that needs no other: the document is in it, so that it can be kept and read anywhere."""
    # Inside a script only "</" could end it early; in JSON it may as well be written "<\/".
    held = _text(call).replace(b"</", b"<\\/")
    body = _file("page.html").replace(_SLOT.encode(), _SLOT.encode().replace(b"></", b">" + held + b"</"))
    return Reply(200, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}, body)


def _text(call: Call) -> bytes:
    return json.dumps(alone(_document())).encode() if _is_alone(call) else _file("openapi.json")


def _is_alone(call: Call) -> bool:
    """What signs no uploads stands in no deployment: there is nothing beside it."""
    return call.serving.links is None


# What the page may do: run its own script, show pictures that it was given, and call the API that it came from.
_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def _document() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(_file("openapi.json"))
    return made


@cache
def _file(name: str) -> bytes:
    return (_HERE / name).read_bytes()
