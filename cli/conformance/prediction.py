"""Right requests: made from the model's own metadata, whatever datatypes and shapes it has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cli.conformance.answer import body_of, no_fault_of_the_server, outputs_of, same
from cli.conformance.case import Case, Spared, hold, shown
from cli.conformance.request import Edit, Request, of_row, setting
from cli.conformance.subject import Subject
from cli.conformance.tensors import nested

TOPIC = "infer"
Ask = Callable[[Subject], None]


def _answered(subject: Subject) -> None:
    subject.model.outcome(subject.model.request())


def _every_output(subject: Subject) -> None:
    _, outputs = subject.model.outcome(subject.model.request())
    wanted = [one.name for one in subject.model.outputs]
    hold(sorted(outputs) == sorted(wanted), f"it gives {sorted(outputs)}, the metadata tells {sorted(wanted)}")


def _datatypes(subject: Subject) -> None:
    _, outputs = subject.model.outcome(subject.model.request())
    said = {one.name: one.datatype for one in subject.model.outputs}
    given = {name: one["datatype"] for name, one in outputs.items()}
    hold(given == said, f"it gives {given}, the metadata tells {said}")


def _shapes(subject: Subject) -> None:
    _, outputs = subject.model.outcome(subject.model.request())
    for one in subject.model.outputs:
        given = outputs[one.name]["shape"] if one.name in outputs else []
        good = len(given) == len(one.shape) and all(
            size in (-1, found) for size, found in zip(one.shape, given, strict=True)
        )
        hold(good, f"{one.name!r} has shape {given}, the metadata tells {list(one.shape)}")


def _says(member: str, wanted: Callable[[Subject], Any]) -> Ask:
    def ask(subject: Subject) -> None:
        body, _ = subject.model.outcome(subject.model.request())
        hold(body.get(member) == wanted(subject), f"{member} is {shown(body.get(member))}")

    return ask


def _version(subject: Subject) -> None:
    body, _ = subject.model.outcome(subject.model.request())
    if "model_version" not in body:
        raise Spared("the server has no versions")
    version = body["model_version"]
    hold(isinstance(version, str), f"model_version is {shown(version)}: a string, or left out")
    listed = subject.model.metadata.get("versions") or [version]
    hold(version in listed, f"model_version is {version!r}, the metadata lists {shown(listed)}")


def _echo(identity: str) -> Ask:
    def ask(subject: Subject) -> None:
        body, _ = subject.model.outcome(subject.model.request() | {"id": identity})
        hold(body.get("id") == identity, f"id {shown(identity)!r} comes back as {shown(body.get('id'))!r}")

    return ask


def _id_left_out(subject: Subject) -> None:
    body, _ = subject.model.outcome(subject.model.request())
    hold(isinstance(body.get("id", ""), str), f"without an id it answers the id {shown(body.get('id'))}")


def _no_other(edit: Edit) -> Ask:
    """The changed request means the same, and gets the same."""

    def ask(subject: Subject) -> None:
        request = subject.model.request()
        _, wanted = subject.model.outcome(request)
        same(subject.model.outcome(edit(request))[1], wanted, "said in another way")

    return ask


def _nested(request: Request) -> Request:
    return {"inputs": [one | {"data": nested(one["data"], one["shape"])} for one in request["inputs"]]}


def _turned(request: Request) -> Request:
    if len(request["inputs"]) < 2:
        raise Spared("the model has one input")
    return {"inputs": request["inputs"][::-1]}


def _one_output(subject: Subject) -> None:
    last = subject.model.outputs[-1].name
    request = subject.model.request()
    _, wanted = subject.model.outcome(request)
    _, found = subject.model.outcome(request | {"outputs": [{"name": last}]})
    same(found, {last: wanted[last]}, f"asked for {last!r} alone")


def _outputs_turned(subject: Subject) -> None:
    names = [one.name for one in subject.model.outputs][::-1]
    request = subject.model.request()
    _, wanted = subject.model.outcome(request)
    body = body_of(subject.model.infer(request | {"outputs": [{"name": name} for name in names]}))
    same(outputs_of(body), wanted, "asked for every output by name")
    given = [one["name"] for one in body["outputs"]]
    hold(given == names, f"asked for {names}, it answers in the order {given}")


def _rows(subject: Subject) -> None:
    request = subject.model.request(rows=3)
    _, together = subject.model.outcome(request)
    for row in range(3):
        _, alone = subject.model.outcome(of_row(request, row))
        for name, one in alone.items():
            step = len(one["data"])
            part = together[name]["data"][row * step : (row + 1) * step]
            same({name: one}, {name: one | {"data": part}}, f"row {row} alone and among others")


def _versioned(subject: Subject) -> None:
    request, version = subject.model.request(), subject.model.version
    _, wanted = subject.model.outcome(request)
    body, found = subject.model.outcome(request, version=version)
    same(found, wanted, f"version {version} by its path")
    hold(body.get("model_version") == version, f"asked for {version}, answered by {shown(body.get('model_version'))}")


def _again(subject: Subject) -> None:
    request = subject.model.request()
    same(subject.model.outcome(request)[1], subject.model.outcome(request)[1], "the same request twice")


def _headers(**headers: str) -> Ask:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda subject: (body_of(subject.model.infer(subject.model.request(), given)), None)[1]


def _stands(edit: Edit) -> Ask:
    """The protocol leaves open whether this is right; a 5xx it is not."""
    return lambda subject: no_fault_of_the_server(subject.model.infer(edit(subject.model.request())))


CASES = tuple(
    Case(TOPIC, name, says, ask)
    for name, says, ask in (
        ("answered", "a request made from the metadata is answered, each output whole", _answered),
        ("every-output", "the outputs are those that the metadata tells", _every_output),
        ("output-datatypes", "outputs have the datatypes that the metadata tells", _datatypes),
        ("output-shapes", "outputs have shapes that the metadata allows", _shapes),
        ("model-name", "the answer names the model", _says("model_name", lambda subject: subject.model.name)),
        ("model-version", "the answer's model_version is a version, never null", _version),
        ("id-echo", "the id comes back", _echo("42")),
        ("id-echo-unicode", "an id in any letters comes back as it was", _echo('é☃🦊 "quoted" \\ /\n')),
        ("id-echo-long", "an id of 512 letters comes back whole", _echo("x" * 512)),
        ("id-left-out", "without an id the answer has a string or none", _id_left_out),
        ("nested-data", "nested data is flat data", _no_other(_nested)),
        ("input-order", "the order of the inputs means nothing", _no_other(_turned)),
        ("parameters-empty", "empty parameters change nothing", _no_other(setting("/parameters", {}))),
        ("input-parameters-empty", "nor do an input's", _no_other(setting("/inputs/0/parameters", {}))),
        ("one-output", "asked for one output, it gives that one", _one_output),
        ("outputs-in-order", "asked for outputs by name, it gives them in that order", _outputs_turned),
        ("rows", "a row has the same answer alone and among others", _rows),
        ("twice", "the same request has the same answer", _again),
        ("version", "a version by its path answers, and says which it is", _versioned),
        ("charset", "JSON with a charset is JSON", _headers(content_type="application/json; charset=utf-8")),
        ("accept-json", "Accept: application/json is answered", _headers(accept="application/json")),
        ("accept-any", "Accept: */* is answered", _headers(accept="*/*")),
        ("outputs-empty", "an empty list of outputs is no fault of the server", _stands(setting("/outputs", []))),
        ("member-unknown", "a member that the protocol has not is no fault of the server", _stands(setting("/x-y", 1))),
        (
            "parameter-unknown",
            "a parameter of another server is no fault of this one",
            _stands(setting("/parameters", {"x-no-such-parameter": True})),
        ),
    )
)
