"""How a command fails, and what it exits with: the errors of `lepton.errors` and of the client, and one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lepton.client import failures
from lepton.client.failures import NotPermitted, Refused, Unreachable
from lepton.errors import LeptonError

__all__ = ["NotPermitted", "Refused", "RunFailed", "Unreachable", "described", "exit_code", "kinds"]


class RunFailed(LeptonError):
    """A training run that was waited for ended without a published model, or a required check did not hold."""

    exit_code = 1
    code = "run_failed"


def kinds() -> Iterator[type[LeptonError]]:
    """Every class of the tree, parents first, whatever else is imported."""
    return failures.kinds(LeptonError, (__name__,))


def exit_code(error: LeptonError) -> int:
    return error.kind.exit_code if isinstance(error, Refused) else error.exit_code


def described(error: LeptonError) -> dict[str, Any]:
    """The error as `--json` prints it: the API's body, and the exit code."""
    refused = isinstance(error, Refused)
    told = {
        "error": error.message,
        "code": error.answer_code if refused else error.code,  # type: ignore[attr-defined]
        "pointer": error.pointer,
        "hint": error.hint,
        "request_id": error.request_id if refused else None,  # type: ignore[attr-defined]
    }
    return {key: value for key, value in told.items() if value is not None} | {"exit_code": exit_code(error)}
