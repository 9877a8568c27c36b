"""What the promise of the port leaves open: where S3 is, what is tried again, and how a failure is told."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import chain, repeat

import pytest

from lepton.aws.lean_s3 import Access, LeanS3
from lepton.aws.signature import Credentials
from lepton.aws.stores import object_store
from lepton.errors import Forbidden, LeptonError, NotFound, Throttled, Unavailable

KEYS = Credentials("key", "secret")
ENVIRONMENT = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}
DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
OBJECT = {"ETag": '"e"', "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}


class Scripted:
    """A server that answers with these statuses, the last one for ever; None: it hangs up."""

    def __init__(self, *script: int | None, body: bytes = b"", length: int | None = None) -> None:
        self.script = chain(script, repeat(script[-1]))
        self.body = body
        self.length = len(body) if length is None else length
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.connections = 0


@contextmanager
def serving(scripted: Scripted) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            scripted.connections += 1

        def do_GET(self) -> None:
            scripted.asked.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            status = next(scripted.script)
            if status is None:
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in {**OBJECT, "Content-Length": str(scripted.length)}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(scripted.body)
            self.close_connection = scripted.length != len(scripted.body)

        def log_message(self, *_: object) -> None:
            pass

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield "http://{}:{}".format(*server.server_address)
        server.shutdown()


def store(url: str, waited: list[float] | None = None) -> LeanS3:
    return LeanS3("bucket", Access(KEYS, "us-east-1", url), sleep=(waited if waited is not None else []).append)


def test_a_busy_s3_is_asked_again_with_growing_patience() -> None:
    scripted, waited = Scripted(503, None, 500, 200, body=b"x"), []
    with serving(scripted) as url:
        assert store(url, waited).get("a").body == b"x"
    assert len(scripted.asked) == 4
    assert len(waited) == 3
    assert all(0 <= seconds <= bound for seconds, bound in zip(waited, (1, 2, 4), strict=True))


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, DENIED, Forbidden),
        (404, b"", NotFound),
        (503, b"junk", Unavailable),
        (418, b"", Unavailable),
        (503, b"<Error><Code>SlowDown</Code></Error>", Throttled),
    ],
)
def test_a_failure_is_one_of_our_errors_that_names_the_object(
    status: int, body: bytes, kind: type[LeptonError]
) -> None:
    with serving(Scripted(status, body=body)) as url, pytest.raises(kind) as raised:
        store(url).get("a/b")
    assert type(raised.value) is kind
    assert raised.value.message.startswith("read s3://bucket/a/b: ")


def test_nobody_there_is_unavailable() -> None:
    with pytest.raises(Unavailable, match=r"read s3://bucket/a: 127.0.0.1 does not answer"):
        store("http://127.0.0.1:9").get("a")


def test_a_connection_is_used_again_and_a_closed_one_replaced() -> None:
    scripted, waited = Scripted(200, 200, None, 200, body=b"x"), []
    with serving(scripted) as url:
        kept = store(url, waited)
        for _ in range(3):
            kept.get("a")
    assert (len(scripted.asked), scripted.connections) == (4, 2)
    assert waited == []


def test_an_answer_that_breaks_off_is_unavailable_and_leaves_no_file(tmp_path) -> None:
    with serving(Scripted(200, body=b"x" * 10, length=20)) as url, pytest.raises(Unavailable, match="broke off"):
        store(url).fetch("a", tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("access", "host", "path"),
    [
        (Access(KEYS, "eu-west-1"), "s3.eu-west-1.amazonaws.com", "/bucket"),
        (Access(KEYS, "eu-west-1", virtual=True), "bucket.s3.eu-west-1.amazonaws.com", ""),
        (Access(KEYS, "cn-north-1"), "s3.cn-north-1.amazonaws.com.cn", "/bucket"),
        (Access(KEYS, "us-east-1", "http://localhost:4566/"), "localhost:4566", "/bucket"),
    ],
)
def test_the_bucket_is_in_the_path_or_in_the_host(access: Access, host: str, path: str) -> None:
    made = LeanS3("bucket", access)
    assert (made.host, made.root) == (host, path)


def test_the_lean_store_takes_lambda_s_environment_and_boto3_s_takes_the_rest() -> None:
    assert isinstance(object_store("bucket", ENVIRONMENT), LeanS3)
    assert Access.from_environment(ENVIRONMENT | {"AWS_SESSION_TOKEN": "t"}).credentials.token == "t"
    assert Access.from_environment({"AWS_REGION": "eu-west-1"}) is None
    assert Access.from_environment(ENVIRONMENT | {"AWS_PROFILE": "p"}) is None


def test_a_session_token_is_sent_and_signed() -> None:
    scripted = Scripted(200, body=b"x")
    with serving(scripted) as url:
        LeanS3("bucket", Access(Credentials("key", "secret", "token"), "us-east-1", url)).get("a")
    headers = scripted.asked[0][1]
    assert headers["x-amz-security-token"] == "token"
    assert "x-amz-security-token" in headers["authorization"]
