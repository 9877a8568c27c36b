"""Routes of jobs: uploads, whole files, requests that are answered later, what became of them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel

from lepton.endpoint import document
from lepton.endpoint.exchange import Reply
from lepton.endpoint.jobs.desk import Asker, JobDesk, ReferenceAsked, TransformAsked, UploadAsked
from lepton.endpoint.jobs.links import Links
from lepton.endpoint.jobs.records import JobRecord, StoredCall, TransformReport
from lepton.endpoint.replies import VERSION_HEADER, of_json
from lepton.endpoint.route import Call
from lepton.errors import Conflict, InvalidRequest, Misconfigured
from lepton.ports import Entry

if TYPE_CHECKING:
    from lepton.endpoint.body import Body
    from lepton.endpoint.model import Model

LINK_SECONDS = 900
# Headers of a request that say how its body is read and what its answer looks like.
KEPT = ("content-type", "accept", "inference-header-content-length")
# Uploads that are one request; every other file is rows.
_REQUESTS = {
    **{".json": "application/json", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"},
    **{".webp": "image/webp", ".npy": "application/x-npy"},
}
_Value = TypeVar("_Value", bound=BaseModel)


def new_upload(call: Call) -> Reply:
    wanted = _parsed(UploadAsked, call)
    token = secrets.token_hex(8)
    return of_json(_desk(call).offer(call.path["model"], wanted, _links(call), token, _now()), 201)


def new_transform(call: Call) -> Reply:
    wanted, desk, name = _parsed(TransformAsked, call), _desk(call), call.path["model"]
    entry = desk.uploaded(name, wanted.input.upload)
    version = call.serving.endpoint.model(name, wanted.version).manifest.version
    return _accepted(call, desk.transform(name, version, entry, wanted.output, _asker(call)))


def status(call: Call) -> Reply:
    told = _desk(call).status(call.path["model"], call.path["job"])
    headers = {"Retry-After": "1"} if told["state"] in ("queued", "running") else {}
    return of_json(told, headers=headers)


def cancel(call: Call) -> Reply:
    return of_json(_desk(call).cancel(call.path["model"], call.path["job"], _asker(call)))


def result(call: Call) -> Reply:
    """The stored answer itself where it fits into one; links else."""
    desk = _desk(call)
    record, report = desk.result(call.path["model"], call.path["job"])
    if isinstance(report, TransformReport):
        return of_json(_files(call, report, desk.report_key(record)))
    if report.answer is None or report.status is None:
        raise Conflict(f"job {record.job} is {report.state}: there is no result", pointer="/job")
    if report.bytes > call.serving.limits.answer_bytes:
        link = _links(call).download(report.answer)
        told = {"url": link, "bytes": report.bytes, "status": report.status, "headers": report.headers}
        return of_json(told | {"expires_in": LINK_SECONDS}, headers=_versioned(record))
    return Reply(report.status, {**report.headers, **_versioned(record)}, desk.answer(record))


def is_wanted_later(prefer: str) -> bool:
    """Whether the header Prefer (RFC 7240) asks for an answer later."""
    return any(one.partition(";")[0].strip().lower() == "respond-async" for one in prefer.split(","))


def later(call: Call, body: Body, check: Callable[[Model], str | None]) -> Reply:
    """202 for a prediction. `check` holds the body against the model and gives the request's id; it raises as a
    prediction does. A body that names an upload is taken at its word: the file is looked at when its turn comes.
    """
    name, wanted = call.path["model"], call.path.get("version")
    model = call.serving.endpoint.model(name, wanted)
    version = model.manifest.version
    reference = _reference(body)
    if reference is None:
        return _stored(call, version, body.data, check(model))
    entry = _desk(call).uploaded(name, reference.input.upload)
    suffix = entry.key[entry.key.rfind(".") :].lower()
    if suffix in _REQUESTS:
        return _stored(call, version, entry, reference.id, _REQUESTS[suffix])
    return _accepted(call, _desk(call).transform(name, version, entry, reference.output, _asker(call)))


def _stored(call: Call, version: str, body: bytes | Entry, name: str | None, media: str | None = None) -> Reply:
    headers = {key: call.exchange.headers[key] for key in KEPT if key in call.exchange.headers}
    key = call.exchange.headers.get("idempotency-key") or name
    asked = StoredCall(
        path=call.exchange.path.rstrip("/").rpartition("/")[2],
        version=call.path.get("version"),
        headers=headers | ({"content-type": media} if media else {}),
        query=dict(call.exchange.query or {}),
    )
    job = key.encode() if key else secrets.token_bytes(16)
    record = _desk(call).infer(call.path["model"], version, asked, body, job, _asker(call))
    return _accepted(call, record, name)


def _accepted(call: Call, record: JobRecord, name: str | None = None) -> Reply:
    path = f"/v2/models/{record.model}/jobs/{record.job}"
    state = _desk(call).status(record.model, record.job)["state"]
    told = {"job": record.job, "state": state, "model_name": record.model, "model_version": record.version}
    told |= {"path": path} | ({"id": name} if name is not None else {})
    applied = {"Preference-Applied": "respond-async"} if "prefer" in call.exchange.headers else {}
    headers = {"Location": call.exchange.base + path, "Retry-After": "1", **applied, **_versioned(record)}
    return of_json(told, 202, headers)


def _reference(body: Body) -> ReferenceAsked | None:
    """The body as one that names an upload; None when it is a request itself."""
    if body.media != "application/json" or len(body.data) > 2_000 or b'"upload"' not in body.data:
        return None
    value = document.read(body.data)
    return _checked(ReferenceAsked, value) if isinstance(value, dict) and "input" in value else None


def _files(call: Call, report: TransformReport, key: str) -> dict[str, Any]:
    links = _links(call)

    def linked(keys: tuple[str, ...]) -> list[dict[str, str]]:
        return [{"key": one, "url": links.download(one)} for one in keys]

    return {
        "job": report.job,
        "state": report.state,
        "model_name": report.model,
        "model_version": report.version,
        "predictions": linked(report.predictions),
        "rejected_rows": linked(report.rejected_rows),
        "report": linked((key,))[0],
        "expires_in": LINK_SECONDS,
    }


def _desk(call: Call) -> JobDesk:
    return JobDesk(call.serving.landing(), call.serving.lake)


def _links(call: Call) -> Links:
    if call.serving.links is None:
        raise Misconfigured("this server signs no uploads and no links", hint="ask the deployed API")
    return call.serving.links()


def _asker(call: Call) -> Asker:
    return Asker(call.exchange.caller, _now().isoformat())


def _now() -> datetime:
    return datetime.now(UTC)


def _versioned(record: JobRecord) -> dict[str, str]:
    return {VERSION_HEADER: record.version}


def _parsed(model: type[_Value], call: Call) -> _Value:
    return _checked(model, document.read(call.exchange.body))


def _checked(model: type[_Value], value: Any) -> _Value:
    from pydantic import ValidationError

    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        problem = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
        place = document.at(*problem["loc"])
        raise InvalidRequest(f"{place or 'body'}: {problem['msg']}", pointer=place) from wrong
