"""Predictions: a body in, decoded and checked, run once, and told in the form that was asked in."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from lepton.endpoint import accept, answer_forms, answers, enclosures
from lepton.endpoint.body import Body, check_encoding, for_invocation, for_protocol, received, with_fields
from lepton.endpoint.exchange import Exchange, Reply
from lepton.endpoint.frame import HEADER
from lepton.endpoint.request import InferAnswer, InferRequest, Limits
from lepton.endpoint.route import Call
from lepton.errors import TooLarge

if TYPE_CHECKING:
    from lepton.endpoint.model import Model
    from lepton.model_package.manifest import ModelManifest

Decode = Callable[[Body, "ModelManifest", Limits], InferRequest]
Encode = Callable[..., Reply]  # media type, manifest, request, answer, and extra members where there are some


@dataclass(frozen=True, slots=True)
class Form:
    """One way to ask and to be answered; `media` are the types that its answers come in, the usual one first."""

    decode: Decode
    encode: Encode
    media: tuple[str, ...]


PROTOCOL = Form(for_protocol, answer_forms.protocol, answer_forms.PROTOCOL)
INVOCATION = Form(for_invocation, answer_forms.invocation, answer_forms.INVOCATION)


def infer(call: Call) -> Reply:
    return predicted(call, PROTOCOL)


def invocations(call: Call) -> Reply:
    return predicted(call, INVOCATION)


def predicted(call: Call, form: Form) -> Reply:
    started = time.perf_counter()
    serving = call.serving
    media = accept.chosen(call.exchange.headers.get("accept"), form.media)
    body = _body(call.exchange, serving.limits)
    if "prefer" in call.exchange.headers and (accepted := _later(call, form, media, body)):
        return accepted
    model = serving.endpoint.model(call.path["model"], call.path.get("version"))
    marks = [started, time.perf_counter()]
    decode = partial(_decoded, call, form, media, body, marks)
    if serving.endpoint.rollouts and "version" not in call.path:
        model, request, answer = serving.trials.answer(model, call.exchange, decode)
    else:
        request = decode(model.manifest)
        answer = model.run(request)
    if enclosures.wanted(call.exchange, request, model.manifest):
        reply = _enclosed(call, form, media, marks, (model, request, answer))
    else:
        reply = form.encode(media, model.manifest, request, answer)
    reply = _within(reply, serving.limits)
    serving.telemetry.predicted(
        model.manifest,
        rows=request.rows,
        milliseconds=(time.perf_counter() - started) * 1000,
        request=call.exchange.request_id,
        id=request.id,
    )
    return reply


def _enclosed(
    call: Call, form: Form, media: str, marks: list[float], given: tuple[Model, InferRequest, InferAnswer]
) -> Reply:
    from lepton.endpoint.enclosures.given import Given
    from lepton.endpoint.enclosures.reply import enclosed

    began, found, decoded = marks[:3]
    model, request, answer = given
    whole = Given(model, request, answer, media, (began, found, decoded, time.perf_counter()))
    return enclosed(call, whole, partial(form.encode, media, model.manifest, request, answer))


def _decoded(
    call: Call, form: Form, media: str, body: Body, marks: list[float], manifest: ModelManifest
) -> InferRequest:
    """The request as this version's signature has it; `marks` gets when that was done."""
    request = form.decode(body, manifest, call.serving.limits)
    marks.append(time.perf_counter())
    if form is INVOCATION:
        return _asked(call, request, manifest)
    if media != accept.BYTES and any(answers.wants_bytes(request, name) for name in request.wishes or ("",)):
        accept.chosen(call.exchange.headers.get("accept"), (accept.BYTES,))
    return request


def _asked(call: Call, request: InferRequest, manifest: ModelManifest) -> InferRequest:
    """The request with what the query says of the answer."""
    top = call.exchange.query.get("top_k")
    if top is not None:
        request = with_fields(request, {"top_k": top})
    if request.parameters.get("top_k") is not None:
        from lepton.endpoint.invocations import check_top

        check_top(request, manifest.signature)
    return request


def _later(call: Call, form: Form, media: str, body: Body) -> Reply | None:
    """202 where the caller would rather not wait: the request is held against the signature, and kept."""
    from lepton.endpoint.jobs import routes

    if not routes.is_wanted_later(call.exchange.headers["prefer"]):
        return None
    return routes.later(call, body, lambda model: _decoded(call, form, media, body, [], model.manifest).id)


def _body(exchange: Exchange, limits: Limits) -> Body:
    headers = exchange.headers
    check_encoding(headers.get("content-encoding"))
    return received(exchange.body, headers.get("content-type"), limits, headers.get(HEADER))


def _within(reply: Reply, limits: Limits) -> Reply:
    if len(reply.body) > limits.answer_bytes:
        raise TooLarge(
            f"the answer would be over {limits.answer_bytes:,} bytes",
            pointer="/inputs",
            hint="ask for fewer rows or outputs, or upload a file under predict-in/",
        )
    return reply
