"""How a call fails: the errors of `lepton.errors` by the code that the API answered, and the few of a client alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lepton import errors
from lepton.errors import LeptonError

_IAM = "the API asks for IAM: are the credentials of this account set, and may they execute-api:Invoke?"


class Unreachable(errors.TransientError):
    """Nothing answers at the address, or there is no address to ask."""

    exit_code = 69
    code = "unreachable"


class NotPermitted(errors.CallerError):
    """The credentials are missing, or may not do this."""

    status = 403
    exit_code = 77
    code = "not_permitted"


class Refused(LeptonError):
    """The API's own error, as it answered it. `kind` is the class of the tree that its code (or status) stands for."""

    def __init__(self, message: str, *, kind: type[LeptonError], answer: Mapping[str, Any], status: int = 0) -> None:
        super().__init__(message, pointer=answer.get("pointer"), hint=answer.get("hint"))
        self.kind = kind
        self.answer_code = str(answer.get("code") or kind.code)
        self.answer_status = status or kind.status
        self.request_id: str | None = answer.get("request_id")

    def typed(self) -> LeptonError:
        """The same as an error of its own class, so that `except NotFound` says what it means."""
        if issubclass(self.kind, errors.RejectedUpload):
            return self.kind(self.message, reason=self.answer_code, pointer=self.pointer, hint=self.hint)
        return self.kind(self.message, pointer=self.pointer, hint=self.hint)


def kinds(root: type[LeptonError] = LeptonError, modules: tuple[str, ...] = ()) -> Iterator[type[LeptonError]]:
    """Every class of the tree, parents first, whatever else is imported; `modules` have more of them."""
    yield root
    for child in root.__subclasses__():
        if child.__module__ in (errors.__name__, __name__, *modules):
            yield from kinds(child, modules)


# Groups of the tree that have the code of the one in them that is raised.
_MEANT: dict[type[LeptonError], type[LeptonError]] = {
    errors.CallerError: errors.InvalidRequest,
    errors.TransientError: errors.Unavailable,
}
_BY_STATUS: dict[int, type[LeptonError]] = {
    400: errors.InvalidRequest,
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
            return _MEANT.get(kind, kind)
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    return LeptonError if status >= 500 else errors.CallerError


def refusal(status: int, body: Any, request_id: str | None) -> Refused:
    """Our error body, or API Gateway's own `{"message"}`, or whatever a proxy in between sent (None: no JSON)."""
    told = dict(body) if isinstance(body, Mapping) else {}
    told.setdefault("request_id", request_id)
    kind = kind_of(status, told.get("code"))
    if kind.status in (401, 403) and not told.get("hint"):
        told["hint"] = _IAM
    if kind.retry and not told.get("hint"):
        told["hint"] = "try again in a moment"
    message = told.get("error") or told.get("message") or f"the API answered {status}"
    return Refused(str(message), kind=kind, answer=told, status=status)
