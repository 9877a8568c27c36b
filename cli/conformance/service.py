"""Server metadata, health, and roads that lead nowhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cli.conformance.answer import body_of, refused
from cli.conformance.case import Case, hold, shown
from cli.conformance.subject import Subject

TOPIC = "service"
_LEADS_ON = (301, 302, 307, 308)
Ask = Callable[[Subject], None]


def _member(path: str, member: str, kind: type) -> Ask:
    def ask(subject: Subject) -> None:
        body = body_of(subject.send("GET", path))
        hold(isinstance(body.get(member), kind), f"{member} is {shown(body.get(member))}, not a {kind.__name__}")

    return ask


def _true(path: str, *members: str) -> Ask:
    """One of the members is true (of a server that is ready: the published text has `live`, most say `ready`)."""

    def ask(subject: Subject) -> None:
        body = body_of(subject.send("GET", path))
        hold(any(body.get(member) is True for member in members), f"no true {' or '.join(members)} in {shown(body)}")

    return ask


def _extensions(subject: Subject) -> None:
    listed = body_of(subject.send("GET", "/v2")).get("extensions")
    hold(isinstance(listed, list), f"extensions is {shown(listed)}, not a list")
    hold(all(isinstance(one, str) for one in listed or []), f"not every extension is a string: {shown(listed)}")


def _refused(method: str, path: str, body: Any = None) -> Ask:
    return lambda subject: refused(subject.send(method, path, body))


def _unknown(path: str) -> Ask:
    return lambda subject: refused(subject.send("GET", path), 404)


def _slash(subject: Subject) -> None:
    answer = subject.send("GET", "/v2/")
    if answer.status_code not in _LEADS_ON:
        hold(body_of(answer) == body_of(subject.send("GET", "/v2")), "/v2/ says other than /v2")


def _index(subject: Subject) -> None:
    answer = subject.send("POST", "/v2/repository/index", {})
    hold(answer.status_code == 200, f"status {answer.status_code}: {shown(answer.text)}")
    listed = answer.json()
    hold(isinstance(listed, list) and bool(listed), f"the index is {shown(listed)}, not a list of models")
    names = {one.get("name") for one in listed if isinstance(one, dict)}
    hold(subject.names[0] in names, f"{subject.names[0]!r} is not in the index: {shown(names)}")


def _index_ready(subject: Subject) -> None:
    answer = subject.send("POST", "/v2/repository/index", {"ready": True})
    hold(answer.status_code == 200, f"status {answer.status_code}: {shown(answer.text)}")
    others = [one for one in answer.json() if one.get("state") != "READY"]
    hold(not others, f"asked for what is ready, it lists {shown(others)}")


CASES = tuple(
    Case(TOPIC, name, says, ask, needs, each=False)
    for name, says, ask, needs in (
        ("metadata-name", "the server tells its name", _member("/v2", "name", str), None),
        ("metadata-version", "the server tells its version", _member("/v2", "version", str), None),
        ("metadata-extensions", "the server lists its extensions as strings", _extensions, None),
        ("metadata-slash", "/v2/ is /v2, or leads there", _slash, None),
        ("live", "a live server says live: true", _true("/v2/health/live", "live"), None),
        ("ready", "a ready server says so", _true("/v2/health/ready", "ready", "live"), None),
        ("unknown-route", "an unknown path is 404", _unknown("/v2/no/such/route"), None),
        ("unknown-root", "a path beside /v2 is 404", _unknown("/v99/health/live"), None),
        ("health-post", "health is not posted to", _refused("POST", "/v2/health/live", {}), None),
        ("metadata-put", "the server's metadata is not put", _refused("PUT", "/v2", {}), None),
        ("index", "the repository's index lists the model", _index, "model_repository"),
        ("index-ready", "asked for ready models, it lists no other", _index_ready, "model_repository"),
    )
)
