"""The server itself: what it is, whether it lives, whether it can answer."""

from __future__ import annotations

from lepton import __version__
from lepton.endpoint.exchange import Reply
from lepton.endpoint.replies import of_json
from lepton.endpoint.route import Call

EXTENSIONS = ("binary_tensor_data", "classification", "model_repository", "parameters")


def server(_: Call) -> Reply:
    return of_json({"name": "lepton", "version": __version__, "extensions": list(EXTENSIONS)})


def live(_: Call) -> Reply:
    return of_json({"live": True})


def ready(call: Call) -> Reply:
    """The lake answers. Raises TransientError, OperatorError."""
    call.serving.endpoint.check()
    return of_json({"ready": True, "live": True})


def ping(call: Call) -> Reply:
    call.serving.endpoint.check()
    return of_json({"status": "ok"})
