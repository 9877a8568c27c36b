"""The binary tensor extension, both ways, and sizes that lie. Asked of servers that list `binary_tensor_data`."""

from __future__ import annotations

import copy
import json
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import httpx

from cli.conformance.answer import Outputs, body_of, outputs_of, refused, same
from cli.conformance.case import Case, Spared, Unmet, hold, shown
from cli.conformance.request import Request
from cli.conformance.subject import Model, Subject
from cli.conformance.tensors import packed, unpacked

TOPIC = "binary"
EXTENSION = "binary_tensor_data"
LENGTH = "Inference-Header-Content-Length"
Ask = Callable[[Subject], None]


@dataclass(frozen=True, slots=True)
class Framed:
    """A request with binary tensors: its JSON, the tensors' bytes in order, and the header's value."""

    head: Request
    tail: bytes
    length: str | None = None

    def sent(self, model: Model) -> httpx.Response:
        head = json.dumps(self.head).encode()
        length = str(len(head)) if self.length is None else self.length
        headers = {"Content-Type": "application/octet-stream"} | ({LENGTH: length} if length else {})
        return model.infer(head + self.tail, headers)


def _framed(request: Request, *, only: int | None = None) -> Framed:
    """The request with all inputs (or the one) moved into the tail."""
    head, tail = copy.deepcopy(request), b""
    for at, one in enumerate(head["inputs"]):
        if only in (None, at):
            data = packed(one.pop("data"), one["datatype"])
            one["parameters"] = {"binary_data_size": len(data)}
            tail += data
    return Framed(head, tail)


def _whole(answer: httpx.Response) -> Outputs:
    """The outputs of an answer, those in its tail read back. Raises Unmet."""
    if LENGTH.lower() not in answer.headers:
        return outputs_of(body_of(answer))
    hold(answer.status_code == 200, f"status {answer.status_code}: {shown(answer.text)}")
    length = int(answer.headers[LENGTH])
    outputs, rest = outputs_of(json.loads(answer.content[:length])), answer.content[length:]
    for name, one in outputs.items():
        size = one.get("parameters", {}).get("binary_data_size")
        if size is None:
            continue
        hold(len(rest) >= size, f"{name!r} has {size} bytes, {len(rest)} are there")
        one["data"], rest = _read(name, rest[:size], one["datatype"]), rest[size:]
    hold(not rest, f"{len(rest)} bytes belong to no output")
    return outputs


def _read(name: str, body: bytes, datatype: str) -> list[Any]:
    try:
        return unpacked(body, datatype)
    except (struct.error, UnicodeDecodeError) as error:
        raise Unmet(f"the bytes of {name!r} are no {datatype}: {error}") from error


def _in(only: int | None, rows: int = 1) -> Ask:
    def ask(subject: Subject) -> None:
        request = subject.model.request(rows)
        _, wanted = subject.model.outcome(request)
        same(_whole(_framed(request, only=only).sent(subject.model)), wanted, "inputs as bytes")

    return ask


def _out(more: Callable[[Model], Request], which: Callable[[Model], set[str]]) -> Ask:
    """The request with `more` in it: the outputs of `which` come as bytes, the others as JSON, with their values."""

    def ask(subject: Subject) -> None:
        request = subject.model.request()
        _, wanted = subject.model.outcome(request)
        answer = subject.model.infer(request | more(subject.model))
        found = _whole(answer)
        as_bytes = {name for name, one in found.items() if "binary_data_size" in (one.get("parameters") or {})}
        hold(as_bytes == which(subject.model), f"as bytes came {sorted(as_bytes)}, {shown(answer.headers)}")
        same(found, {name: wanted[name] for name in found}, "outputs as bytes")

    return ask


def _names(model: Model) -> list[str]:
    return [one.name for one in model.outputs]


def _listed(model: Model, **binary: bool) -> Request:
    """All outputs by name, with `binary_data` for the first and the others."""
    first, others = binary["first"], binary["others"]
    return {
        "outputs": [
            {"name": name, "parameters": {"binary_data": others if at else first}}
            for at, name in enumerate(_names(model))
        ]
    }


def _both_ways(subject: Subject) -> None:
    request = subject.model.request()
    _, wanted = subject.model.outcome(request)
    framed = _framed(request)
    head = framed.head | {"parameters": {"binary_data_output": True}}
    same(_whole(replace(framed, head=head).sent(subject.model)), wanted, "bytes both ways")


def _id(subject: Subject) -> None:
    framed = _framed(subject.model.request())
    answer = replace(framed, head=framed.head | {"id": "7", "parameters": {"binary_data_output": True}}).sent(
        subject.model
    )
    hold(answer.status_code == 200, f"status {answer.status_code}: {shown(answer.text)}")
    told = json.loads(answer.content[: int(answer.headers.get(LENGTH, len(answer.content)))])
    hold(told.get("id") == "7", f"id 7 comes back as {shown(told.get('id'))}")
    hold(told.get("model_name") == subject.model.name, f"model_name is {shown(told.get('model_name'))}")


