"""What the API answers in the tests of the command: made by the product's own models, so that no answer that the
contract does not allow can be given."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from lepton.capacity.advisor import ScaleAdvisor
from lepton.capacity.request import AdviceRequest
from lepton.dataset.manifest import QuarantinedRow, UploadReceipt
from lepton.error_answers import error_body
from lepton.errors import LeptonError
from lepton.http_api import parsed
from lepton.memory import MemoryEventBus, MemoryLoadHistory, MemoryObjectStore
from lepton.registry import Registry, Verdict
from lepton.rollout.steering import Steering
from lepton.settings import Settings
from lepton.training.run import RunState
from tests.integration.cli_rollout_answers import ROLLOUTS

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
VERSION, OTHER, RUN = "0123456789ab", "ba9876543210", "churn-aaaaaaaaaaaa"
UPLOAD = "00112233445566aa"
_XML = "<DescribeStacksResponse xmlns='http://cloudformation.amazonaws.com/doc/2010-05-15/'><DescribeStacksResult>"

Reply = tuple[int, dict[str, str], bytes]
Route = Callable[..., Any]


class Scene:
    """One deployment's state. `faults` are answered first, in order; `url` is where the server listens."""

    url = ""

    def __init__(self) -> None:
        self.faults: list[Reply] = []
        self.receipts: list[UploadReceipt] = [receipt("waiting"), receipt("ready")]
        self.states: list[RunState] = [run_state("running"), run_state("published")]
        self.log = [{"at": NOW.isoformat(), "level": "info", "message": f"round {n}", "step": n} for n in (1, 2, 3)]
        self.store = MemoryObjectStore()
        self.registry = Registry(self.store)
        self.steering = Steering(self.registry, self.store)
        settings = Settings(lake_bucket="lake")
        self.advisor = ScaleAdvisor(settings, MemoryObjectStore(), MemoryLoadHistory(), MemoryEventBus())
        for version in (OTHER, VERSION):
            self.registry.record(verdict(version))
            self.registry.promote("churn", "live", version, by="test", at=NOW)

    def answer(self, method: str, path: str, body: bytes) -> Reply:
        if self.faults:
            return self.faults.pop(0)
        parts = urlsplit(path)
        for wanted, pattern, route in ROUTES:
            found = re.fullmatch(pattern, parts.path)
            if wanted == method and found:
                return self._routed(route, found, body, parse_qs(parts.query))
        return _json(404, {"error": f"no route {method} {path}", "code": "no_such_route", "request_id": "r-0"})

    def _routed(self, route: Route, found: re.Match[str], body: bytes, query: Any) -> Reply:
        try:
            answer = route(self, *found.groups(), body=body, query=query)
        except LeptonError as error:
            return _json(error.status, error_body(error, "r-1"))
        return answer if isinstance(answer, tuple) else _json(200, answer)


def receipt(state: Any, **more: Any) -> UploadReceipt:
    ready = {"version": VERSION, "rows": 90, "quarantined": 2} if state == "ready" else {}
    return UploadReceipt(dataset="telco", upload=UPLOAD, key=f"telco/{UPLOAD}/t.csv", state=state, **(ready | more))


def run_state(state: Any, **more: Any) -> RunState:
    known = {"run": RUN, "model": "churn", "dataset": "telco", "dataset_version": VERSION, "submitted_at": NOW}
    return RunState(**known, state=state, version=VERSION if state == "published" else None, **more)


def verdict(version: str, *, passed: bool = True) -> Verdict:
    return Verdict(model="churn", version=version, run=RUN, passed=passed, checks=(), at=NOW)


def _uploads(scene: Scene, name: str, *, body: bytes, query: Any) -> Any:
    key = f"{name}/{UPLOAD}/{json.loads(body)['filename']}"
    form = {"url": f"{scene.url}/s3/landing", "fields": {"key": key}, "expires_at": NOW.isoformat(), "max_bytes": 5000}
    return _json(201, {"upload": UPLOAD, "key": key, **form})


def _stored(scene: Scene, *, body: bytes, query: Any) -> Any:
    return 204, {}, b""


def _receipt(scene: Scene, name: str, upload: str, *, body: bytes, query: Any) -> Any:
    return _plain(scene.receipts.pop(0) if len(scene.receipts) > 1 else scene.receipts[0])


def _datasets(scene: Scene, *, body: bytes, query: Any) -> Any:
    return {"datasets": [{"name": "telco", "latest": VERSION, "versions": 1}]}


def _dataset(scene: Scene, name: str, *, body: bytes, query: Any) -> Any:
    one = {"version": VERSION, "kind": "table", "rows": 90, "quarantined": 2, "created_at": NOW.isoformat()}
    return {"name": name, "latest": VERSION, "versions": [one]}


def _quarantine(scene: Scene, name: str, version: str, *, body: bytes, query: Any) -> Any:
    row = {"source": "t.csv", "line": 7, "column": "tenure", "reason": "not_a_number", "message": "no", "raw": "twelve"}
    return {"reasons": {"not_a_number": 1}, "rows": [_plain(QuarantinedRow(**row))]}


def _put_spec(scene: Scene, model: str, *, body: bytes, query: Any) -> Any:
    return {"spec": {"model": model, "dataset": "telco"}, "waiting_for": None}


def _train(scene: Scene, *, body: bytes, query: Any) -> Any:
    if json.loads(body)["dry_run"]:
        return {"plan": {"run": RUN, "job": {"vcpus": 2}, "reasons": ["because"]}}
    return _json(202, _plain(run_state("submitted")))


def _runs(scene: Scene, *, body: bytes, query: Any) -> Any:
    return {"runs": [_plain(state) for state in scene.states]}


def _run(scene: Scene, run: str, *, body: bytes, query: Any) -> Any:
    return _plain(scene.states.pop(0) if len(scene.states) > 1 else scene.states[0])


