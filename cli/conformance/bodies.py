"""Bodies, members and methods that are no inference request, and models that are not there."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from cli.conformance.answer import no_fault_of_the_server, refused
from cli.conformance.case import Case
from cli.conformance.metadata import NO_VERSION, NOBODY
from cli.conformance.request import Edit, setting
from cli.conformance.subject import Subject

TOPIC = "body"
Ask = Callable[[Subject], None]
DEPTH = 50_000


def _refuse(body: bytes) -> Ask:
    return lambda subject: refused(subject.model.infer(body))


def _edited(edit: Edit) -> Ask:
    """One edit of a request that is answered: 4xx."""
    return lambda subject: refused(subject.model.infer(edit(subject.model.request())))


def _truncated(subject: Subject) -> None:
    refused(subject.model.infer(json.dumps(subject.model.request()).encode()[:-2]))


def _trailing(subject: Subject) -> None:
    refused(subject.model.infer(json.dumps(subject.model.request()).encode() + b"}{"))


def _output(entry: Any) -> Edit:
    return setting("/outputs", [entry])


def _media(media: str) -> Ask:
    """What a server makes of it is its own; it is no fault of the server."""
    headers: Mapping[str, str] = {"Content-Type": media}
    return lambda subject: no_fault_of_the_server(subject.model.infer(subject.model.request(), headers))


def _not_json(media: str, body: bytes) -> Ask:
    return lambda subject: refused(subject.model.infer(body, {"Content-Type": media}))


def _method(method: str) -> Ask:
    return lambda subject: refused(subject.send(method, subject.model.path + "/infer"))


def _nobody(subject: Subject) -> None:
    refused(subject.send("POST", f"/v2/models/{NOBODY}/infer", subject.model.request()), 404)


def _no_version(subject: Subject) -> None:
    refused(subject.model.infer(subject.model.request(), version=NO_VERSION), 404)


CASES = tuple(
    Case(TOPIC, name, says, ask)
    for name, says, ask in (
        ("empty", "an empty body: 4xx", _refuse(b"")),
        ("blank", "a body of blanks: 4xx", _refuse(b" \n ")),
        ("not-json", "a body that is not JSON: 4xx", _refuse(b"inputs=1")),
        ("truncated", "a request without its end: 4xx", _truncated),
        ("trailing", "something after the request: 4xx", _trailing),
        ("not-utf-8", "a body that is not UTF-8: 4xx", _refuse(b'{"inputs": "\xff\xfe"}')),
        ("array", "an array instead of an object: 4xx", _refuse(b"[]")),
        ("null", "null instead of an object: 4xx", _refuse(b"null")),
        ("number", "a number instead of an object: 4xx", _refuse(b"7")),
        ("text", "a string instead of an object: 4xx", _refuse(b'"inputs"')),
        ("deep", f"{DEPTH:,} arrays in each other: 4xx", _refuse(b'{"inputs":' + b"[" * DEPTH + b"]" * DEPTH + b"}")),
        ("id-number", "an id that is a number: 4xx", _edited(setting("/id", 42))),
        ("id-object", "an id that is an object: 4xx", _edited(setting("/id", {"a": 1}))),
        ("parameters-list", "parameters that are a list: 4xx", _edited(setting("/parameters", [1]))),
        ("parameters-text", "parameters that are a string: 4xx", _edited(setting("/parameters", "word"))),
        ("output-unknown", "an output that the model has not: 4xx", _edited(_output({"name": "no-such-output"}))),
        ("output-nameless", "an output without a name: 4xx", _edited(_output({}))),
        ("output-null", "an output that is null: 4xx", _edited(_output(None))),
        ("output-number", "an output's name that is a number: 4xx", _edited(_output({"name": 1}))),
        ("outputs-object", "outputs that are an object: 4xx", _edited(setting("/outputs", {"name": "x"}))),
        ("outputs-text", "outputs that are a string: 4xx", _edited(setting("/outputs", "word"))),
        ("no-content-type", "JSON without a content type is no fault of the server", _media("")),
        ("media-text", "JSON said to be text is no fault of the server", _media("text/plain")),
        ("media-nonsense", "a content type of nonsense is no fault of the server", _media(";;/;=")),
        ("media-picture", "a picture that is none: 4xx", _not_json("image/png", b"\x89PNG\r\n\x1a\n")),
        ("unknown-model", "an unknown model is 404", _nobody),
        ("unknown-version", "an unknown version is 404", _no_version),
        ("method-get", "infer is not got", _method("GET")),
        ("method-put", "infer is not put", _method("PUT")),
        ("method-delete", "infer is not deleted", _method("DELETE")),
    )
)
