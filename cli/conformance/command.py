"""`lepton conformance`: every case against a server of the protocol, and what came of it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Annotated, Any

import typer

from cli.command import command
from cli.conformance.case import Outcome
from cli.conformance.runner import CASES, outcomes
from cli.conformance.subject import Subject
from cli.failures import RunFailed
from cli.screen import table
from cli.session import Session
from lepton.errors import InvalidRequest


def register(app: typer.Typer) -> None:
    command(app, "conformance")(conformance)


def conformance(
    session: Session,
    url: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The server's root URL; left out: the deployment's own API.")
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="A model to ask, more than once for several.")
    ] = None,
    sample: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A right request for the first model, if it is choosy.")
    ] = None,
) -> None:
    """Ask a server of the Open Inference Protocol v2 (REST) every case. Exits with 1 when one fails.

    Any server of the protocol: requests are made from the metadata of its models. Cases of an extension that the
    server does not list, or that its models have no input for, are skipped, and counted as such.
    """
    names = tuple(model or ())
    samples = _samples(sample, names)
    auth = session.target.auth if url is None else None
    subject = Subject(url or session.target.api_url, names, auth=auth, samples=samples)
    try:
        subject.reach()
        with session.screen.progress() as bar:
            task = bar.add_task("conformance", total=len(CASES))
            found = []
            for outcome in outcomes(subject):
                found.append(outcome)
                bar.update(task, advance=1, description=f"{outcome.topic}/{outcome.name}")
        _show(session, subject, found)
    finally:
        subject.close()
    if any(one.state == "failed" for one in found):
        raise typer.Exit(RunFailed.exit_code)


def _samples(path: Path | None, names: tuple[str, ...]) -> dict[str, Any]:
    if path is None:
        return {}
    if not names:
        raise InvalidRequest("a sample is for a model that is named", pointer="--sample", hint="add --model NAME")
    try:
        return {names[0]: json.loads(path.read_bytes())}
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"no request in JSON: {error}", pointer=str(path)) from error


def _show(session: Session, subject: Subject, found: list[Outcome]) -> None:
    counts = Counter(one.state for one in found)
    told = {state: counts[state] for state in ("passed", "failed", "skipped")}
    server = {"name": subject.server.get("name"), "version": subject.server.get("version")}
    answer = {
        "url": subject.base,
        "server": server | {"extensions": list(subject.extensions)},
        "models": list(subject.names),
        **told,
        "cases": [one.row() for one in found],
    }
    rows = [(f"{one.topic}/{one.name}", one.state, one.says, one.detail) for one in found]
    session.screen.answer(answer, table(("case", "state", "what must hold", "what came"), rows))
    summary = ", ".join(f"{count} {state}" for state, count in told.items())
    session.screen.note(f"{server['name']} {server['version']}: {len(found)} cases, {summary}")
