"""Open Inference Protocol v2 and the invocations API over one Endpoint: path to method, value to answer."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response

from lepton import __version__, http_api
from lepton.endpoint import answers
from lepton.endpoint.body import Body, check_accept, check_encoding, for_invocation, for_protocol, received
from lepton.endpoint.endpoint import Endpoint
from lepton.endpoint.request import InferAnswer, InferRequest, Limits
from lepton.endpoint.telemetry import Telemetry
from lepton.errors import NotFound, TooLarge
from lepton.model_package.manifest import ModelManifest

Decode = Callable[[Body, ModelManifest, Limits], InferRequest]
Encode = Callable[[ModelManifest, InferRequest, InferAnswer], dict[str, Any]]
EXTENSIONS: tuple[str, ...] = ()


class Routes:
    """Every route is a method; `app` carries the current request."""

    def __init__(self, app: APIGatewayRestResolver, endpoint: Endpoint, telemetry: Telemetry, limits: Limits) -> None:
        self._app = app
        self._endpoint = endpoint
        self._telemetry = telemetry
        self._limits = limits

    def server(self) -> dict[str, Any]:
        return {"name": "lepton", "version": __version__, "extensions": list(EXTENSIONS)}

    def live(self) -> dict[str, bool]:
        return {"live": True}

    def ready(self) -> dict[str, bool]:
        """The lake answers. Raises TransientError, OperatorError."""
        self._endpoint.check()
        return {"ready": True}

    def ping(self) -> dict[str, str]:
        self.ready()
        return {"status": "ok"}

    def models(self) -> dict[str, Any]:
        """Every model with a live alias."""
        found = []
        for name in self._endpoint.registry.models():
            try:
                alias, _ = self._endpoint.registry.alias(name, "live")
            except NotFound:
                continue
            found.append({"name": name, "version": alias.version, "state": "READY"})
        return {"models": found}

    def metadata(self, model: str, version: str | None = None) -> Response[str]:
        manifest = self._endpoint.model(model, version).manifest
        verdicts = self._endpoint.registry.versions(model)
        return self._answer(manifest, answers.metadata(manifest, [one.version for one in verdicts if one.passed]))

    def model_ready(self, model: str, version: str | None = None) -> Response[str]:
        manifest = self._endpoint.model(model, version).manifest
        return self._answer(manifest, {"name": model, "version": manifest.version, "ready": True})

    def infer(self, model: str, version: str | None = None) -> Response[str]:
        return self._predict(model, version, for_protocol, answers.protocol)

    def invocations(self, model: str) -> Response[str]:
        return self._predict(model, None, for_invocation, answers.invocation)

    def _predict(self, name: str, version: str | None, decode: Decode, encode: Encode) -> Response[str]:
        started = time.perf_counter()
        body = self._body()
        model = self._endpoint.model(name, version)
        request = decode(body, model.manifest, self._limits)
        answer = self._answer(model.manifest, encode(model.manifest, request, model.run(request)))
        self._telemetry.predicted(
            model.manifest,
            rows=request.rows,
            milliseconds=(time.perf_counter() - started) * 1000,
            request=http_api.request_id(self._app),
            id=request.id,
        )
        return answer

    def _body(self) -> Body:
        event = self._app.current_event
        headers = event.headers
        check_accept(headers.get("accept"))
        check_encoding(headers.get("content-encoding"))
        return received(event.body, bool(event.is_base64_encoded), headers.get("content-type"), self._limits)

    def _answer(self, manifest: ModelManifest, value: dict[str, Any]) -> Response[str]:
        text = json.dumps(value, separators=(",", ":"), allow_nan=False)
        if len(text) > self._limits.answer_bytes:
            raise TooLarge(
                f"the answer would be over {self._limits.answer_bytes:,} bytes",
                pointer="/inputs",
                hint="ask for fewer rows or outputs, or upload a file under predict-in/",
            )
        return Response(200, http_api.JSON, text, headers={"X-Lepton-Model-Version": manifest.version})


def build(endpoint: Endpoint, telemetry: Telemetry, limits: Limits) -> APIGatewayRestResolver:
    """The router of the predict function."""
    app = http_api.resolver()
    routes = Routes(app, endpoint, telemetry, limits)
    app.get("/v2")(routes.server)
    app.get("/v2/health/live")(routes.live)
    app.get("/v2/health/ready")(routes.ready)
    app.get("/ping")(routes.ping)
    app.get("/v2/models")(routes.models)
    for path in ("/v2/models/<model>", "/v2/models/<model>/versions/<version>"):
        app.get(path)(routes.metadata)
        app.get(path + "/ready")(routes.model_ready)
        app.post(path + "/infer")(routes.infer)
    app.post("/models/<model>/invocations")(routes.invocations)
    return app
