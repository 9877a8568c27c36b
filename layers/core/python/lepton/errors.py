"""Every error that Lepton raises on purpose, sorted by who can act on it.

    LeptonError
    ├── CallerError            whoever sent the request can mend it
    │   ├── InvalidRequest        400  malformed body, wrong field, wrong shape
    │   │   └── InvalidSpec         400  a training spec that cannot be planned
    │   ├── NotFound              404  no such dataset, model, version, run
    │   ├── NotAcceptable         406  no answer in the form asked for
    │   ├── Conflict              409  somebody else moved it first
    │   ├── TooLarge              413  over a stated limit
    │   └── UnsupportedMedia      415  a content type that nothing here reads
    ├── DataError              whoever owns the data can mend it
    │   └── RejectedUpload        422  not a table, not an image set, no usable row
    ├── OperatorError          whoever deployed Lepton can mend it
    │   ├── Misconfigured         500  a setting is missing or makes no sense
    │   ├── CorruptArtifact       503  an object in the lake is not what its digest says
    │   └── Forbidden             500  the function's role lacks a permission
    └── TransientError         nobody: trying again is the mend
        ├── Throttled             429  slow down, Retry-After says how long
        └── Unavailable           503  a service did not answer in time

The edges read the class, in one place each: `status` is the HTTP status, `code` the machine-readable
name in the body, `exit_code` what a process ends with (sysexits.h, and the contract between trainer and
trigger), `retry` whether the same call may succeed later. A built-in error means a bug.

A message says what is wrong and where; `hint` says what to do; `pointer` is a JSON pointer (RFC 6901) or
`file:line` into the caller's input.
"""

from __future__ import annotations

from typing import ClassVar


class LeptonError(Exception):
    """The root: never raised itself."""

    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 70
    retry: ClassVar[bool] = False
    code: ClassVar[str] = "internal_error"

    def __init__(self, message: str, *, pointer: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.pointer = pointer
        self.hint = hint

    def __str__(self) -> str:
        """The message for a person: where, what, what to do."""
        where = f"{self.pointer}: " if self.pointer else ""
        todo = f" ({self.hint})" if self.hint else ""
        return f"{where}{self.message}{todo}"


class CallerError(LeptonError):
    """Whoever sent the request can mend it."""

    status = 400
    exit_code = 64
    code = "invalid_request"


class InvalidRequest(CallerError):
    """A malformed body, a wrong field, a wrong shape."""


class InvalidSpec(InvalidRequest):
    """A training spec that cannot be planned."""

    code = "invalid_spec"


class NotFound(CallerError):
    """No such dataset, model, version or run."""

    status = 404
    exit_code = 66
    code = "not_found"


class NotAcceptable(CallerError):
    """No answer can be given in the form asked for."""

    status = 406
    code = "not_acceptable"


class Conflict(CallerError):
    """Somebody else moved it first, or it already is what was asked for."""

    status = 409
    code = "conflict"


class TooLarge(CallerError):
    """Over a stated limit."""

    status = 413
    code = "too_large"


class UnsupportedMedia(CallerError):
    """A content type that nothing here reads."""

    status = 415
    code = "unsupported_media_type"


class DataError(LeptonError):
    """Whoever owns the data can mend it."""

    status = 422
    exit_code = 65
    code = "bad_data"


class RejectedUpload(DataError):
    """Not a table, not an image set, or without a usable row. `reason` is the machine-readable cause."""

    code = "rejected_upload"

    def __init__(self, message: str, *, reason: str, pointer: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, pointer=pointer, hint=hint)
        self.reason = reason


class OperatorError(LeptonError):
    """Whoever deployed Lepton can mend it."""

    exit_code = 78


class Misconfigured(OperatorError):
    """A setting is missing or makes no sense."""

    code = "misconfigured"


class CorruptArtifact(OperatorError):
    """An object in the lake is not what its digest says."""

    status = 503
    code = "corrupt_artifact"


class Forbidden(OperatorError):
    """The function's role lacks a permission."""

    code = "forbidden"


class TransientError(LeptonError):
    """Nobody can mend it: trying again is the mend."""

    status = 503
    exit_code = 75
    retry = True
    code = "unavailable"


class Throttled(TransientError):
    """A service asks us to slow down."""

    status = 429
    code = "throttled"


class Unavailable(TransientError):
    """A service did not answer in time."""
