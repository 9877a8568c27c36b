"""The real endpoint behind a real socket: what the client's tests ask. Faults are answered first, in order."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from lepton.endpoint.exchange import Exchange
from lepton.endpoint.serving import Serving
from lepton.memory import MemoryEventBus, MemoryObjectStore
from lepton.settings import Settings
from tests.unit.endpoint.packages import publish

Fault = tuple[int, dict[str, str], bytes]


class Endpoint:
    """`url` is its root; `asked` the method and path of each request; `publish(name)` makes a version live."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str, dict[str, str]]] = []
        self.store = MemoryObjectStore()
        settings = Settings(lake_bucket="lake", alias_staleness_seconds=0.0)
        bus, landing = MemoryEventBus(), MemoryObjectStore()
        self.serving = Serving(settings, self.store, landing=lambda: landing, bus=lambda: bus, memory_mb=1769)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def publish(self, name: str, bias: float = 0.0) -> str:
        return publish(self.store, name, bias)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Fault:
        self.asked.append((method, target, headers))
        if self.faults:
            return self.faults.pop(0)
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query))
        reply = self.serving.reply(Exchange(method, unquote(parts.path), headers, query, body, "request-1"))
        return reply.status, dict(reply.headers), reply.body


def _handler(endpoint: Endpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            given = {name.lower(): value for name, value in self.headers.items()}
            status, headers, content = endpoint.answer(self.command, self.path, given, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    return Handler
