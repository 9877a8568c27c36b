"""The client's signature is the one that AWS's own library makes."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as AwsCredentials
from hypothesis import given
from hypothesis import strategies as st

from lepton.client import Credentials, SigV4

ROOT = "https://abc.execute-api.eu-west-1.amazonaws.com/v1"
NAMES = st.text("abcXYZ019-_.~ /+&=%é", min_size=1, max_size=12)


def _signed(method: str, url: str, body: bytes, token: str | None) -> httpx.Request:
    headers = {"Content-Type": "application/json"} if body else {}
    request = httpx.Request(method, url, content=body, headers=headers)
    return next(SigV4(Credentials("AKID", "secret", token), "eu-west-1").auth_flow(request))


def _expected(request: httpx.Request, token: str | None) -> str:
    kept = {name: request.headers[name] for name in ("Content-Type",) if name in request.headers}
    again = AWSRequest(request.method, str(request.url), headers=kept, data=request.content)
    auth = SigV4Auth(AwsCredentials("AKID", "secret", token), "execute-api", "eu-west-1")
    again.context["timestamp"] = request.headers["X-Amz-Date"]
    auth._modify_request_before_signing(again)
    return auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)


@given(
    st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    st.lists(st.text("abz-._~19", min_size=1, max_size=8), max_size=4),
    st.dictionaries(NAMES, NAMES, max_size=4),
    st.binary(max_size=40),
    st.none() | st.just("token=="),
)
def test_it_is_what_botocore_computes(
    method: str, path: list[str], query: dict[str, str], body: bytes, token: str | None
) -> None:
    url = str(httpx.URL("/".join([ROOT, *path]), params=query or None))
    request = _signed(method, url, body, token)
    assert request.headers["Authorization"].endswith(f"Signature={_expected(request, token)}")


def test_credentials_are_asked_for_at_each_request() -> None:
    asked: list[int] = []

    def renewed() -> Credentials:
        asked.append(1)
        return Credentials("AKID", "secret")

    auth = SigV4(renewed, "eu-west-1", now=lambda: datetime(2026, 1, 1, tzinfo=UTC))
    stamps = [next(auth.auth_flow(httpx.Request("GET", ROOT))).headers["X-Amz-Date"] for _ in range(2)]
    assert (asked, stamps) == ([1, 1], ["20260101T000000Z"] * 2)


def test_secrets_are_not_shown() -> None:
    assert "secret" not in repr(Credentials("AKID", "secret", "token")).replace("secret_key", "")
