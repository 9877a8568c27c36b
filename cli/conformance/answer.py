"""What must hold of every answer, whatever it answers."""

from __future__ import annotations

import json
import math
from typing import Any

import httpx

from cli.conformance.case import Unmet, hold, shown
from cli.conformance.tensors import DATATYPES, alike, fits, flat

Outputs = dict[str, dict[str, Any]]
BROKEN_OFF = 0  # the status of a request that got no answer


def body_of(answer: httpx.Response) -> dict[str, Any]:
    """The body of a 200 as a JSON object. Raises Unmet."""
    hold(answer.status_code == 200, f"status {answer.status_code}: {shown(answer.text)}")
    return object_of(answer)


def object_of(answer: httpx.Response) -> dict[str, Any]:
    """The body as a JSON object, strictly: NaN is not JSON. Raises Unmet."""
    media = answer.headers.get("content-type", "")
    hold("json" in media.lower(), f"the content type is {media!r}, not JSON's")
    try:
        body = json.loads(answer.content, parse_constant=_refuse)
    except ValueError as error:
        raise Unmet(f"the body is not JSON: {shown(answer.text)}") from error
    hold(isinstance(body, dict), f"the body is not an object: {shown(body)}")
    return dict(body)


def outputs_of(body: dict[str, Any]) -> Outputs:
    """The outputs of an answer by name, each checked in itself, `data` made flat. Raises Unmet."""
    listed = body.get("outputs")
    hold(isinstance(listed, list) and bool(listed), f"outputs is {shown(listed)}, not a list of tensors")
    found: Outputs = {}
    for one in listed or []:
        hold(isinstance(one, dict) and isinstance(one.get("name"), str), f"an output has no name: {shown(one)}")
        hold(one["name"] not in found, f"output {one['name']!r} is there twice")
        found[one["name"]] = _checked(one)
    return found


def _checked(output: dict[str, Any]) -> dict[str, Any]:
    name, shape, datatype = output["name"], output.get("shape"), output.get("datatype")
    hold(datatype in DATATYPES, f"output {name!r}: {datatype!r} is no datatype of the protocol")
    hold(
        isinstance(shape, list) and all(type(size) is int and size >= 0 for size in shape),
        f"output {name!r}: {shown(shape)} is no shape",
    )
    if "data" not in output:
        return output
    data = flat(output["data"])
    count = math.prod(shape or [])
    hold(len(data) == count, f"output {name!r} has {len(data)} elements, its shape {shape} asks for {count}")
    wrong = next((value for value in data if not fits(value, str(datatype))), None)
    hold(all(fits(value, str(datatype)) for value in data), f"output {name!r}: {wrong!r} is no {datatype}")
    return output | {"data": data}


def refused(answer: httpx.Response, *statuses: int) -> None:
    """The answer is a client's fault: one of the statuses, or else any 4xx. Raises Unmet."""
    status = answer.status_code
    good = status in statuses if statuses else 400 <= status < 500
    wanted = " or ".join(map(str, statuses)) if statuses else "a 4xx"
    hold(good, f"status {status}, not {wanted}: {shown(answer.text)}")


def no_fault_of_the_server(answer: httpx.Response) -> None:
    """Whatever it makes of the request, it is not a 5xx. Raises Unmet."""
    hold(answer.status_code < 500, f"status {answer.status_code}: {shown(answer.text)}")


def same(found: Outputs, wanted: Outputs, what: str) -> None:
    """Names, shapes and values agree. Raises Unmet."""
    hold(set(found) == set(wanted), f"{what}: outputs {sorted(found)} instead of {sorted(wanted)}")
    for name, output in found.items():
        other = wanted[name]
        hold(output["shape"] == other["shape"], f"{what}: {name!r} is {output['shape']}, was {other['shape']}")
        hold(
            alike(output["data"], other["data"]),
            f"{what}: {name!r} is {shown(output['data'])}, was {shown(other['data'])}",
        )


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
