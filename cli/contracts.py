"""Reference text of what Lepton's parts agree on: errors, events, and the training spec. Pure: models in, text out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from cli import failures
from lepton import errors, events
from lepton.training.algorithms import PARAMETERS
from lepton.training.spec import TrainingSpec

# The groups of the tree: never raised themselves.
_GROUPS = (errors.CallerError, errors.OperatorError, errors.TransientError)
# The objects in a spec, each with a table of its own.
_OBJECTS = ("Gate", "Resources", "Rollout", "Rule", "Decisions", "DecisionRule", "Clause", "Otherwise", "Example")
_CLIENT_ONLY = (failures.Unreachable, failures.RunFailed)


def schemas() -> dict[str, str]:
    """JSON schemas by file name below docs/."""
    made = {"training-spec.schema.json": _schema(TrainingSpec)}
    return made | {f"events/{slug(kind)}.schema.json": _schema(kind) for kind in events.KINDS}


def error_table() -> str:
    """A line for each error that is raised: code, status, whether to try again, exit code."""
    rows = [
        (
            f"`{kind.code}`",
            "-" if kind in _CLIENT_ONLY else str(kind.status),
            "yes" if kind.retry else "no",
            str(kind.exit_code),
            "A bug on our side" if kind is errors.LeptonError else _sentences(kind).split(". ")[0].rstrip("."),
        )
        for kind in failures.kinds()
        if kind not in (*_GROUPS, failures.Refused)
    ]
    return _table(("code", "status", "retry", "exit code", "meaning"), rows)


def slug(kind: type[events.Event]) -> str:
    """`Dataset Ready` is dataset-ready."""
    return kind.detail_type.lower().replace(" ", "-")


def event_sections() -> str:
    return "\n".join(_event(kind) for kind in events.KINDS)


def _event(kind: type[events.Event]) -> str:
    properties = kind.model_json_schema()["properties"]
    rows = [(f"`{name}`", _type(told)) for name, told in properties.items() if name != "schema_version"]
    told = f"{_sentences(kind)} Source `{kind.source}`, [schema](events/{slug(kind)}.schema.json)."
    return f"## {kind.detail_type}\n\n{told}\n\n{_table(('field', 'type'), rows)}"


def spec_sections() -> str:
    """The fields of the spec, of the objects in it, and the hyperparameters of every algorithm."""
    schema = TrainingSpec.model_json_schema()
    parts = [_fields(schema)]
    parts += [f"\n## {name.lower()}\n\n{_fields(schema['$defs'][name])}" for name in _OBJECTS]
    parts.append("\n## hyperparameters\n")
    for algorithm, model in PARAMETERS.items():
        parts.append(f"\n### {algorithm}\n\n{_sentences(model)}\n\n{_fields(model.model_json_schema())}")
    return "".join(parts)


def _fields(schema: Mapping[str, Any]) -> str:
    rows = []
    for name, told in schema["properties"].items():
        default = "required" if name in schema.get("required", ()) else _default(told)
        rows.append((f"`{name}`", _type(told), default, told.get("description", "").replace("|", "\\|")))
    return _table(("field", "type", "default", "meaning"), rows)


def _default(told: Mapping[str, Any]) -> str:
    default = told.get("default")
    return "" if isinstance(default, dict) or "default" not in told else f"`{json.dumps(default)}`"


def _type(told: Mapping[str, Any]) -> str:
    """A JSON schema's type in a few words, with its bounds."""
    if "anyOf" in told:
        return " or ".join(_type(one) for one in told["anyOf"])
    if "enum" in told:
        return " \\| ".join(f"`{value}`" for value in told["enum"])
    if "const" in told:
        return f"`{json.dumps(told['const'])}`"
    if "$ref" in told:
        return re.sub(r".*/", "", told["$ref"]).lower()
    if told.get("type") == "array":
        return f"list of {_type(told.get('items', {}))}"
    return f"{told.get('format') or told.get('type', 'any')}{_bounds(told)}"


def _bounds(told: Mapping[str, Any]) -> str:
    words = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {told[key]}" for key, sign in words.items() if key in told]
    return f" ({', '.join(bounds)})" if bounds else ""


def _sentences(kind: type[BaseModel] | type[errors.LeptonError]) -> str:
    return " ".join((kind.__doc__ or "").split())


def _table(columns: tuple[str, ...], rows: list[Any]) -> str:
    lines = ["| " + " | ".join(cells) + " |" for cells in (columns, *rows)]
    return "\n".join([lines[0], "|---" * len(columns) + "|", *lines[1:]]) + "\n"


def _schema(model: type[BaseModel]) -> str:
    return json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