def _lie(change: Callable[[Framed], Framed]) -> Ask:
    return lambda subject: refused(change(_framed(subject.model.request())).sent(subject.model))


def _size(change: Callable[[int], Any]) -> Callable[[Framed], Framed]:
    """The first input's binary_data_size changed."""

    def lie(framed: Framed) -> Framed:
        head = copy.deepcopy(framed.head)
        given = head["inputs"][0]["parameters"]
        given["binary_data_size"] = change(given["binary_data_size"])
        return replace(framed, head=head)

    return lie


def _with_data(framed: Framed) -> Framed:
    head = copy.deepcopy(framed.head)
    head["inputs"][0]["data"] = [1]
    return replace(framed, head=head)


def _words_lie(subject: Subject) -> None:
    """A BYTES element whose length leads beyond the tensor."""
    request = subject.model.request()
    at = next((at for at, one in enumerate(request["inputs"]) if one["datatype"] == "BYTES"), None)
    if at is None:
        raise Spared("the model has no input of BYTES")
    framed = _framed(request, only=at)
    refused(replace(framed, tail=struct.pack("<I", 2**31) + framed.tail[4:]).sent(subject.model))


def _length(value: Callable[[Framed], str]) -> Callable[[Framed], Framed]:
    return lambda framed: replace(framed, length=value(framed))


def _head_length(framed: Framed) -> int:
    return len(json.dumps(framed.head).encode())


def _all(model: Model) -> set[str]:
    return set(_names(model))


CASES = tuple(
    Case(TOPIC, name, says, ask, EXTENSION)
    for name, says, ask in (
        ("inputs", "all inputs as bytes are the inputs as JSON", _in(None)),
        ("one-input", "one input as bytes, the others as JSON", _in(0)),
        ("rows", "three rows as bytes", _in(None, rows=3)),
        ("output", "an output asked for as bytes comes as bytes",
         _out(lambda model: _listed(model, first=True, others=False), lambda model: {_names(model)[0]})),
        ("outputs", "binary_data_output sends every output as bytes",
         _out(lambda _: {"parameters": {"binary_data_output": True}}, _all)),
        ("outputs-but-one", "binary_data: false of an output overrides binary_data_output",
         _out(lambda model: _listed(model, first=False, others=True) | {"parameters": {"binary_data_output": True}},
              lambda model: _all(model) - {_names(model)[0]})),
        ("outputs-not", "binary_data_output: false sends JSON",
         _out(lambda _: {"parameters": {"binary_data_output": False}}, lambda _: set())),
        ("both-ways", "inputs and outputs as bytes", _both_ways),
        ("id", "the JSON before the bytes has the id and the model's name", _id),
        ("size-too-big", "a size beyond the body: 4xx", _lie(_size(lambda size: size + 1))),
        ("size-too-small", "a size that leaves bytes over: 4xx", _lie(_size(lambda size: size - 1))),
        ("size-zero", "a size of 0: 4xx", _lie(_size(lambda _: 0))),
        ("size-negative", "a size below 0: 4xx", _lie(_size(lambda size: -size))),
        ("size-huge", "a size of 2^62: 4xx", _lie(_size(lambda _: 2**62))),
        ("size-text", "a size that is a string: 4xx", _lie(_size(str))),
        ("size-fraction", "a size of 1.5: 4xx", _lie(_size(lambda _: 1.5))),
        ("size-null", "a size that is null, and no data: 4xx", _lie(_size(lambda _: None))),
        ("data-too", "data and bytes for one input: 4xx", _lie(_with_data)),
        ("bytes-missing", "bytes that did not come: 4xx", _lie(lambda framed: replace(framed, tail=b""))),
        ("bytes-cut", "bytes cut short: 4xx", _lie(lambda framed: replace(framed, tail=framed.tail[:-1]))),
        ("bytes-over", "bytes that belong to no input: 4xx",
         _lie(lambda framed: replace(framed, tail=framed.tail + b"\0\0\0\0"))),
        ("words-lie", "a text whose length leads out of its tensor: 4xx", _words_lie),
        ("length-too-big", "a header length beyond the body: 4xx",
         _lie(_length(lambda framed: str(_head_length(framed) + len(framed.tail) + 1)))),
        ("length-too-small", "a header length within the JSON: 4xx",
         _lie(_length(lambda framed: str(_head_length(framed) - 1)))),
        ("length-negative", "a header length below 0: 4xx", _lie(_length(lambda _: "-1"))),
        ("length-text", "a header length that is a word: 4xx", _lie(_length(lambda _: "many"))),
        ("length-missing", "bytes without a header length: 4xx", _lie(_length(lambda _: ""))),
    )
)  # fmt: skip
