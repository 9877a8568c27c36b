"""One case: a name, a sentence that says what must hold, and how to find out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from lepton.errors import LeptonError

if TYPE_CHECKING:
    from cli.conformance.subject import Subject

State = Literal["passed", "failed", "skipped"]


class Unmet(LeptonError):
    """The server did not do what the case says."""

    code = "unmet"
    exit_code = 1


class Spared(LeptonError):
    """The case cannot be asked of this server: an extension that it does not list, an input that no model has."""

    code = "spared"
    exit_code = 1


@dataclass(frozen=True, slots=True)
class Case:
    """`ask` returns when the case holds, and raises Unmet or Spared when not. `needs`: an extension's name.
    `each`: it is about `subject.model`, and asked of each model."""

    topic: str
    name: str
    says: str
    ask: Callable[[Subject], None]
    needs: str | None = None
    each: bool = True


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` says why when it did not pass; `milliseconds` of wall time."""

    topic: str
    name: str
    says: str
    state: State
    detail: str
    milliseconds: float

    def row(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "case": f"{self.topic}/{self.name}",
            "says": self.says,
            "state": self.state,
            "detail": self.detail,
            "milliseconds": round(self.milliseconds, 1),
        }


def hold(condition: bool, otherwise: str) -> None:
    """Raises Unmet with `otherwise` when the condition is not met."""
    if not condition:
        raise Unmet(otherwise)


def shown(value: Any, limit: int = 100) -> str:
    """A value in few characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else text[:limit] + "…"
