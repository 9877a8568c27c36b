"""Pydantic models as components of the document, each under a name that a person would give it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from cli.openapi.protocol import Schema
from lepton.operation import Operation

Mode = Literal["validation", "serialization"]
_REF = "#/components/schemas/"


def models(operations: Iterable[Operation]) -> tuple[dict[str, Schema], dict[tuple[Any, Mode], str]]:
    """Components of every model that an operation names, and the name of each in each mode."""
    wanted: dict[tuple[type[BaseModel], Mode], None] = {}
    for one in operations:
        wanted |= dict.fromkeys((kind, "validation") for it in one.takes.values() for kind in _kinds(it))
        for bodies in one.gives.values():
            wanted |= dict.fromkeys((kind, "serialization") for it in bodies.values() for kind in _kinds(it))
    references, schema = models_json_schema(list(wanted), ref_template=_REF + "{model}")
    definitions = schema.get("$defs", {})
    names = _names(definitions)
    told = {key: names[value["$ref"].removeprefix(_REF)] for key, value in references.items()}
    return {names[name]: _renamed(it, names) for name, it in definitions.items()}, told


def _kinds(body: Any) -> Iterator[type[BaseModel]]:
    if isinstance(body, type) and issubclass(body, BaseModel):
        yield body
    elif not isinstance(body, Mapping):
        for one in body if isinstance(body, tuple) else get_args(body):
            yield from _kinds(one)


def _names(definitions: Iterable[str]) -> dict[str, str]:
    """A name for each: `lepton__rollout__rule__Rule` is RolloutRule, `Rule-Input` RuleInput, `Rule-Output` Rule."""
    names: dict[str, str] = {}
    for name in definitions:
        path, _, mode = name.partition("-")
        *modules, kind = path.split("__")
        noun = modules[1].title().replace("_", "") if len(modules) > 1 else ""
        told = (kind if kind.startswith(noun) else noun + kind) + ("Input" if mode == "Input" else "")
        names[name] = told if told not in names.values() else name.replace("-", "")
    return names


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if not isinstance(value, dict):
        return value
    made = {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(made.get("$ref"), str):
        made["$ref"] = _REF + names[made["$ref"].removeprefix(_REF)]
    return made
