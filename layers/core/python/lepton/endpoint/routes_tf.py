"""TensorFlow Serving's paths: `/v1/models/{model}[/versions/{version}]`, with `:predict` behind it to predict.

A path of API Gateway holds a parameter or text, never both: what follows the colon comes with the parameter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lepton.endpoint import accept, tf_serving
from lepton.endpoint.exchange import Reply
from lepton.endpoint.replies import of_json
from lepton.endpoint.route import Call
from lepton.endpoint.routes_infer import Form, predicted
from lepton.errors import NotFound
from lepton.registry import Verdict

PREDICT = Form(tf_serving.decode, tf_serving.encode, (accept.JSON,))


def predict(call: Call) -> Reply:
    last = "version" if "version" in call.path else "model"
    name, colon, verb = call.path[last].partition(":")
    if not colon or verb != "predict":
        raise NotFound(
            f"there is no {verb[:20]!r} to be asked of a model here", pointer=f"/{last}", hint="MODEL:predict"
        )
    return predicted(replace(call, path={**call.path, last: name}), PREDICT)


def status(call: Call) -> Reply:
    """Every version that was judged, or the one asked for. Raises NotFound."""
    registry = call.serving.endpoint.registry
    name, version = call.path["model"], call.path.get("version")
    verdicts = [registry.verdict(name, version)] if version else list(registry.versions(name))
    if not verdicts:
        raise NotFound(
            f"there is no model {name!r}", pointer="/model", hint="GET /v2/models lists the models that answer"
        )
    return of_json({"model_version_status": [_state(one) for one in verdicts]})


def _state(verdict: Verdict) -> dict[str, Any]:
    code, why = ("OK", "") if verdict.passed else ("FAILED_PRECONDITION", "refused by the gate")
    state = "AVAILABLE" if verdict.passed else "END"
    return {"version": verdict.version, "state": state, "status": {"error_code": code, "error_message": why}}
