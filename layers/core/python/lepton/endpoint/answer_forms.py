"""An answer in the media type that was asked for: what goes out on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lepton.endpoint import accept, answers, document
from lepton.endpoint.exchange import Reply
from lepton.endpoint.frame import HEADER
from lepton.endpoint.replies import VERSION_HEADER
from lepton.errors import NotAcceptable

if TYPE_CHECKING:
    from lepton.endpoint.request import InferAnswer, InferRequest
    from lepton.model_package.manifest import ModelManifest

PROTOCOL = (accept.JSON, accept.BYTES)
INVOCATION = (accept.JSON, accept.CSV, accept.JSON_LINES, accept.NDJSON, accept.NPY)
WARNINGS_HEADER = "X-Lepton-Warnings"
Extra = Mapping[str, Any]


def protocol(
    media: str, manifest: ModelManifest, request: InferRequest, answer: InferAnswer, extra: Extra = answers.NOTHING
) -> Reply:
    """The protocol's JSON, with bytes behind it when an output goes out as bytes: asked for, or what `media` says."""
    if media == accept.BYTES and request.binary is None:
        request = replace(request, binary=True)
    told, tail = answers.protocol(manifest, request, answer, extra)
    head = document.written(told)
    if not tail:
        return _reply(accept.JSON, manifest, head)
    reply = _reply(accept.BYTES, manifest, b"".join((head, *tail)))
    return Reply(reply.status, {**reply.headers, HEADER.title(): str(len(head))}, reply.body)


def invocation(
    media: str, manifest: ModelManifest, request: InferRequest, answer: InferAnswer, extra: Extra = answers.NOTHING
) -> Reply:
    """A table of predictions in any of INVOCATION; only JSON has a place for all that there is to say."""
    if media == accept.JSON:
        return json_reply(manifest, answers.invocation(manifest, request, answer, extra))
    if media == accept.CSV:
        body = _csv(manifest, answer, extra)
    elif media == accept.NPY:
        body = _npy(manifest, answer)
    else:
        rows = answers.rows(manifest, request, answer)
        body = b"".join(
            document.written(row | more) + b"\n" for row, more in zip(rows, _decisions(extra, answer), strict=True)
        )
    reply = _reply(media, manifest, body)
    said = {WARNINGS_HEADER: json.dumps(request.warnings[:5])[:2000]} if request.warnings else {}
    return Reply(reply.status, {**reply.headers, **said}, reply.body)


def json_reply(manifest: ModelManifest, value: Any) -> Reply:
    """A value as JSON that a version of a model gave."""
    return _reply(accept.JSON, manifest, document.written(value))


def column_names(manifest: ModelManifest) -> dict[str, list[str]]:
    """The columns of each output in a table: itself, or one for each class or position of a wider one."""
    return {
        spec.name: _columns(spec.name, spec.shape, manifest.signature.classes) for spec in manifest.signature.outputs
    }


def _columns(name: str, shape: tuple[int, ...], classes: tuple[str, ...]) -> list[str]:
    if len(shape) == 1:
        return [name]
    width = 1
    for size in shape[1:]:
        width *= size
    if name == "probabilities" and len(classes) == width:
        return [f"probability_{one}" for one in classes]
    return [f"{name}_{at}" for at in range(width)]


def _decisions(extra: Extra, answer: InferAnswer) -> list[dict[str, str]]:
    """What was decided for each row, {} where the model has no rules."""
    decided: list[dict[str, str]] = extra.get("decisions") or [{}] * answer.rows
    return decided


def _csv(manifest: ModelManifest, answer: InferAnswer, extra: Extra) -> bytes:
    import csv
    import io

    names = column_names(manifest)
    header: list[str] = []
    columns: list[list[Any]] = []
    for name, values in answers.nested(manifest, answer).items():
        rows = [_flat(row) for row in values]
        width = len(rows[0]) if rows else 0
        header += names[name] if len(names[name]) == width else [f"{name}_{at}" for at in range(width)]
        columns += map(list, zip(*rows, strict=True))
    decided = _decisions(extra, answer)
    for name in decided[0] if decided else ():
        header.append(name)
        columns.append([row[name] for row in decided])
    made = io.StringIO()
    writer = csv.writer(made, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(zip(*columns, strict=True))
    return made.getvalue().encode()


def _flat(value: Any) -> list[Any]:
    return [one for part in value for one in _flat(part)] if isinstance(value, list) else [value]


def _npy(manifest: ModelManifest, answer: InferAnswer) -> bytes:
    """The probabilities where there are some, the only output where there is one."""
    from lepton.endpoint import npy

    name = "probabilities" if "probabilities" in answer.outputs else next(iter(answer.outputs))
    if name != "probabilities" and len(answer.outputs) > 1:
        raise NotAcceptable(
            f"a .npy file holds one array, {manifest.model!r} gives {len(answer.outputs)}",
            hint="Accept: " + ", ".join(INVOCATION[:-1]),
        )
    return npy.written(answer.outputs[name])


def _reply(media: str, manifest: ModelManifest, body: bytes) -> Reply:
    return Reply(200, {"Content-Type": media, VERSION_HEADER: manifest.version}, body)
