"""`lepton specs`: the training specs that the deployment keeps, one for each model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from cli.command import command
from cli.failures import Refused
from cli.screen import fields, flat, table
from cli.session import Session
from lepton.client.upload_form import checked_file
from lepton.errors import InvalidSpec

app = typer.Typer(no_args_is_help=True, help="Keep training specs: new data then trains by itself.")

SpecFile = Annotated[Path, typer.Option("--file", "-f", metavar="SPEC", help="A training spec, YAML or JSON.")]
Model = Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")]


@command(app, "push")
def push(session: Session, file: SpecFile) -> None:
    """Store the spec for its model; when its dataset is there (or comes), it trains."""
    text = read_spec(file)
    path = f"/training-specs/{model_of(text, file)}"
    try:
        answer = session.api.send("PUT", path, body=text.encode(), media="application/yaml").body
    except Refused as error:
        error.pointer = in_file(error.pointer, file)
        raise
    shown = fields([*flat(answer["spec"]), ("waiting for", answer.get("waiting_for"))])
    session.screen.answer(answer, shown)


@command(app, "list")
def list_specs(session: Session) -> None:
    """All stored specs."""
    found = session.get("/training-specs")
    keys = ("model", "task", "dataset", "algorithm", "on_new_data", "error")
    session.screen.answer(found, table(keys, [[spec.get(key) for key in keys] for spec in found["specs"]]))


@command(app, "show")
def show(session: Session, model: Model) -> None:
    """The stored spec of a model."""
    found = session.get(f"/training-specs/{model}")
    session.screen.answer(found, fields(flat(found["spec"])))


def read_spec(file: Path) -> str:
    """The spec's text. Raises InvalidSpec when it is not text."""
    try:
        return checked_file(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InvalidSpec("a spec is UTF-8 text", pointer=str(file)) from error


def model_of(text: str, file: Path) -> str:
    """The spec's `model`; the deployment checks the rest. Raises InvalidSpec with file and line."""
    try:
        spec: Any = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{file}:{mark.line + 1}" if mark else str(file)
        raise InvalidSpec(f"not YAML: {getattr(error, 'problem', error)}", pointer=where) from error
    if not isinstance(spec, dict) or not isinstance(spec.get("model"), str):
        raise InvalidSpec("a spec names its model", pointer=f"{file}:/model", hint="model: my-model")
    return str(spec["model"])


def in_file(pointer: str | None, file: Path) -> str:
    """The API's pointer, seen from the file that was sent: `/spec/target` is `churn.yaml: /target`."""
    inside = (pointer or "").removeprefix("/spec")
    return f"{file}: {inside}" if inside else str(file)
