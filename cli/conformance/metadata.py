"""A model's metadata and readiness, with and without a version in the path."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from cli.conformance.answer import body_of, refused
from cli.conformance.case import Case, Spared, hold, shown
from cli.conformance.subject import Subject
from cli.conformance.tensors import DATATYPES

TOPIC = "model"
NOBODY = "no-such-model-here"
NO_VERSION = "987654321"
Ask = Callable[[Subject], None]


def _name(subject: Subject) -> None:
    name = subject.model.metadata.get("name")
    hold(name == subject.model.name, f"asked for {subject.model.name!r}, it says {shown(name)}")


def _versions(subject: Subject) -> None:
    if subject.model.metadata.get("versions") is None:
        raise Spared("the server has no versions")
    listed = subject.model.metadata["versions"]
    hold(isinstance(listed, list) and all(isinstance(one, str) for one in listed), f"versions is {shown(listed)}")


def _platform(subject: Subject) -> None:
    platform = subject.model.metadata.get("platform")
    hold(isinstance(platform, str), f"platform is {shown(platform)}, not a string")


def _tensors(member: str) -> Ask:
    def ask(subject: Subject) -> None:
        tensors = subject.model.inputs if member == "inputs" else subject.model.outputs
        unknown = [one.datatype for one in tensors if one.datatype not in DATATYPES]
        hold(not unknown, f"{shown(unknown)} is no datatype of the protocol")
        wrong = [one.shape for one in tensors if not all(size == -1 or size > 0 for size in one.shape)]
        hold(not wrong, f"{shown(wrong)} is no shape: a free dimension is -1")
        hold(len({one.name for one in tensors}) == len(tensors), f"{member} of one name")

    return ask


def _ready(subject: Subject) -> None:
    body = body_of(subject.send("GET", subject.model.path + "/ready"))
    told = (body.get("name"), body.get("ready"))
    hold(told == (subject.model.name, True), f"it says {shown(body)}")


def _versioned(subject: Subject) -> None:
    body = body_of(subject.send("GET", f"{subject.model.path}/versions/{quote(subject.model.version)}"))
    hold(body.get("name") == subject.model.name, f"it says {shown(body)}")
    hold(body.get("inputs") == subject.model.metadata.get("inputs"), "its inputs are not those of the model")


def _versioned_ready(subject: Subject) -> None:
    body = body_of(subject.send("GET", f"{subject.model.path}/versions/{quote(subject.model.version)}/ready"))
    told = (body.get("name"), body.get("ready"))
    hold(told == (subject.model.name, True), f"it says {shown(body)}")


def _nobody(rest: str) -> Ask:
    return lambda subject: refused(subject.send("GET", f"/v2/models/{NOBODY}{rest}"), 404)


def _no_version(rest: str) -> Ask:
    """Of a server without versions any 4xx; no version that it names is this one."""

    def ask(subject: Subject) -> None:
        refused(subject.send("GET", f"{subject.model.path}/versions/{NO_VERSION}{rest}"), 404)

    return ask


def _odd(name: str) -> Ask:
    return lambda subject: refused(subject.send("GET", f"/v2/models/{name}"))


def _method(method: str) -> Ask:
    return lambda subject: refused(subject.send(method, subject.model.path, {} if method != "DELETE" else None))


CASES = tuple(
    Case(TOPIC, name, says, ask)
    for name, says, ask in (
        ("metadata-name", "the metadata names the model that was asked for", _name),
        ("metadata-versions", "versions, where there are some, are strings", _versions),
        ("metadata-platform", "the platform is a string", _platform),
        ("metadata-inputs", "inputs have a name, a datatype of the protocol and a shape", _tensors("inputs")),
        ("metadata-outputs", "outputs have a name, a datatype of the protocol and a shape", _tensors("outputs")),
        ("ready", "a ready model says its name and ready: true", _ready),
        ("version-metadata", "the metadata of a version is there", _versioned),
        ("version-ready", "a version says that it is ready", _versioned_ready),
        ("unknown-model", "the metadata of an unknown model is 404", _nobody("")),
        ("unknown-model-ready", "an unknown model's readiness is 404", _nobody("/ready")),
        ("unknown-model-version", "a version of an unknown model is 404", _nobody("/versions/1")),
        ("unknown-version", "an unknown version is 404", _no_version("")),
        ("unknown-version-ready", "an unknown version's readiness is 404", _no_version("/ready")),
        ("name-of-a-path", "a name that climbs out of its folder is refused", _odd("..%2F..%2Fetc%2Fpasswd")),
        ("name-too-long", "a name of 3,000 letters is refused", _odd("a" * 3000)),
        ("name-with-a-zero-byte", "a name with a zero byte is refused", _odd("a%00b")),
        ("name-not-ascii", "a name that nobody has, in other letters, is refused", _odd("mod%C3%A8le-%F0%9F%A6%8A")),
        ("metadata-post", "metadata is not posted to", _method("POST")),
        ("metadata-delete", "a model is not deleted by this protocol", _method("DELETE")),
    )
)
