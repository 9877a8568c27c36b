"""The local cloud put together: made from a template, started, stopped."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from devcloud.async_invokes import AsyncInvokes
from devcloud.batch_api import BatchApi
from devcloud.blueprint import Blueprint, draw
from devcloud.bucket_front import BucketFront
from devcloud.buses import Buses
from devcloud.front import Front, Interceptor
from devcloud.functions import Functions
from devcloud.gateway import Gateway
from devcloud.http_server import Application, HttpServer
from devcloud.identities import REGION
from devcloud.jobs import Jobs, JobSettings
from devcloud.lambda_api import LambdaApi
from devcloud.live_log import LiveLog
from devcloud.mappings import QueueMapping
from devcloud.metrics import Metrics
from devcloud.moto_state import MotoState
from devcloud.processes import Processes
from devcloud.queues import Queues
from devcloud.schedules import Schedules
from devcloud.scratch import sweep
from devcloud.state_journal import StateJournal
from devcloud.template import Stack


@dataclass(kw_only=True)
class LocalCloud:
    """`with LocalCloud(template=Path("template.yaml")) as cloud:` and everything in it runs, until the block ends.

    `state`: a directory that survives (see state_journal, queues, async_invokes, jobs for what does); None keeps
    nothing. Ports of 0 are chosen freely. `cap`: execution environments for each function, at most.
    `retry_seconds`: after how long a message that failed is tried again (see mappings). `intercept`: see front.Front.
    One cloud for each process: moto's state is global. Raises Misconfigured.
    """

    template: Path
    state: Path | None = None
    api_port: int = 0
    aws_port: int = 0
    fresh: bool = False
    stack: str = "lepton"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    cap: int = 4
    jobs_at_once: int = 1
    retry_seconds: int = 2
    log: LiveLog = field(default_factory=LiveLog)
    intercept: Interceptor | None = None

    def __post_init__(self) -> None:
        self.template = self.template.resolve()
        if self.fresh and self.state is not None:
            _emptied(self.state)
        self._closing = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            self._aws = HttpServer(self.aws_port, what="AWS endpoint")
            undo.callback(self._aws.stop)
            self._api = HttpServer(self.api_port, what="HTTP API")
            undo.pop_all()
        self.endpoint_url = self._aws.url
        self.api_url = self._api.url
        self.region = REGION

    def __enter__(self) -> LocalCloud:
        with contextlib.ExitStack() as closing:
            closing.callback(self._aws.stop)
            closing.callback(self._api.stop)
            stack = Stack(self.template, name=self.stack, endpoint=self.endpoint_url, parameters=self.parameters)
            self._start(draw(stack, self.template.parent / "build" / "layers"), closing)
            self._closing = closing.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything; the state directory holds what is unfinished."""
        self._closing.close()

    def fire_schedule(self, logical_id: str) -> None:
        """Fire a schedule now: by the logical id of its rule, or of the function that has one. Raises NotFound."""
        self.schedules.fire(logical_id)

    def _start(self, blueprint: Blueprint, closing: contextlib.ExitStack) -> None:
        sweep()
        self.moto = MotoState()
        closing.callback(self.moto.close)
        self.processes = Processes()
        closing.callback(self.processes.close)
        journal = self._stored(blueprint, closing)
        self.functions = Functions(
            blueprint.functions, endpoint=self.endpoint_url, processes=self.processes, log=self.log, cap=self.cap
        )
        closing.callback(self.functions.close)
        metrics = Metrics(self.moto.cloudwatch)
        self.functions.observe(metrics.invoked)
        self.log.listen(metrics.logged)
        self.invokes = AsyncInvokes(
            self.functions, self.queues, self.log, configs=blueprint.invokes, folder=self._folder("async")
        )
        closing.callback(self.invokes.close)
        self._delivery(blueprint, closing)
        self._open(blueprint, journal, closing)
        self.outputs = self._reachable(blueprint)
        self.invokes.start()
        self.jobs.start()

    def _stored(self, blueprint: Blueprint, closing: contextlib.ExitStack) -> StateJournal | None:
        for name, properties in blueprint.buckets.items():
            self.moto.s3.create_bucket(name, REGION)
            status = (properties.get("VersioningConfiguration") or {}).get("Status")
            if status:
                self.moto.s3.put_bucket_versioning(name, status)
        for bus in blueprint.buses:
            self.moto.events.create_event_bus(bus)
        self.queues = Queues(self.moto.sqs, self._folder("queues"))
        self.queues.create(blueprint.queues)
        closing.callback(self.queues.keep_all)
        folder = self._folder("s3")
        if folder is None:
            return None
        journal = StateJournal(folder)
        closing.callback(journal.close)
        restored = journal.restore(self.moto.s3)
        if restored:
            self.log.say("cloud", "state", f"{restored} objects are back from {folder}")
        return journal

    def _delivery(self, blueprint: Blueprint, closing: contextlib.ExitStack) -> None:
        self.buses = Buses(
            list(blueprint.rules), functions=self.functions, queues=self.queues, invokes=self.invokes, log=self.log
        )
        for spec in blueprint.mappings:
            mapping = QueueMapping(
                spec, queues=self.queues, functions=self.functions, log=self.log, retry_seconds=self.retry_seconds
            )
            mapping.start()
            closing.callback(mapping.stop)
        self.jobs = Jobs(
            JobSettings(
                endpoint=self.endpoint_url,
                root=self.template.parent,
                folder=self._folder("jobs"),
                at_once=self.jobs_at_once,
            ),
            processes=self.processes,
            log=self.log,
            publish=lambda event: self.buses.put("default", event),
        )
        closing.callback(self.jobs.close)
        self.schedules = Schedules(list(blueprint.rules), self.buses, self.log, self.functions.reap)
        self.schedules.start()
        closing.callback(self.schedules.stop)

    def _open(self, blueprint: Blueprint, journal: StateJournal | None, closing: contextlib.ExitStack) -> None:
        buckets = BucketFront(
            self.moto,
            journal,
            announced=blueprint.announced,
            publish=lambda event: self.buses.put("default", event),
        )
        services: dict[str, Application] = {
            "s3": buckets,
            "lambda": LambdaApi(self.functions, self.invokes),
            "batch": BatchApi(self.jobs, queues=blueprint.job_queues, definitions=blueprint.job_definitions),
        }
        self._aws.application = Front(
            self.moto, services=services, buses=self.buses, queues=self.queues, intercept=self.intercept
        )
        gateway = Gateway(blueprint.api, blueprint.stage, self.functions)
        closing.callback(gateway.close)
        self._api.application = gateway
        self._aws.on_bug = self._api.on_bug = lambda text: self.log.say("cloud", "bug", text)
        self._aws.start()
        self._api.start()

    def _reachable(self, blueprint: Blueprint) -> dict[str, Any]:
        """The outputs, with the API's address being the one here."""
        deployed = f"https://local.execute-api.{REGION}.amazonaws.com"
        addresses = (f"{deployed}/{blueprint.stage}", deployed)
        outputs = json.dumps(dict(blueprint.outputs))
        for address in addresses:
            outputs = outputs.replace(address, self.api_url)
        found: dict[str, Any] = json.loads(outputs)
        return found

    def _folder(self, name: str) -> Path | None:
        return None if self.state is None else self.state / name


_OURS = ("s3", "queues", "async", "jobs")


def _emptied(state: Path) -> None:
    """Remove what a cloud keeps in its state directory, and nothing else that may lie there."""
    for name in _OURS:
        shutil.rmtree(state / name, ignore_errors=True)
    state.mkdir(parents=True, exist_ok=True)
    os.utime(state)
