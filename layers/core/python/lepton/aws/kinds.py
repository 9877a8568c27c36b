"""Which of our errors each error code of AWS is. Whatever is not here is Unavailable."""

from __future__ import annotations

from lepton.errors import Conflict, Forbidden, InvalidRequest, LeptonError, NotFound, Throttled

KINDS: dict[str, type[LeptonError]] = {
    "NoSuchKey": NotFound,
    "NoSuchBucket": NotFound,
    "404": NotFound,
    "PreconditionFailed": Conflict,
    "412": Conflict,
    "ConditionalRequestConflict": Conflict,
    "AccessDenied": Forbidden,
    "AccessDeniedException": Forbidden,
    "403": Forbidden,
    "SlowDown": Throttled,
    "Throttling": Throttled,
    "ThrottlingException": Throttled,
    "TooManyRequestsException": Throttled,
    "RequestLimitExceeded": Throttled,
    "ClientException": InvalidRequest,
    "ValidationException": InvalidRequest,
    "ValidationError": InvalidRequest,
}
