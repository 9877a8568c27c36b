"""TensorFlow Serving's REST API: rows (`instances`) answered by rows, columns (`inputs`) by columns."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lepton.endpoint import accept, answers, document, invocations
from lepton.endpoint.answer_forms import json_reply
from lepton.endpoint.body import Body, is_json
from lepton.errors import InvalidRequest, UnsupportedMedia

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lepton.endpoint.exchange import Reply
    from lepton.endpoint.request import InferAnswer, InferRequest, Limits
    from lepton.model_package.manifest import ModelManifest

_ALLOWED = frozenset({"signature_name", "instances", "inputs"})
_SIGNATURES = ("", "serving_default")


def decode(body: Body, manifest: ModelManifest, limits: Limits) -> InferRequest:
    """A body of …:predict. Raises CallerError."""
    if not is_json(body.media):
        raise UnsupportedMedia(
            f"content type {body.media[:80]!r} is not read here", hint=f"Content-Type: {accept.JSON}"
        )
    given = document.members(document.read(body.data), _ALLOWED, "", "a predict request")
    name = given.get("signature_name")
    if name is not None and name not in _SIGNATURES:
        raise InvalidRequest(
            f"there is no signature {str(name)[:80]!r}",
            pointer="/signature_name",
            hint="serving_default, or leave it out",
        )
    forms = [form for form in ("instances", "inputs") if form in given]
    if len(forms) != 1:
        found = "both" if forms else "neither"
        raise InvalidRequest(f"instances or inputs is needed, there is {found}", pointer="")
    request = invocations.of_form(forms[0], given[forms[0]], manifest.signature, limits)
    return replace(request, columnar=forms[0] == "inputs")


def encode(
    _media: str,
    manifest: ModelManifest,
    request: InferRequest,
    answer: InferAnswer,
    extra: Mapping[str, Any] = answers.NOTHING,
) -> Reply:
    """`predictions` for rows, `outputs` for columns; a model of one output gives it without its name."""
    columns = answers.nested(manifest, answer)
    only = next(iter(columns.values())) if len(columns) == 1 else None
    if request.columnar:
        told: dict[str, Any] = {"outputs": columns if only is None else only}
    elif only is not None:
        told = {"predictions": only}
    else:
        told = {
            "predictions": [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
        }
    told |= {"warnings": list(request.warnings)} if request.warnings else {}
    return json_reply(manifest, told | dict(extra))
