"""How a command fails, and what it exits with: the errors of `lepton.errors`, and the few that only a client has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lepton import errors
from lepton.errors import LeptonError


class Unreachable(errors.TransientError):
    """Nothing answers at the address, or there is no address to ask."""

    exit_code = 69
    code = "unreachable"


class NotPermitted(errors.CallerError):
    """The credentials are missing, or may not do this."""

    status = 403
    exit_code = 77
    code = "not_permitted"


class RunFailed(LeptonError):
    """A training run that was waited for ended without a published model, or a required check did not hold."""

    exit_code = 1
    code = "run_failed"


class Refused(LeptonError):
    """The API's own error, as it answered it. It exits with what its code (or else its status) stands for."""

    def __init__(self, message: str, *, kind: type[LeptonError], answer: dict[str, Any]) -> None:
        super().__init__(message, pointer=answer.get("pointer"), hint=answer.get("hint"))
        self.kind = kind
        self.answer_code = str(answer.get("code") or kind.code)
        self.request_id: str | None = answer.get("request_id")


def kinds(root: type[LeptonError] = LeptonError) -> Iterator[type[LeptonError]]:
    """Every class of the tree, parents first, whatever else is imported."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ in (errors.__name__, __name__):
            yield from kinds(child)


_BY_STATUS: dict[int, type[LeptonError]] = {
    401: NotPermitted,
    403: NotPermitted,
    404: errors.NotFound,
    406: errors.NotAcceptable,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    422: errors.DataError,
    429: errors.Throttled,
    502: errors.Unavailable,
    503: errors.Unavailable,
    504: errors.Unavailable,
}


def kind_of(status: int, code: str | None) -> type[LeptonError]:
    """The class that an answer stands for: by its code, or else by its status."""
    for kind in kinds():
        if kind.code == code and kind.status == status:
            return kind
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return LeptonError if status >= 500 else errors.CallerError


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
