"""Every route of the predict function. One line each: whoever adds one writes its function in a module of its topic."""

from __future__ import annotations

from lepton.endpoint.route import Route

_MODEL = "/v2/models/{model}"
_VERSION = _MODEL + "/versions/{version}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/v2", "lepton.endpoint.routes_server:server"),
    Route("GET", "/v2/health/live", "lepton.endpoint.routes_server:live"),
    Route("GET", "/v2/health/ready", "lepton.endpoint.routes_server:ready"),
    Route("GET", "/ping", "lepton.endpoint.routes_server:ping"),
    Route("GET", "/v2/models", "lepton.endpoint.routes_models:models"),
    Route("GET", _MODEL, "lepton.endpoint.routes_models:metadata"),
    Route("GET", _VERSION, "lepton.endpoint.routes_models:metadata"),
    Route("GET", "/openapi.json", "lepton.endpoint.docs.routes:document"),
    Route("GET", "/docs", "lepton.endpoint.docs.routes:page"),
    Route("GET", _MODEL + "/openapi.json", "lepton.endpoint.docs.routes:of_model_version"),
    Route("GET", _VERSION + "/openapi.json", "lepton.endpoint.docs.routes:of_model_version"),
    Route("GET", _MODEL + "/ready", "lepton.endpoint.routes_models:ready"),
    Route("GET", _VERSION + "/ready", "lepton.endpoint.routes_models:ready"),
    Route("POST", _MODEL + "/infer", "lepton.endpoint.routes_infer:infer"),
    Route("POST", _VERSION + "/infer", "lepton.endpoint.routes_infer:infer"),
    Route("POST", "/models/{model}/invocations", "lepton.endpoint.routes_infer:invocations"),
    Route("GET", "/models/{model}/receipts/{receipt}", "lepton.endpoint.enclosures.routes:receipt"),
    Route("GET", "/v2/repository/index", "lepton.endpoint.routes_models:index"),
    Route("POST", "/v2/repository/index", "lepton.endpoint.routes_models:index"),
    Route("GET", "/v1/models/{model}", "lepton.endpoint.routes_tf:status"),
    Route("GET", "/v1/models/{model}/versions/{version}", "lepton.endpoint.routes_tf:status"),
    Route("POST", "/v1/models/{model}", "lepton.endpoint.routes_tf:predict"),
    Route("POST", "/v1/models/{model}/versions/{version}", "lepton.endpoint.routes_tf:predict"),
    Route("POST", "/models/{model}/uploads", "lepton.endpoint.jobs.routes:new_upload"),
    Route("POST", "/models/{model}/transforms", "lepton.endpoint.jobs.routes:new_transform"),
    Route("GET", "/models/{model}/transforms/{job}", "lepton.endpoint.jobs.routes:status"),
    Route("GET", _MODEL + "/jobs/{job}", "lepton.endpoint.jobs.routes:status"),
    Route("GET", _MODEL + "/jobs/{job}/result", "lepton.endpoint.jobs.routes:result"),
    Route("POST", _MODEL + "/jobs/{job}/cancel", "lepton.endpoint.jobs.routes:cancel"),
    Route("DELETE", _MODEL + "/jobs/{job}", "lepton.endpoint.jobs.routes:cancel"),
)
