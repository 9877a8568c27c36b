"""What an error says: a JSON object whose `error` is a sentence, and nothing of the server's inside."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from cli.conformance.answer import object_of
from cli.conformance.case import Case, Spared, hold, shown
from cli.conformance.metadata import NO_VERSION, NOBODY
from cli.conformance.request import setting, without
from cli.conformance.subject import Subject

TOPIC = "error"
Fault = Callable[[Subject], httpx.Response]
_INSIDE = re.compile(r"Traceback|File \"|site-packages|\.py\b.{0,9}line \d|/usr/|/home/|0x[0-9a-f]{8}")

FAULTS: tuple[tuple[str, str, Fault], ...] = (
    ("not-json", "a body that is not JSON", lambda subject: subject.model.infer(b"{")),
    ("input", "a wrong input", lambda subject: subject.model.infer(without("/inputs/0/data")(subject.model.request()))),
    (
        "shape",
        "a wrong shape",
        lambda subject: subject.model.infer(setting("/inputs/0/shape", [-1])(subject.model.request())),
    ),
    ("model", "an unknown model", lambda subject: subject.send("GET", f"/v2/models/{NOBODY}")),
    (
        "model-infer",
        "an unknown model that is to predict",
        lambda subject: subject.send("POST", f"/v2/models/{NOBODY}/infer", {"inputs": []}),
    ),
    (
        "version",
        "an unknown version",
        lambda subject: subject.send("GET", f"{subject.model.path}/versions/{NO_VERSION}"),
    ),
)


def _told(fault: Fault) -> Callable[[Subject], None]:
    def ask(subject: Subject) -> None:
        answer = fault(subject)
        if answer.status_code < 400:
            raise Spared(f"it is answered with {answer.status_code}: another case's matter")
        body = object_of(answer)
        hold(isinstance(body.get("error"), str) and bool(body["error"]), f"no error text in {shown(body)}")

    return ask


def _silent(subject: Subject) -> None:
    for _, what, fault in FAULTS:
        text = fault(subject).text
        inside = _INSIDE.search(text)
        hold(inside is None, f"the answer to {what} tells {shown(inside[0]) if inside else ''!r}: {shown(text)}")


CASES = (
    *(Case(TOPIC, name, f"the answer to {what} is JSON with an `error`", _told(fault)) for name, what, fault in FAULTS),
    Case(TOPIC, "nothing-inside", "no error tells paths, traces or addresses of the server", _silent),
)
