"""What a command shows: its answer on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from cli.failures import described
from lepton.errors import LeptonError

# Without a terminal nobody can widen the window: lines are not broken at 80.
_WIDTH = 200
_STYLES = {
    **dict.fromkeys(("ok", "ready", "published", "passed", "live", "info"), "green"),
    **dict.fromkeys(("failed", "rejected", "refused", "error", "critical", "missing"), "red"),
    **dict.fromkeys(("running", "submitted", "succeeded", "waiting", "warning", "optional"), "yellow"),
}


class Screen:
    """With `as_json` an answer is one JSON value on standard output, and nothing else goes there."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.out = _console(sys.stdout)
        self.err = _console(sys.stderr, stderr=True)
        self.live = sys.stderr.isatty() and not as_json

    def answer(self, value: Any, *shown: RenderableType) -> None:
        """The command's result: `value` for a machine, or else `shown` for a person."""
        if self.as_json:
            self.line(value)
            return
        for one in shown:
            self.out.print(one)

    def line(self, value: Any) -> None:
        """One JSON value on a line of its own."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def note(self, text: str, style: str = "dim") -> None:
        """A word on the side, for a person."""
        self.err.print(Text(text, style=style))

    def failed(self, error: LeptonError) -> None:
        """What is wrong, where, what to do, and the id to name it by."""
        told = described(error)
        if self.as_json:
            self.line(told)
        self.err.print(Text("error: ", style="bold red") + Text(error.message, style="default"))
        for label, key in (("where", "pointer"), ("what to do", "hint"), ("request", "request_id")):
            if told.get(key):
                self.err.print(Text(f"  {label}: ", style="bold") + Text(str(told[key]), style="default"))

    def progress(self, *columns: ProgressColumn) -> Progress:
        """A bar on standard error that is gone when done; off a terminal it shows nothing."""
        default = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        return Progress(*(columns or default), console=self.err, transient=True, disable=not self.live)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """A plain table; `None` shows as a dash, words with a meaning are coloured."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*(cell(value) for value in row))
    return made


def fields(pairs: Iterable[tuple[str, Any]], title: str | None = None) -> Table:
    """Names and values, one pair a line; empty ones are left out."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, show_header=False)
    made.add_column(style="bold")
    made.add_column(overflow="fold")
    for name, value in pairs:
        if value is not None and value not in ("", (), [], {}):
            made.add_row(Text(name), cell(value))
    return made


def flat(value: Any, prefix: str = "") -> Iterable[tuple[str, Any]]:
    """A nested answer as dotted names and plain values."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from flat(inner, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, inner in enumerate(value):
            yield from flat(inner, f"{prefix}[{index}]")
    else:
        yield prefix, value


def cell(value: Any) -> Text:
    if value is None:
        return Text("-", style="dim")
    if isinstance(value, bool):
        return Text("yes" if value else "no")
    if isinstance(value, float):
        return Text(f"{value:.6g}")
    if isinstance(value, list | tuple):
        return Text(", ".join(f"{item:.4g}" if isinstance(item, float) else str(cell(item)) for item in value))
    if isinstance(value, dict):
        return Text("  ".join(f"{key} {cell(item)}" for key, item in value.items()))
    return value if isinstance(value, Text) else Text(str(value), style=_STYLES.get(str(value), ""))


def _console(stream: Any, *, stderr: bool = False) -> Console:
    width = None if stream.isatty() else _WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)
