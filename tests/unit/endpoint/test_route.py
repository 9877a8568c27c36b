"""Which function a path leads to, and which methods it knows."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.endpoint import gateway
from lepton.endpoint.exchange import Reply
from lepton.endpoint.route import Route, RouteTable
from lepton.endpoint.routes import ROUTES
from tests.integration.predict_cloud import CONTEXT, proxy_event

TABLE = RouteTable([
    Route("GET", "/v2", "a:a"),
    Route("GET", "/v2/models/{model}", "a:b"),
    Route("GET", "/v2/models/all", "a:c"),
    Route("POST", "/v2/models/{model}/infer", "a:d"),
    Route("POST", "/v1/models/{model}:predict", "a:e"),
    Route("GET", "/v1/models/{model}", "a:f"),
])  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "handler", "values"),
    [
        ("GET", "/v2", "a:a", {}),
        ("GET", "/v2/", "a:a", {}),
        ("GET", "/v2/models/x", "a:b", {"model": "x"}),
        ("GET", "/v2/models/all", "a:c", {}),
        ("POST", "/v2/models/x/infer", "a:d", {"model": "x"}),
        ("POST", "/v1/models/x:predict", "a:e", {"model": "x"}),
        ("GET", "/v1/models/x:other", "a:f", {"model": "x:other"}),
    ],
)
def test_a_path_leads_to_its_function(method: str, path: str, handler: str, values: dict[str, str]) -> None:
    for _ in range(2):
        found = TABLE.find(method, path)
        assert found is not None
        assert (found[0].handler, found[1]) == (handler, values)


@pytest.mark.parametrize(
    "path", ["/", "", "/v2//models", "/v2/models", "/v2/models//infer", "/v3", "v2", "/v2/models/a/b/c"]
)
def test_a_path_that_is_none_knows_no_method(path: str) -> None:
    assert TABLE.find("GET", path) is None
    assert TABLE.methods(path) == []


def test_a_wrong_method_is_told_which_ones_there_are() -> None:
    assert TABLE.find("GET", "/v2/models/x/infer") is None
    assert TABLE.methods("/v2/models/x/infer") == ["POST"]


@given(st.text(max_size=40), st.sampled_from(["GET", "POST", "", "get"]))
def test_no_path_is_too_strange(path: str, method: str) -> None:
    table = RouteTable(ROUTES)
    found = table.find(method, path)
    assert found is None or method in table.methods(path)


def test_a_header_given_twice_is_read_whole() -> None:
    event = proxy_event("GET", "/v2/%C3%BC", None, {"X-One": "1"})
    event["multiValueHeaders"] |= {"ACCEPT": ["a", "b"]}
    made = gateway.exchange(event, CONTEXT, b"")
    assert (made.path, made.headers) == ("/v2/ü", {"x-one": "1", "accept": "a,b"})
    assert (made.method, made.query, made.caller, made.request_id) == ("GET", {}, "anonymous", "request-1")


@given(st.binary(max_size=50))
def test_bytes_go_out_in_base64_and_come_in_from_it(body: bytes) -> None:
    sent = gateway.answer(Reply(200, {"Content-Type": "application/octet-stream"}, body))
    assert gateway.body({"body": sent["body"], "isBase64Encoded": sent["isBase64Encoded"]}) == body


def test_text_goes_out_as_text() -> None:
    sent = gateway.answer(Reply(200, {"Content-Type": "application/json"}, b'"\xc3\xbc"'))
    assert (json.loads(sent["body"]), sent["isBase64Encoded"]) == ("ü", False)
