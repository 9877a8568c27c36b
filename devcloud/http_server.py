"""A small threaded HTTP/1.1 server for WSGI applications, on loopback only.

Werkzeug's own closes the connection after each answer, and Python's `wsgiref` speaks HTTP/1.0: with clients that
call all the time, as boto3 and awslambdaric do, keep-alive, one write for each answer and TCP_NODELAY save 40 ms
a call. Request bodies are read whole before the application runs, so that no lock is ever held over the network.
"""

from __future__ import annotations

import errno
import io
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterable
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import ThreadingMixIn
from typing import Any
from urllib.parse import unquote_to_bytes

from lepton.errors import Misconfigured

HOST = "127.0.0.1"
Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_BODILESS = {204, 304}


class _Handler(BaseHTTPRequestHandler):
    """One connection: requests until either side closes."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 3600
    server: HttpServer

    def handle_expect_100(self) -> bool:
        self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self.wfile.flush()
        return True

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def log_message(self, format: str, *args: Any) -> None:  # the base class named it
        """Nothing: the live log tells of functions and jobs, not of requests."""

    def _serve(self) -> None:
        try:
            sent = self._body()
        except ValueError:
            self.close_connection = True
            return self.send_error(400, "a length that is no number")
        status, headers, body = self._answer(self._environ(sent))
        if self.headers.get("Connection", "").lower() == "close":
            self.close_connection = True
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        declared = dict((name.lower(), value) for name, value in headers).get("content-length")
        if status not in _BODILESS:
            length = declared if self.command == "HEAD" and declared else str(len(body))
            self.send_header("Content-Length", length)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD" and status not in _BODILESS:
            self.wfile.write(body)
        return self.wfile.flush()

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self) -> bytes:
        size = int(self.rfile.readline(1024).split(b";")[0] or b"0", 16)
        chunk = self.rfile.read(size)
        self.rfile.readline(1024)
        return chunk

    def _environ(self, body: bytes) -> Environ:
        target = self.path if self.path.startswith("/") else f"/{self.path.partition('://')[2].partition('/')[2]}"
        path, _, query = target.partition("?")
        environ: Environ = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": self.command,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
            "QUERY_STRING": query,
            "REQUEST_URI": target,
            "RAW_URI": target,
            "REMOTE_ADDR": self.client_address[0],
            "REMOTE_PORT": self.client_address[1],
            "SERVER_NAME": HOST,
            "SERVER_PORT": str(self.server.port),
            "SERVER_PROTOCOL": self.request_version,
            "devcloud.headers": list(self.headers.items()),
            "devcloud.body": body,
        }
        for name, value in self.headers.items():
            _add_header(environ, name, value)
        environ["CONTENT_LENGTH"] = str(len(body))
        return environ

    def _answer(self, environ: Environ) -> tuple[int, list[tuple[str, str]], bytes]:
        head: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            head[:] = [int(status.split(" ", 1)[0]), headers]

        try:
            chunks = self.server.application(environ, start_response)
            body = b"".join(chunks)
            close = getattr(chunks, "close", None)
            if close:
                close()
        except Exception as error:  # noqa: BLE001  # a bug in here or in moto: the client is told, and so is the log
            self.server.on_bug(f"{self.command} {self.path}: {type(error).__name__}: {error}")
            message = json.dumps({"message": f"the local cloud failed: {type(error).__name__}: {error}"})
            return 500, [("Content-Type", "application/json")], message.encode()
        return head[0], head[1], body


def _add_header(environ: Environ, name: str, value: str) -> None:
    key = name.upper().replace("-", "_")
    if key == "TRANSFER_ENCODING" or "_" in name:
        return
    if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        key = f"HTTP_{key}"
    environ[key] = f"{environ[key]},{value}" if key in environ else value


class HttpServer(ThreadingMixIn, HTTPServer):
    """Bound when made (so that its port is known), answering from `start` to `stop`."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int = 0, application: Application | None = None, what: str = "server") -> None:
        self._what = what
        self.on_bug: Callable[[str], None] = lambda text: print(text, file=sys.stderr)  # noqa: T201
        self._open: set[socket.socket] = set()
        self.application = application or _not_yet
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            raise Misconfigured(
                f"port {port} for the {what} is not free",
                pointer=f"{HOST}:{port}",
                hint="another local cloud may be running (stop it), or choose another port with --api-port/--aws-port",
            ) from error
        self.port = int(self.server_address[1])
        self.url = f"http://{HOST}:{self.port}"

    def server_bind(self) -> None:
        """As HTTPServer does, without its look-up of this machine's name."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def start(self) -> None:
        name = f"{self._what}-{self.port}"
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.2}, daemon=True, name=name).start()
        self._started = True

    def stop(self) -> None:
        if getattr(self, "_started", False):
            self.shutdown()
        self.server_close()
        for connection in list(self._open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is no news; a bug in an application is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


def _not_yet(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:  # noqa: ARG001
    start_response("503 Service Unavailable", [("Content-Type", "application/json"), ("Retry-After", "1")])
    return [b'{"message": "starting"}']
