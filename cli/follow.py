"""Following a run: its state and its new log lines, again and again until it ends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from cli.failures import RunFailed
from cli.session import Session
from lepton.client.waiting import ENDED

_PAUSE = 1.0
_LEVELS = {"ERROR": "red", "CRITICAL": "red", "WARNING": "yellow"}

State = dict[str, Any]


def lines(session: Session, run: str, *, once: bool = False) -> Iterator[tuple[State, list[dict[str, Any]]]]:
    """The state and the log lines that are new since the last look; the last item has an ended state.

    The state is read first, so that no line written before the end is missed.
    """
    after = 0
    while True:
        state: State = session.get(f"/training-runs/{run}")
        page = session.get(f"/training-runs/{run}/logs", after=after)
        after = page["next"]
        yield state, page["lines"]
        if once or (state["state"] in ENDED and not page["lines"]):
            return
        if state["state"] not in ENDED:
            session.pause(_PAUSE)


def until_ended(session: Session, run: str) -> State:
    """The ended run; meanwhile a bar on a terminal, and log lines on standard error either way."""
    state: State = {}
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with session.screen.progress(*columns) as bar:
        task = bar.add_task("submitted", total=None)
        for now, batch in lines(session, run):
            _advance(bar, task, now)
            if now["state"] != state.get("state"):
                session.screen.err.print(Text(f"{run} is {now['state']}", style="bold"))
            for entry in batch:
                session.screen.err.print(log_line(entry))
            state = now
    return state


def failure(state: State) -> RunFailed | None:
    """The error that an ended run stands for; None when its model was published."""
    if state["state"] == "published":
        return None
    return RunFailed(
        f"the run was {state['state']}: {state.get('reason') or 'no reason was left'}"
        if state["state"] != "failed"
        else f"the run failed: {state.get('reason') or 'no reason was left'}",
        pointer=state["run"],
        hint=f"`lepton runs logs {state['run']}` shows what it said",
    )


def log_line(entry: dict[str, Any]) -> Text:
    """`12:31:07 message key=value …`"""
    # The message of a line with progress says it already; the figures are for machines and the bar.
    known = ("at", "level", "message", "progress")
    extra = " ".join(f"{key}={_short(value)}" for key, value in entry.items() if key not in known and value is not None)
    at = str(entry.get("at", ""))
    clock = at[11:19] if "T" in at else at
    line = Text(f"{clock} ", style="dim")
    line.append(str(entry.get("message", "")), style=_LEVELS.get(str(entry.get("level", "")).upper(), ""))
    return line.append(f" {extra}" if extra else "", style="dim")


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def _advance(bar: Progress, task: Any, state: State) -> None:
    progress = state.get("progress") or {}
    told = [str(state["state"])]
    told += [f"{key} {_short(progress[key])}" for key in ("loss", "metric") if progress.get(key) is not None]
    if progress.get("eta_seconds") is not None:
        told.append(f"{progress['eta_seconds']:.0f} s left")
    if progress.get("dollars") is not None:
        told.append(f"$ {progress['dollars']:.6f}")
    bar.update(
        task, description="  ".join(told), completed=progress.get("step") or 0, total=progress.get("steps") or None
    )
