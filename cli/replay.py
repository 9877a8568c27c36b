"""`lepton replay`: the request of a receipt once more, to the same version, and whether the answer is the same bits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.text import Text

from cli.command import command
from cli.failures import Refused, RunFailed
from cli.screen import table
from cli.session import Session
from lepton.client.upload_form import checked_file
from lepton.errors import InvalidRequest, NotFound
from lepton.receipt.receipt import Kept, Receipt, checked_id
from lepton.receipt.replay import Comparison, compared

_NO_REQUEST = 'the receipt was not kept: ask with "receipt": "store" next time, or give the request with --request'


def register(app: typer.Typer) -> None:
    command(app, "replay")(replay)


def replay(
    session: Session,
    receipt: Annotated[
        str, typer.Argument(metavar="RECEIPT", help="A receipt's id, or a file with it: an answer, or a receipt.")
    ],
    model: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Whose receipt an id is; without, every model is asked.")
    ] = None,
    request: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The request as protocol JSON, where none was kept.")
    ] = None,
) -> None:
    """Run a receipt's request again on the same version. Identical, or what changed (exit code 1)."""
    then, body = _found(session, receipt, model)
    if request is not None:
        body = _json(request)
    if body is None:
        raise NotFound(f"there is no request for receipt {then.id}", pointer="/receipt", hint=_NO_REQUEST)
    now = _asked_again(session, then, body)
    result = compared(then, now)
    _show(session, then, now, result)
    if not result.identical:
        raise RunFailed(f"not reproduced: {result.verdict}", pointer=then.id)


def _found(session: Session, given: str, model: str | None) -> tuple[Receipt, dict[str, Any] | None]:
    """The receipt and, where it was kept, its request. Raises NotFound."""
    if Path(given).suffix == ".json" or Path(given).is_file():
        held = _in_file(Path(given))
        if isinstance(held, Kept):
            return held.receipt, held.request
        try:
            return held, _kept(session, held.model, held.id).request
        except NotFound:
            return held, None
    checked_id(given)
    models = [model] if model else [one["name"] for one in session.get("/v2/models")["models"]]
    for name in models:
        try:
            kept = _kept(session, name, given)
        except NotFound:
            continue
        return kept.receipt, kept.request
    raise NotFound(f"no receipt {given!r} is kept", pointer="/receipt", hint=_NO_REQUEST)


def _kept(session: Session, model: str, receipt: str) -> Kept:
    try:
        return Kept.model_validate(session.get(f"/models/{model}/receipts/{receipt}"))
    except Refused as error:
        if error.answer_status == 404:
            raise NotFound(error.message) from error
        raise


def _in_file(path: Path) -> Receipt | Kept:
    """A receipt with or without its request, or one inside an answer. Raises InvalidRequest."""
    told = _json(path)
    inside = told.get("receipt") or (told.get("parameters") or {}).get("receipt")
    try:
        if isinstance(inside, dict):
            return Kept.model_validate(told) if "request" in told else Receipt.model_validate(inside)
        return Receipt.model_validate(told)
    except ValidationError as error:
        raise InvalidRequest("there is no receipt in the file", pointer=str(path), hint="an answer with one") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(checked_file(path).read_bytes())
    except ValueError as error:
        raise InvalidRequest(f"not JSON: {error}", pointer=str(path)) from error
    if not isinstance(value, dict):
        raise InvalidRequest("not a JSON object", pointer=str(path))
    return value


def _asked_again(session: Session, then: Receipt, body: dict[str, Any]) -> Receipt:
    """The receipt of the same request now. Raises RunFailed when the version no longer answers."""
    again = {key: value for key, value in body.items() if key in ("inputs", "outputs")}
    again["parameters"] = {"receipt": True}
    path = f"/v2/models/{then.model}/versions/{then.version}/infer"
    try:
        answer = session.api.send("POST", path, body=again, repeatable=True).body
    except Refused as error:
        if error.answer_status not in (404, 409):
            raise
        raise RunFailed(
            f"version {then.version} of {then.model!r} does not answer any more: {error.message}", pointer=then.id
        ) from error
    return Receipt.model_validate(answer["parameters"]["receipt"])


def _show(session: Session, then: Receipt, now: Receipt, result: Comparison) -> None:
    changes = [{"part": one.part, "what": one.what, "then": one.then, "now": one.now} for one in result.changes]
    told = {"receipt": then.id, "identical": result.identical, "verdict": result.verdict, "changes": changes}
    style = "green" if result.identical else "red"
    rows = [(one.what, one.then[:24], one.now[:24]) for one in result.changes]
    session.screen.answer(
        told | {"output": now.output},
        Text(f"{then.model} {then.version}: {result.verdict}", style=style),
        *([table(("what", "then", "now"), rows)] if rows else []),
    )
