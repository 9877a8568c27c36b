"""Whatever is sent to whichever route: an answer of one shape that blames the caller, and never a trace of ours."""

from __future__ import annotations

import json
import random
import struct
from collections.abc import Iterator

import pytest

from lepton.endpoint.routes import ROUTES
from tests.unit.endpoint.wire_world import MODELS, World, world

POSTS = sorted({route.path for route in ROUTES if route.method == "POST"})
MEDIA = (
    *("application/json", "application/octet-stream", "text/csv", "application/jsonlines", "application/x-npy"),
    *("image/png", "image/webp", "multipart/form-data; boundary=XyZ", "text/csv; charset=utf-16", "x/y", "", ";;;"),
)
TENSOR = {"name": "rooms", "shape": [1, 1], "datatype": "FP32", "data": [1]}
GOOD = json.dumps({"inputs": [TENSOR, TENSOR | {"name": "area"}]}).encode()


def _by_hand() -> list[bytes]:
    texts = [
        *("", " ", "\n", "null", "true", "0", '"x"', "[]", "{}", "{", "}", "[", "nul", "NaN", "{]", "[1,]", '{"a":1,}'),
        *(
            '{"inputs":null}',
            '{"inputs":{}}',
            '{"inputs":[]}',
            '{"inputs":[null]}',
            '{"inputs":[[]]}',
            '{"inputs":1e999}',
        ),
        *(
            '{"instances":[[]]}',
            '{"instances":[{}]}',
            '{"instances":[null]}',
            '{"dataframe_split":{}}',
            '{"instances":{}}',
        ),
        *('{"dataframe_split":{"columns":[],"data":[[]]}}', '{"dataframe_records":[{}]}', '{"inputs":{"rooms":{}}}'),
        *(
            '{"a":1,"a":2}',
            '{"\\ud800":1}',
            '"\\ud800"',
            "[" * 3000,
            "[" * 500 + "]" * 500,
            '{"a":' * 600 + "1" + "}" * 600,
        ),
        *(
            "--XyZ",
            "--XyZ--",
            "--XyZ\r\n\r\n\r\n--XyZ--",
            "rooms,area",
            "rooms,area\n",
            'rooms,area\n"',
            "a\x00b",
            "\ufeff",
        ),
        *(
            "rooms,area\n1," + "9" * 400,
            "rooms,area\n" + "1,2\n" * 20_000,
            ",,,,\n,,,,",
            "\r\r\r",
            "rooms\x00,area\n1,2",
        ),
    ]
    raw = [
        *(
            b"\xff",
            b"\xff\xfe",
            b"\x00" * 100,
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff",
            b"RIFF....WEBP",
            b"\x93NUMPY\x01\x00",
        ),
        *(
            b"\x93NUMPY\x01\x00\xff\xff" + b"{" * 70,
            b"PK\x03\x04",
            b"%PDF",
            b"GIF89a",
            struct.pack("<I", 2**32 - 1) * 4,
        ),
    ]
    return [text.encode("utf-8", "surrogatepass") for text in texts] + raw


def _damaged(count: int) -> list[bytes]:
    """A good request with a few bytes changed, left out or doubled, the same ones on every run."""
    made = []
    for seed in range(count):
        chance = random.Random(seed)
        body = bytearray(GOOD)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(body))
            change = chance.choice(("set", "cut", "twice"))
            body[at : at + 1] = {"set": bytes([chance.randrange(256)]), "cut": b"", "twice": body[at : at + 1] * 2}[
                change
            ]
        made.append(bytes(body))
    return made


BODIES = _by_hand() + _damaged(60)


@pytest.fixture(scope="module")
def served() -> Iterator[World]:
    with world() as made:
        yield made


def paths(template: str) -> list[str]:
    filled = [template.replace("{model}", name) for name in MODELS]
    return [path.replace("{version}", "0" * 12).replace("{", "").replace("}", "") for path in filled]


def check(served: World, path: str, body: bytes, headers: dict[str, str]) -> None:
    reply = served.post(path, body, **headers)
    told = f"{path} {headers} {body[:80]!r} {reply.status} {reply.body[:300]!r}"
    assert reply.status in (200, 201, 202) or 400 <= reply.status < 500, told
    if reply.status >= 400:
        answer = json.loads(reply.body)
        assert {"error", "code", "request_id"} <= answer.keys() <= {"error", "code", "request_id", "pointer", "hint"}, (
            told
        )
        assert answer["error"], told
        assert not any(word in answer["error"] for word in ("Traceback", "lepton.", "/site-packages", "0x7f")), told


def test_there_are_enough_of_them() -> None:
    assert len(set(BODIES)) >= 120


@pytest.mark.parametrize("template", POSTS)
def test_a_malformed_body_is_the_callers_fault(served: World, template: str) -> None:
    for number, path in enumerate(paths(template)):
        for place, body in enumerate(BODIES):
            media = MEDIA[(place + number) % len(MEDIA)] if place % 2 else "application/json"
            check(served, path, body, {"content_type": media})


@pytest.mark.parametrize("media", MEDIA)
def test_every_body_under_every_media_type_is_the_callers_fault(served: World, media: str) -> None:
    for body in BODIES:
        for path in ("/models/price/invocations", "/v2/models/price/infer", "/v1/models/price:predict"):
            check(served, path, body, {"content_type": media})


@pytest.mark.parametrize("length", ["0", "1", "7", "170", "9999999", "-1", "x", "", "1e3", "٣"])
def test_every_body_under_every_header_length_is_the_callers_fault(served: World, length: str) -> None:
    for body in BODIES:
        headers = {"content_type": "application/octet-stream", "inference_header_content_length": length}
        check(served, "/v2/models/tone/infer", body, headers)


@pytest.mark.parametrize(
    "accepted", ["", ",", "*/*;q=", "x/y", ";", "text/csv;q=1;q=0", "application/json" * 1000, "é"]
)
def test_an_accept_that_makes_no_sense_is_406_at_most(served: World, accepted: str) -> None:
    check(served, "/models/price/invocations", b"rooms,area\n1,2\n", {"content_type": "text/csv", "accept": accepted})


def test_a_good_request_is_good(served: World) -> None:
    assert served.post("/v2/models/price/infer", GOOD).status == 200