def _logs(scene: Scene, run: str, *, body: bytes, query: Any) -> Any:
    after = int(query["after"][0])
    return {"lines": scene.log[after : after + 2], "next": min(after + 2, len(scene.log))}


def _cancel(scene: Scene, run: str, *, body: bytes, query: Any) -> Any:
    return _plain(run_state("cancelled"))


def _models(scene: Scene, *, body: bytes, query: Any) -> Any:
    return {"models": [{"model": "churn", "live": VERSION, "versions": 2}]}


def _model(scene: Scene, model: str, *, body: bytes, query: Any) -> Any:
    versions = [
        {"version": one.version, "passed": one.passed, "run": one.run, "at": NOW.isoformat()}
        | {"primary_metric": "auc", "metric": 0.84}
        for one in scene.registry.versions(model)
    ]
    return {"model": model, "aliases": [_plain(one) for one in scene.registry.aliases(model)], "versions": versions}


def _promote(scene: Scene, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    wanted = json.loads(body)
    generation = wanted.get("if_generation")
    moved = scene.registry.promote(model, alias, wanted["version"], by="test", at=NOW, if_generation=generation)
    return _plain(moved)


def _rollback(scene: Scene, model: str, alias: str, *, body: bytes, query: Any) -> Any:
    return _plain(scene.registry.rollback(model, alias, by="test", at=NOW))


def _infer(scene: Scene, model: str, *, body: bytes, query: Any) -> Any:
    labels = {"name": "label", "datatype": "BYTES", "shape": [1], "data": ["7"]}
    scores = {"name": "probabilities", "datatype": "FP32", "shape": [1, 2], "data": [0.1, 0.9]}
    return {"model_name": model, "model_version": VERSION, "outputs": [labels, scores]}


def _invoke(scene: Scene, model: str, *, body: bytes, query: Any) -> Any:
    rows = body.decode().splitlines()[1:]
    if "bad" in rows:
        told = {"error": "not a number", "code": "invalid_request", "pointer": f"line {rows.index('bad') + 2}"}
        return _json(400, {**told, "request_id": "r-2"})
    return {"model_name": model, "model_version": VERSION, "predictions": [{"label": row} for row in rows]}


def _advise(scene: Scene, *, body: bytes, query: Any) -> Any:
    return _plain(scene.advisor.advise(parsed(AdviceRequest, json.loads(body))))


def _plan(scene: Scene, resource: str, *, body: bytes, query: Any) -> Any:
    return _plain(scene.advisor.latest(resource))


def _chart(scene: Scene, resource: str, *, body: bytes, query: Any) -> Any:
    return 200, {"Content-Type": "image/svg+xml"}, scene.advisor.chart(resource).encode()


def _health(scene: Scene, *, body: bytes, query: Any) -> Any:
    return {"live": True}


def _stacks(scene: Scene, *, body: bytes, query: Any) -> Any:
    """CloudFormation's DescribeStacks, as LocalStack answers it on its one port."""
    name = parse_qs(body.decode())["StackName"][0]
    if name == "gone":
        told = "<Code>ValidationError</Code><Message>Stack with id gone does not exist</Message>"
        return 400, {"Content-Type": "text/xml"}, f"<ErrorResponse><Error>{told}</Error></ErrorResponse>".encode()
    output = "<member><OutputKey>ApiUrl</OutputKey><OutputValue>"
    output += "https://abc123.execute-api.us-east-1.amazonaws.com/v1/</OutputValue></member>"
    stack = f"<Stacks><member><StackName>{name}</StackName><CreationTime>2026-11-21T12:00:00Z</CreationTime>"
    stack += f"<StackStatus>CREATE_COMPLETE</StackStatus><Outputs>{output}</Outputs></member></Stacks>"
    xml = f"{_XML}{stack}</DescribeStacksResult></DescribeStacksResponse>"
    return 200, {"Content-Type": "text/xml"}, xml.encode()


_STAGE = "(?:/_aws/execute-api/abc123/v1)?"
ROUTES: list[tuple[str, str, Route]] = [
    ("POST", "/", _stacks),
    ("POST", "/s3/landing", _stored),
    ("POST", "/datasets/([^/]+)/uploads", _uploads),
    ("GET", "/datasets/([^/]+)/uploads/([^/]+)", _receipt),
    ("GET", f"{_STAGE}/datasets", _datasets),
    ("GET", "/datasets/([^/]+)", _dataset),
    ("GET", "/datasets/([^/]+)/versions/([^/]+)/quarantine", _quarantine),
    ("PUT", "/training-specs/([^/]+)", _put_spec),
    ("POST", "/training-runs", _train),
    ("GET", "/training-runs", _runs),
    ("GET", "/training-runs/([^/]+)", _run),
    ("GET", "/training-runs/([^/]+)/logs", _logs),
    ("POST", "/training-runs/([^/]+)/cancel", _cancel),
    ("GET", "/models", _models),
    ("GET", "/models/([^/]+)", _model),
    ("PUT", "/models/([^/]+)/aliases/([^/]+)", _promote),
    ("POST", "/models/([^/]+)/aliases/([^/]+)/rollback", _rollback),
    *ROLLOUTS,
    ("POST", "/v2/models/([^/]+)/infer", _infer),
    ("POST", "/models/([^/]+)/invocations", _invoke),
    ("POST", "/capacity/advise", _advise),
    ("GET", "/capacity/([^/]+)", _plan),
    ("GET", "/capacity/([^/]+)/chart", _chart),
    ("GET", f"{_STAGE}/v2/health/live", _health),
]


def _plain(model: Any) -> Any:
    return model.model_dump(mode="json")


def _json(status: int, value: Any) -> Reply:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()
