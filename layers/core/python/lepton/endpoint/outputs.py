"""Which outputs a request of the protocol asks for, and how: as JSON, as bytes, or as its k best classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lepton.endpoint import document
from lepton.endpoint.buffers import FLOATS, INTEGERS
from lepton.endpoint.document import at
from lepton.endpoint.request import Wish
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from lepton.model_package.manifest import Signature, TensorSpec

_OUTPUT = frozenset({"name", "parameters"})


def wished(value: Any, signature: Signature) -> dict[str, Wish]:
    """The protocol's `outputs`, in the order asked for; {} when it asks for none in particular."""
    if value is None:
        return {}
    known = {spec.name: spec for spec in signature.outputs}
    found: dict[str, Wish] = {}
    for position, one in enumerate(document.array(value, "/outputs", "outputs")):
        pointer = "/outputs" + at(position)
        given = document.members(one, _OUTPUT, pointer, "an output")
        name = document.text(given.get("name"), pointer + "/name", "name")
        if name not in known:
            raise InvalidRequest(
                f"the model has no output {name[:80]!r}", pointer=pointer + "/name", hint="one of " + ", ".join(known)
            )
        if name in found:
            raise InvalidRequest(f"output {name!r} is asked for twice", pointer=pointer + "/name")
        found[name] = _wish(parameters(given, pointer), known[name], pointer + "/parameters")
    return found


def parameters(given: Mapping[str, Any], pointer: str) -> Mapping[str, Any]:
    """An object of parameters; ones that mean nothing here are passed over, as the protocol has it."""
    value = given.get("parameters")
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidRequest(f"parameters is {document.kind(value)}, not an object", pointer=pointer + "/parameters")
    return value


def flag(given: Mapping[str, Any], name: str, pointer: str) -> bool | None:
    """A parameter that is true or false, None when it is not there. Raises InvalidRequest."""
    value = given.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidRequest(f"{name} is {document.kind(value)}, not true or false", pointer=pointer + at(name))
    return value


def number(given: Mapping[str, Any], name: str, pointer: str, low: int) -> int | None:
    """A parameter that is an integer of at least `low`, None when it is not there. Raises InvalidRequest."""
    value = given.get(name)
    if value is not None and (type(value) is not int or value < low):
        raise InvalidRequest(
            f"{name} is {str(value)[:40]}, not an integer of {low} or more", pointer=pointer + at(name)
        )
    return value


def _wish(given: Mapping[str, Any], spec: TensorSpec, pointer: str) -> Wish:
    top = number(given, "classification", pointer, 1)
    if top is not None and (spec.datatype not in FLOATS | INTEGERS or len(spec.shape) < 2):
        raise InvalidRequest(
            f"output {spec.name!r} is {spec.datatype}{list(spec.shape)}, which has no classes to choose from",
            pointer=pointer + "/classification",
            hint="ask it of an output with a score for each class, such as probabilities",
        )
    return Wish(flag(given, "binary_data", pointer), top)
