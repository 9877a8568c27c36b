"""The parts of docs/ that are made from the code: `python -m cli.reference` writes them anew.

A page is written by hand but for its marked blocks; the JSON schemas, the OpenAPI document and the client's records
are made whole. A test compares all with the files: a command, an error, an event, a route or a field of the spec
without its line in the docs does not pass.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer

from cli import contracts
from cli.main import EXIT_CODES, app
from cli.openapi import shipped

DOCS = Path(__file__).resolve().parents[1] / "docs"
_BLOCK = re.compile(r"(<!-- made by `python -m cli\.reference`: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WIDTH = 100


def commands() -> Iterator[tuple[str, Any, typer.Context]]:
    """(words, command, context) of `lepton` itself and of every command below it."""
    command: Any = typer.main.get_command(app)
    yield from _below(command, typer.Context(command, info_name="lepton", terminal_width=_WIDTH))


def _below(command: Any, context: typer.Context) -> Iterator[tuple[str, Any, typer.Context]]:
    yield context.command_path, command, context
    for name, child in getattr(command, "commands", {}).items():
        yield from _below(child, typer.Context(child, info_name=name, parent=context, terminal_width=_WIDTH))


def exit_codes() -> str:
    rows = "".join(f"| {code} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    return f"| code | meaning |\n|---|---|\n{rows}| 130 | interrupted with Ctrl-C |\n"


def help_texts() -> str:
    """What every command says to `--help`, as a plain terminal shows it."""
    parts = []
    for words, command, context in commands():
        command.rich_markup_mode = None
        text = "\n".join(line.rstrip() for line in command.get_help(context).strip().splitlines())
        parts.append(f"## {words}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


BLOCKS: dict[str, Callable[[], str]] = {
    "exit-codes": exit_codes,
    "commands": help_texts,
    "errors": contracts.error_table,
    "events": contracts.event_sections,
    "fields": contracts.spec_sections,
}


def filled(text: str) -> str:
    """The page with every marked block made anew."""
    return _BLOCK.sub(lambda block: f"{block[1]}\n{BLOCKS[block[2]]()}\n{block[3]}", text)


def files() -> dict[Path, str]:
    """Every file that is made, whole or in part, and what must be in it."""
    pages = {path: filled(path.read_text(encoding="utf-8")) for path in sorted(DOCS.glob("*.md"))}
    made = {DOCS / name: text for name, text in contracts.schemas().items()}
    return pages | made | {DOCS.parent / name: text for name, text in shipped.files().items()}


def write() -> None:
    """Write every file that changed, and delete schemas of events that are no more."""
    made = files()
    for path in (DOCS / "events").glob("*.schema.json"):
        if path not in made:
            path.unlink()
    for path, text in made.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stderr.write(f"wrote {path.relative_to(DOCS.parent)}\n")


if __name__ == "__main__":
    write()
