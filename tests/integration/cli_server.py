"""A small HTTP server on loopback that answers as the API's contract says: the command's counterpart in its tests."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.integration.cli_answers import Scene


class FakeLepton:
    """`url` is the API's root, `scene` what it answers from, `requests` what it was asked."""

    def __init__(self) -> None:
        self.scene = Scene()
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = self.scene.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def paths(self, method: str) -> list[str]:
        """The paths that were asked with the method, in order."""
        return [path for made, path, _, _ in self.requests if made == method]

    def body(self, path: str) -> bytes:
        """The body of the first request to the path."""
        return next(body for _, found, _, body in self.requests if found.partition("?")[0] == path)


def _handler(fake: FakeLepton) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fake.requests.append((self.command, self.path, dict(self.headers.items()), body))
            status, headers, content = fake.scene.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815  # the names that http.server calls

        def log_message(self, *_: Any) -> None:
            """Tests are quiet."""

    return Handler
