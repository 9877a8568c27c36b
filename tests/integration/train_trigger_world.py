"""The lake that the golden events of train_trigger speak of, and the three entry points wired to real endpoints."""

from __future__ import annotations

import importlib.util
import itertools
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from lepton import lake
from lepton.aws import clients
from lepton.aws.s3 import S3ObjectStore
from lepton.ports import ObjectStore
from lepton.registry import Registry, Verdict
from lepton.registry.records import Check
from lepton.rollout.observations import Arm, Observation
from lepton.rollout.plan import Wanted
from lepton.rollout.steering import Steering
from lepton.training.run import LogLine, RunState, RunStore, TrainingRequest
from tests.integration.batch_server import BatchServer
from tests.unit.training.builders import FIRST, NOW, a_dataset, a_package, a_spec, put_dataset, train

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events" / "train_trigger"
HANDLER = ROOT / "functions" / "train_trigger" / "handler.py"
RUN, OTHER = "churn-0123456789ab", "churn-ba9876543210"
V1, V2, V3 = "c0ffee000001", "c0ffee000002", "c0ffee000003"
JOBS = {RUN: "4c7599ae-0a82-49aa-ba5a-4727fcce14a8", OTHER: "9d2f7b10-5c3e-4e8a-b1f4-2a6c8e0d4f55"}
FIXED = {
    "CPU_JOB_QUEUE": "lepton-cpu",
    "GPU_JOB_QUEUE": "lepton-gpu",
    "JOB_DEFINITION": "lepton-trainer",
    "POWERTOOLS_SERVICE_NAME": "train_trigger",
    "POWERTOOLS_METRICS_NAMESPACE": "Lepton",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_NUMBERS = itertools.count()
SPEC = "model: churn\ntask: classification\ndataset: telco-churn\ntarget: Churn\nseed: 11\n"


def golden(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return event


@dataclass
class World:
    """`told` empties the queue that hears every event on the bus."""

    store: ObjectStore
    batch: BatchServer
    handler: ModuleType
    sqs: Any
    hears: str

    def http(self, name: str) -> tuple[int, Any]:
        """Status and parsed body of a golden request."""
        answer = self.handler.on_http(golden(name), SimpleNamespace(aws_request_id="r"))
        return answer["statusCode"], json.loads(answer["body"])

    def told(self) -> list[dict[str, Any]]:
        answer = self.sqs.receive_message(QueueUrl=self.hears, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def furnish(store: ObjectStore) -> None:
    """A dataset, a spec, a run that the trainer has finished, one that goes on, and two published versions."""
    put_dataset(store, a_dataset())
    store.put("specs/churn.yaml", SPEC.encode())
    runs, registry = RunStore(store), Registry(store)
    for run, job_id in JOBS.items():
        request = TrainingRequest(
            run=run, spec=a_spec(), dataset="telco-churn", dataset_version=FIRST, submitted_at=NOW + timedelta(hours=1)
        )
        runs.create(request)
        runs.begin(_running(run, job_id))
        runs.append_log(run, [LogLine(at=NOW, message=f"step {step}") for step in (1, 2, 3)])
    _publish(runs, registry)


def _running(run: str, job_id: str) -> RunState:
    return RunState(
        run=run,
        model="churn",
        dataset="telco-churn",
        dataset_version=FIRST,
        state="running",
        job_id=job_id,
        submitted_at=NOW + timedelta(hours=1),
    )


def _publish(runs: RunStore, registry: Registry) -> None:
    control = SimpleNamespace(lake=runs._lake, runs=runs)
    train(control, RUN, V1)  # type: ignore[arg-type]
    for version in (V2, V3):
        package = a_package("churn-aaaaaaaaaaaa", version)
        runs._lake.put(lake.package_manifest("churn", version), package.model_dump_json().encode())
        check = Check(check="size_mb", figure=0.4, bound=100.0, holds=True, reason="size")
        registry.record(
            Verdict(model="churn", version=version, run="churn-aaaaaaaaaaaa", passed=True, checks=(check,), at=NOW)
        )
        registry.promote("churn", "live", version, by="ada", at=NOW)
    _begin(runs, registry)


def _begin(runs: RunStore, registry: Registry) -> None:
    """A second model, with a shadow beside its live version that one environment has seen a little of."""
    for version in (V2, V3):
        verdict = Verdict(model="fraud", version=version, run="fraud-aaaaaaaaaaaa", passed=True, checks=(), at=NOW)
        registry.record(verdict)
    registry.promote("fraud", "live", V2, by="ada", at=NOW)
    wanted = Wanted(kind="shadow", version=V3, percent=50)
    begun = Steering(registry, runs._lake).start("fraud", "live", wanted, by="ada", at=datetime.now(UTC))
    saw(runs._lake, begun.generation, requests=40, errors=0)


def saw(store: ObjectStore, generation: int, requests: int, errors: int) -> None:
    """What an environment writes of the rollout of `fraud`."""
    arms = {V2: Arm(requests=400, runs=400), V3: Arm(requests=requests, errors=errors, runs=requests - errors)}
    place = {"model": "fraud", "alias": "live", "generation": generation, "environment": "e1"}
    seen = Observation(**place, live=V2, candidate=V3, arms=arms)
    store.put(lake.rollout_seen("fraud", "live", generation) + "e1.json", seen.model_dump_json().encode())


@contextmanager
def servers() -> Iterator[tuple[str, BatchServer]]:
    """The moto server's address, and Batch."""
    moto = ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    try:
        with BatchServer() as batch:
            host, port = moto.get_host_and_port()
            yield f"http://{host}:{port}", batch
    finally:
        moto.stop()


@contextmanager
def world(endpoint: str, batch: BatchServer, environment: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh lake and bus; the handler's own wiring, told by nothing but the environment."""
    name = f"lake-{next(_NUMBERS)}"
    told = {"LAKE_BUCKET": name, "EVENT_BUS": name, "AWS_ENDPOINT_URL": endpoint, "AWS_ENDPOINT_URL_BATCH": batch.url}
    for key, value in (FIXED | told).items():
        environment.setenv(key, value)
    batch.forget()
    _forget_clients()
    clients.s3().create_bucket(Bucket=name)
    store = S3ObjectStore(name)
    furnish(store)
    sqs = boto3.client("sqs")
    yield World(store, batch, _handler(), sqs, _hearing(sqs, name))
    _forget_clients()


def _forget_clients() -> None:
    for client in (clients.s3, clients.batch, clients.eventbridge):
        client.cache_clear()


def _hearing(sqs: Any, bus: str) -> str:
    """A queue's URL to which everything on the bus goes."""
    url = str(sqs.create_queue(QueueName=bus)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events = clients.eventbridge()
    events.create_event_bus(Name=bus)
    events.put_rule(Name=bus, EventBusName=bus, EventPattern=json.dumps({"account": ["123456789012"]}))
    events.put_targets(Rule=bus, EventBusName=bus, Targets=[{"Id": "1", "Arn": arn}])
    return url


def _handler() -> ModuleType:
    """The handler as Lambda has it: imported afresh in each execution environment."""
    spec = importlib.util.spec_from_file_location("train_trigger_handler", HANDLER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
