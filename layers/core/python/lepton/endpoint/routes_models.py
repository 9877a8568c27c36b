"""Models as they are told: which ones answer, what they take and give."""

from __future__ import annotations

from typing import Any

from lepton.endpoint import answers, document, outputs
from lepton.endpoint.exchange import Reply
from lepton.endpoint.replies import of_json, of_model
from lepton.endpoint.route import Call
from lepton.errors import NotFound
from lepton.registry import Verdict


def models(call: Call) -> Reply:
    """Every model with a live alias."""
    registry = call.serving.endpoint.registry
    found = []
    for name in registry.models():
        try:
            alias, _ = registry.alias(name, "live")
        except NotFound:
            continue
        found.append({"name": name, "version": alias.version, "state": "READY"})
    return of_json({"models": found})


def index(call: Call) -> Reply:
    """Every version that was judged (Triton's repository index); `ready`: only those that answer."""
    only = bool(call.exchange.body) and _only_ready(call.exchange.body)
    registry = call.serving.endpoint.registry
    found = [_indexed(one) for name in registry.models() for one in registry.versions(name)]
    return of_json([one for one in found if one["state"] == "READY" or not only])


def metadata(call: Call) -> Reply:
    endpoint = call.serving.endpoint
    manifest = endpoint.model(call.path["model"], call.path.get("version")).manifest
    versions = [one.version for one in endpoint.registry.versions(manifest.model) if one.passed]
    return of_model(manifest, answers.metadata(manifest, versions))


def ready(call: Call) -> Reply:
    manifest = call.serving.endpoint.model(call.path["model"], call.path.get("version")).manifest
    return of_model(manifest, {"name": manifest.model, "version": manifest.version, "ready": True})


def _only_ready(body: bytes) -> bool:
    given = document.members(document.read(body), frozenset({"ready"}), "", "an index request")
    return bool(outputs.flag(given, "ready", ""))


def _indexed(verdict: Verdict) -> dict[str, Any]:
    state, why = ("READY", "") if verdict.passed else ("UNAVAILABLE", "refused by the gate")
    return {"name": verdict.model, "version": verdict.version, "state": state, "reason": why}
