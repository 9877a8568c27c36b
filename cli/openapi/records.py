"""The client's record types: a TypedDict for each JSON object that the API gives, made from the OpenAPI document.

A record is a plain dictionary at run time: one that a newer server sent with more fields in it is still one.
"""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Iterator, Mapping
from typing import Any

_LINE = 120
_LINES = 240  # a longer module does without its docstrings
_DOCSTRING = re.compile(r'    """.*"""\n\n')
_HEAD = '''"""Records of the {tag} API. Made by `python -m cli.reference` from the routes: not edited by hand."""

from __future__ import annotations

from typing import {imports}
'''
_SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}
TAGS = ("serving", "rollout", "models", "training", "datasets", "capacity", "jobs")


def modules(document: Mapping[str, Any]) -> dict[str, str]:
    """Source of each module of `lepton.client.records`, by its name without the suffix."""
    schemas = document["components"]["schemas"]
    owners: dict[str, list[str]] = {tag: [] for tag in TAGS}
    placed: dict[str, str] = {}
    for tag in TAGS:
        for name in _given(document, tag):
            if name not in placed and _is_record(schemas[name]):
                placed[name] = tag
                owners[tag].append(name)
    made = {tag: _module(tag, sorted(names), schemas, placed) for tag, names in owners.items()}
    return {tag: text if text.count("\n") <= _LINES else _DOCSTRING.sub("", text) for tag, text in made.items()}


def _is_record(schema: Mapping[str, Any]) -> bool:
    return schema.get("type") == "object" and bool(schema.get("properties"))


def _given(document: Mapping[str, Any], tag: str) -> Iterator[str]:
    """Components that answers of the tag's routes are made of, nearest first."""
    schemas = document["components"]["schemas"]
    roots = [it["responses"] for methods in document["paths"].values() for it in methods.values() if tag in it["tags"]]
    seen: dict[str, None] = {}
    waiting: list[Any] = list(roots)
    while waiting:
        value = waiting.pop(0)
        if isinstance(value, Mapping):
            name = str(value.get("$ref", "")).rpartition("#/components/schemas/")[2]
            if name in schemas and name not in seen:
                seen[name] = None
                waiting.append(schemas[name])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    yield from seen


def _module(tag: str, names: list[str], schemas: Mapping[str, Any], placed: Mapping[str, str]) -> str:
    body = "".join(_record(name, schemas) for name in names)
    used = [word for word in ("Any", "Literal", "NotRequired", "TypedDict") if re.search(rf"\b{word}\b", body)]
    imported = {
        other: [name for name in sorted(placed) if placed[name] == other and re.search(rf"\b{name}\b", body)]
        for other in sorted(set(placed.values()) - {tag})
    }
    lines = [f"from lepton.client.records.{other} import {', '.join(it)}\n" for other, it in imported.items() if it]
    return _HEAD.format(tag=tag, imports=", ".join(used)) + ("\n" + "".join(lines) if lines else "") + body


def _record(name: str, schemas: Mapping[str, Any]) -> str:
    schema = schemas[name]
    required = set(schema.get("required", ()))
    kinds = {field: _kind(it, schemas) for field, it in schema["properties"].items()}
    told = {field: kind if field in required else f"NotRequired[{kind}]" for field, kind in kinds.items()}
    if any(keyword.iskeyword(field) or not field.isidentifier() for field in told):
        quoted = {field: f"'{kind}'" if '"' in kind else f'"{kind}"' for field, kind in told.items()}
        fields = "".join(f'        "{field}": {kind},\n' for field, kind in quoted.items())
        return f'\n\n{name} = TypedDict(\n    "{name}",\n    {{\n{fields}    }},\n)\n'
    doc = " ".join(str(schema.get("description", "")).split()).split(". ")[0].rstrip(".")
    head = f'    """{doc}."""\n\n' if doc and len(doc) < _LINE - 12 else ""
    return f"\n\nclass {name}(TypedDict):\n{head}" + "".join(_field(*one) for one in told.items())


def _field(name: str, kind: str) -> str:
    """One line, or as ruff breaks one that is too long: inside the brackets, and there at every comma."""
    line = f"    {name}: {kind}\n"
    if len(line) <= _LINE + 1:
        return line
    outer, _, inner = kind.partition("[")
    if len(inner) + 7 <= _LINE:
        return f"    {name}: {outer}[\n        {inner[:-1]}\n    ]\n"
    parts = "".join(f"        {part},\n" for part in inner[:-1].split(", "))
    return f"    {name}: {outer}[\n{parts}    ]\n"


def _kind(schema: Mapping[str, Any], schemas: Mapping[str, Any]) -> str:
    """A schema as an annotation; what has no better one is Any."""
    if "$ref" in schema:
        name = str(schema["$ref"]).rpartition("/")[2]
        return name if _is_record(schemas[name]) else _kind(schemas[name], schemas)
    if "const" in schema or "enum" in schema:
        values = [schema["const"]] if "const" in schema else schema["enum"]
        return f"Literal[{', '.join(json.dumps(value) for value in values)}]"
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_kind(one, schemas) for one in schema["anyOf"]))
    items, values = schema.get("items"), schema.get("additionalProperties")
    if schema.get("type") == "array":
        return f"list[{_kind(items, schemas) if isinstance(items, Mapping) and items else 'Any'}]"
    if schema.get("type") == "object":
        return f"dict[str, {_kind(values, schemas) if isinstance(values, Mapping) else 'Any'}]"
    return _SIMPLE.get(str(schema.get("type")), "Any")
