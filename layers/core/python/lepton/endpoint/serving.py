"""Serving put together from the settings and the ports: one Endpoint, and what Lambda calls of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lepton.endpoint import gateway, replies
from lepton.endpoint.artifacts import ArtifactCache
from lepton.endpoint.endpoint import Bounds, Endpoint
from lepton.endpoint.exchange import Exchange, Reply
from lepton.endpoint.request import Limits
from lepton.endpoint.route import Call, RouteTable
from lepton.endpoint.routes import ROUTES
from lepton.endpoint.telemetry import Telemetry
from lepton.errors import CallerError, LeptonError

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from lepton.endpoint.enclosures.beside import Beside
    from lepton.endpoint.jobs.deliveries import Deliveries
    from lepton.endpoint.jobs.links import Links
    from lepton.endpoint.trials import Trials
    from lepton.ports import EventBus, ObjectStore
    from lepton.settings import Settings

MEMORY_PER_VCPU = 1769  # MB of a Lambda that come with one vCPU
DISK = 300_000_000  # bytes of /tmp, which holds 512 MB, for ONNX files
PATIENCE = 0.05  # seconds that an answer waits for what runs beside it; 0 where the process goes on by itself
_MB = 1 << 20
_TABLE = RouteTable(ROUTES)


class Serving:
    """Threads follow the function's share of CPU; loaded models may take a third of its memory."""

    def __init__(
        self,
        settings: Settings,
        lake: ObjectStore,
        *,
        landing: Callable[[], ObjectStore],
        bus: Callable[[], EventBus],
        memory_mb: int,
        links: Callable[[], Links] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.lake = lake
        self.landing = landing
        self.bus = bus
        self.links = links
        self.memory_mb = memory_mb
        self.clock = clock
        self.patience = PATIENCE
        self.limits = Limits()
        self.telemetry = Telemetry(bus)
        bounds = Bounds(
            staleness=settings.alias_staleness_seconds,
            memory=memory_mb * _MB // 3,
            threads=max(1, memory_mb // MEMORY_PER_VCPU),
        )
        artifacts = ArtifactCache(lake, Path(tempfile.gettempdir()) / "lepton-models", DISK)
        self.endpoint = Endpoint(lake, artifacts, self.telemetry, bounds, clock)

    def reply(self, exchange: Exchange) -> Reply:
        """The answer to a request, whoever brought it: never an exception."""
        try:
            found = _TABLE.find(exchange.method, exchange.path)
            if found is None:
                return replies.no_route(exchange, _TABLE.methods(exchange.path))
            return found[0].load()(Call(exchange, found[1], self))
        except LeptonError as error:
            return self._refused(error, exchange)
        except Exception as error:  # noqa: BLE001  # a bug of ours: the caller is told so, the trace is logged
            self.telemetry.bug(error)
            return replies.bug(exchange)
        finally:
            self.telemetry.flush()

    def answer(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """API Gateway's proxy event in, its answer out."""
        try:
            body = gateway.body(event)
        except CallerError as error:
            return gateway.answer(self._refused(error, gateway.exchange(event, context, b"")))
        asked = gateway.exchange(event, context, body)
        reply = self.reply(asked)
        try:
            gateway.check_sendable(reply, asked)
        except CallerError as error:
            return gateway.answer(self._refused(error, asked))
        return gateway.answer(reply)

    def _refused(self, error: LeptonError, exchange: Exchange) -> Reply:
        self.telemetry.refused(error)
        return replies.refused(error, exchange)

    def transform(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """SQS records in, the identifiers of those to be tried again out."""
        return self._deliveries.handle(event, context)

    @cached_property
    def trials(self) -> Trials:
        """Asked for only while there is a rollout."""
        from lepton.endpoint.trials import Trials

        return Trials(self.endpoint, self.lake, self.clock, self.patience)

    @cached_property
    def beside(self) -> Beside:
        """The files beside the models' graphs."""
        from lepton.endpoint.enclosures.beside import Beside

        return Beside(self.lake)

    @cached_property
    def _deliveries(self) -> Deliveries:
        from lepton.endpoint.jobs.deliveries import Deliveries

        return Deliveries(self)
