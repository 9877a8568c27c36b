"""HTTP read byte by byte: whole answers as they were sent, broken ones never taken for whole."""

from __future__ import annotations

import contextlib
import io
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from lepton.aws.http_wire import Answer
from lepton.aws.lean_s3 import Access, LeanS3
from lepton.aws.signature import Credentials
from lepton.errors import Unavailable

HEAD = b'HTTP/1.1 200 OK\r\nETag: "e"\r\nX-Two: a\r\nx-two: b\r\n'


def answer(raw: bytes) -> Answer:
    made: Any = SimpleNamespace(stream=io.BytesIO(raw))
    return Answer(made)


def chunked(pieces: list[bytes]) -> bytes:
    sent = b"".join(b"%x;ext=1\r\n%s\r\n" % (len(piece), piece) for piece in pieces if piece)
    return HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + sent + b"0\r\nTrailer: x\r\n\r\n"


def sized(body: bytes) -> bytes:
    return HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body


@given(pieces=st.lists(st.binary(max_size=30), max_size=6), size=st.integers(1, 40))
def test_a_body_comes_whole_however_it_is_sent_and_read(pieces: list[bytes], size: int) -> None:
    for raw in (chunked(pieces), sized(b"".join(pieces)), HEAD + b"\r\n" + b"".join(pieces)):
        assert answer(raw).read() == b"".join(pieces)
        slow, read = answer(raw), b""
        while piece := slow.read(size):
            read += piece
        assert (read, slow.whole, slow.status) == (b"".join(pieces), True, 200)
        assert slow.headers["x-two"] == "a, b"


@given(pieces=st.lists(st.binary(min_size=1, max_size=30), min_size=1, max_size=4), data=st.data())
def test_an_answer_that_is_cut_is_never_whole(pieces: list[bytes], data: st.DataObject) -> None:
    for raw in (chunked(pieces), sized(b"".join(pieces))):
        cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
        with pytest.raises(ConnectionError):
            answer(cut).read()


@given(st.binary(max_size=200))
def test_junk_is_a_connection_error_or_an_answer(raw: bytes) -> None:
    for sent in (raw, b"HTTP/1.1 " + raw, HEAD + raw, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + raw):
        with contextlib.suppress(ConnectionError):
            answer(sent).read()


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_is_over_with_its_headers(status: int) -> None:
    made = answer(b"HTTP/1.1 %d X\r\nContent-Length: 5\r\n\r\nnext!" % status)
    assert (made.read(), made.whole, made.stays) == (b"", True, True)


def test_an_announcement_is_passed_over() -> None:
    assert answer(b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"x")).read() == b"x"


class Object(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        for name, value in {"ETag": "e", "Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b"secret")

    def log_message(self, *_: object) -> None:
        pass


def certified(folder: Path) -> Path:
    """A certificate for localhost, with its key, that nobody else has signed."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    signed = made.sign(key, hashes.SHA256())
    (folder / "cert.pem").write_bytes(signed.public_bytes(form[0]) + key.private_bytes(*form))
    return folder / "cert.pem"


def test_who_answers_has_to_be_who_was_asked(tmp_path: Path) -> None:
    certificate = certified(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("localhost", 0), Object) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url, keys = f"https://localhost:{server.server_address[1]}", Credentials("k", "s")
        trusting = LeanS3("bucket", Access(keys, "us-east-1", url, ca_bundle=str(certificate)))
        assert trusting.get("a").body == b"secret"
        with pytest.raises(Unavailable, match="certificate verify failed"):
            LeanS3("bucket", Access(keys, "us-east-1", url), sleep=lambda _: None).get("a")
        server.shutdown()
