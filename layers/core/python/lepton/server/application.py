"""The composition root of the server: options to sources to Serving to an ASGI application."""

from __future__ import annotations

import os
from collections.abc import Callable, MutableMapping
from dataclasses import replace
from pathlib import Path

from lepton.endpoint.exchange import Exchange, Reply
from lepton.endpoint.serving import Serving
from lepton.server import sources
from lepton.server.asgi import Application
from lepton.server.options import Options, of_environment
from lepton.server.sources import Source
from lepton.settings import Settings

SCRATCH = "LEPTON_SERVE_SCRATCH"
_TELEMETRY = {"POWERTOOLS_SERVICE_NAME": "serve", "POWERTOOLS_METRICS_NAMESPACE": "Lepton"}


def made(options: Options, scratch: Path) -> Application:
    """The application; models are loaded when it is started. Raises NotFound, InvalidRequest, OperatorError."""
    source = opened(options, scratch)
    settings = Settings(lake_bucket=options.lake or "package", alias_staleness_seconds=options.staleness)
    serving = Serving(settings, source.lake, landing=source.landing, bus=source.bus, memory_mb=options.memory_mb)
    serving.patience = 0.0
    serving.limits = replace(serving.limits, body_bytes=options.body_bytes, answer_bytes=options.body_bytes)

    def start() -> None:
        for model in source.models:
            serving.endpoint.model(model)

    return Application(_at_once(serving.reply), start, options.body_bytes)


def _at_once(reply: Callable[[Exchange], Reply]) -> Callable[[Exchange], Reply]:
    """Nobody beside this server works jobs off: a wish for a later answer is passed over, as RFC 7240 allows."""

    def answer(exchange: Exchange) -> Reply:
        if "prefer" in exchange.headers:
            kept = {name: value for name, value in exchange.headers.items() if name != "prefer"}
            return reply(replace(exchange, headers=kept))
        return reply(exchange)

    return answer


def opened(options: Options, scratch: Path) -> Source:
    if options.package is not None:
        return sources.of_package(Path(options.package), scratch)
    return sources.of_lake(str(options.lake))


def telemetry(environment: MutableMapping[str, str], options: Options) -> None:
    """What Logger and Metrics read, unless it is set already."""
    for name, value in {**_TELEMETRY, "POWERTOOLS_LOG_LEVEL": options.log_level}.items():
        environment.setdefault(name, value)


def worker() -> Application:
    """What each of several worker processes calls."""
    options = of_environment(os.environ)
    return made(options, Path(os.environ[SCRATCH]) / str(os.getpid()))
