"""Our signature is botocore's, for every key, query and header that there may be."""

from __future__ import annotations

import calendar
import hashlib
import time

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given
from hypothesis import strategies as st

from lepton.aws.signature import Credentials, Message, encoded, query_text, signed

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
VALUES = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=30)
NAMES = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=15).map(lambda name: f"x-{name}")


def theirs(message: Message, body: bytes, keys: Credentials, region: str) -> dict[str, str]:
    """The headers that botocore makes, at its own time."""
    query = f"?{query_text(message.query)}" if message.query else ""
    request = AWSRequest(message.method, f"https://{message.headers['host']}{message.path}{query}", data=body)
    for name, value in message.headers.items():
        request.headers[name] = value
    request.context["payload_signing_enabled"] = True
    their_keys = TheirCredentials(keys.access_key, keys.secret_key, keys.token)
    S3SigV4Auth(their_keys, "s3", region).add_auth(request)
    return {name.lower(): value for name, value in request.headers.items()}


@given(key=TEXTS, body=st.binary(max_size=50), token=st.none() | VALUES, headers=st.dictionaries(NAMES, VALUES))
def test_a_signature_is_the_one_that_botocore_makes(key: str, body: bytes, token: str | None, headers: dict) -> None:
    keys = Credentials("AKIDEXAMPLE", "secret/with+signs", token and token.strip())
    told = {"host": "bucket.s3.eu-central-1.amazonaws.com", "if-none-match": '"a"'} | headers
    digest = hashlib.sha256(body).hexdigest()
    message = Message("PUT" if body else "GET", "/" + encoded(key, "/"), {}, told, digest)
    right = theirs(message, body, keys, "eu-central-1")
    at = calendar.timegm(time.strptime(right["x-amz-date"], "%Y%m%dT%H%M%SZ"))
    assert signed(message, keys, "eu-central-1", at)["authorization"] == right["authorization"]


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=5))
def test_a_query_is_signed_as_botocore_signs_it(query: dict[str, str]) -> None:
    keys = Credentials("AKIDEXAMPLE", "secret")
    message = Message("GET", "/bucket", query, {"host": "s3.us-east-1.amazonaws.com"})
    right = theirs(message, b"", keys, "us-east-1")
    at = calendar.timegm(time.strptime(right["x-amz-date"], "%Y%m%dT%H%M%SZ"))
    assert signed(message, keys, "us-east-1", at)["authorization"] == right["authorization"]
