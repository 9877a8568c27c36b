"""`lepton predict`: rows, an image or a whole request to an endpoint, and its answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from cli import jobs, rows
from cli.command import command
from cli.failures import Refused
from cli.screen import fields, table
from cli.session import Session
from lepton.client.call import Call, whole
from lepton.client.upload_form import checked_file
from lepton.errors import InvalidRequest, UnsupportedMedia

_IMAGES = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp"}
_SHOWN = 50

Answer = dict[str, Any]


def register(app: typer.Typer) -> None:
    command(app, "predict")(predict)


def predict(
    session: Session,
    model: Annotated[str, typer.Argument(metavar="MODEL", help="The model's name.")],
    file: Annotated[
        Path, typer.Option("--file", "-f", metavar="FILE", help="rows.csv, image.png|jpg|webp or request.json.")
    ],
    version: Annotated[
        str | None, typer.Option(metavar="VERSION", help="This version instead of the live one.")
    ] = None,
    later: Annotated[bool, typer.Option("--async", help="Do not wait: print the job that will answer.")] = False,
) -> None:
    """Ask the endpoint. CSV rows go in pieces; columns that the model does not use are passed over and named."""
    path = checked_file(file)
    suffix = path.suffix.lower()
    if later:
        _later(session, _infer(model, version), jobs.send(session, model, path))
        return
    if suffix in _IMAGES:
        answer = _send(session, _infer(model, version), path.read_bytes(), _IMAGES[suffix], path)
    elif suffix == ".json":
        answer = _json(session, model, version, path)
    elif suffix in (".csv", ".tsv", ".txt"):
        answer = _csv(session, model, version, path)
    else:
        known = "a .csv, an image (.png, .jpg, .webp) or a .json request"
        raise UnsupportedMedia(f"cannot tell what {path.name!r} is", pointer=str(path), hint=f"give {known}")
    _show(session, answer)


def _later(session: Session, path: str, upload: str) -> None:
    """Have an upload predicted in its turn: a request answered, or a file of rows predicted."""
    asked = {"input": {"upload": upload}}
    job = session.api.make(Call("POST", path, whole, asked, headers={"Prefer": "respond-async"}))
    session.screen.answer(job, fields(job.items()))


def _infer(model: str, version: str | None) -> str:
    return f"/v2/models/{model}" + (f"/versions/{version}" if version else "") + "/infer"


def _send(session: Session, path: str, body: bytes, media: str, file: Path) -> Answer:
    try:
        answer: Answer = session.api.send("POST", path, body=body, media=media, repeatable=True).body
    except Refused as error:
        if error.pointer and media == "application/json" and not error.pointer.startswith("/model"):
            error.pointer = f"{file}: {error.pointer}"
        raise
    return answer


def _json(session: Session, model: str, version: str | None, path: Path) -> Answer:
    """An Open Inference Protocol request as it is; anything else as an invocation."""
    try:
        request = json.loads(path.read_bytes())
    except ValueError as error:
        raise InvalidRequest(f"not JSON: {error}", pointer=str(path)) from error
    inputs = request.get("inputs") if isinstance(request, dict) else None
    is_protocol = isinstance(inputs, list) and bool(inputs) and isinstance(inputs[0], dict)
    if not is_protocol and version:
        raise InvalidRequest(
            "a version can be asked for in the Open Inference Protocol only", pointer="--version", hint="send `inputs`"
        )
    route = _infer(model, version) if is_protocol else f"/models/{model}/invocations"
    return _send(session, route, path.read_bytes(), "application/json", path)


def _csv(session: Session, model: str, version: str | None, path: Path) -> Answer:
    if version:
        raise InvalidRequest("CSV rows go to the live version", pointer="--version", hint="send a .json request")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequest("the file is not UTF-8", pointer=str(path), hint="save it as UTF-8") from error
    answers: list[Answer] = []
    with session.screen.progress() as bar:
        task = bar.add_task("predict", total=None)
        for piece in rows.pieces(text):
            answers.append(_piece(session, model, piece, path))
            bar.update(task, description=f"predict, line {piece.first_line:,}")
    return _whole(session, answers)


def _piece(session: Session, model: str, piece: rows.Piece, path: Path) -> Answer:
    try:
        answer: Answer = session.api.send(
            "POST", f"/models/{model}/invocations", body=piece.body, media="text/csv", repeatable=True
        ).body
    except Refused as error:
        error.pointer = piece.pointer(error.pointer, str(path)) if error.pointer else None
        raise
    return answer


def _whole(session: Session, answers: list[Answer]) -> Answer:
    versions = list(dict.fromkeys(str(answer.get("model_version")) for answer in answers))
    if len(versions) > 1:
        session.screen.note(f"the live version moved meanwhile: {' then '.join(versions)} answered", "yellow")
    return rows.merged(answers)


def _show(session: Session, answer: Answer) -> None:
    ignored = answer.get("ignored_columns")
    if ignored:
        session.screen.note(f"not used by the model: {', '.join(ignored)}")
    session.screen.note(f"answered by {answer.get('model_name')} {answer.get('model_version')}")
    names, found = rows.predictions(answer)
    shown = [(number, *row) for number, row in enumerate(found[:_SHOWN], start=1)]
    more = [Text(f"and {len(found) - _SHOWN} more: --json gives all", style="dim")] if len(found) > _SHOWN else []
    session.screen.answer(answer, table(("row", *names), shown), *more)
