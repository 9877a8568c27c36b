"""Every way a binary request, a wish for an output, or a file can be wrong: never a 5xx, never a wrong answer."""

from __future__ import annotations

import io
import json
import struct
from typing import Any

import numpy as np
import pytest

from lepton.endpoint import body as bodies
from lepton.endpoint import npy
from lepton.endpoint.body import Body
from lepton.endpoint.request import Limits
from lepton.errors import CallerError, InvalidRequest, TooLarge, UnsupportedMedia
from lepton.model_package.manifest import ModelManifest
from tests.unit.endpoint.packages import graph, manifest

LIMITS = Limits(rows=5)
MODELS: dict[str, ModelManifest] = {name: manifest(name, "0" * 12, graph(name)) for name in ("churn", "price", "tone")}
PIXELS = bytes(range(64))
IMAGE = {"name": "image", "shape": [1, 8, 8, 1], "datatype": "UINT8", "parameters": {"binary_data_size": 64}}
AGE = {"name": "age", "shape": [1, 1], "datatype": "FP32", "parameters": {"binary_data_size": 4}}
PLAN = {"name": "plan", "shape": [1, 1], "datatype": "BYTES", "parameters": {"binary_data_size": 7}}
CALLS = {"name": "calls", "shape": [1, 1], "datatype": "FP32", "data": [1]}
TAIL = struct.pack("<f", 30) + b"\x03\x00\x00\x00pro"


def framed(document: Any, tail: bytes, length: str | None = "") -> Body:
    text = json.dumps(document).encode()
    return Body(text + tail, "application/octet-stream", length=str(len(text)) if length == "" else length)


def tone(tail: bytes = PIXELS, length: str | None = "", **changes: Any) -> tuple[str, Body]:
    return "tone", framed({"inputs": [IMAGE | changes]}, tail, length)


def sized(size: Any) -> tuple[str, Body]:
    return tone(parameters={"binary_data_size": size})


def churn(tail: bytes = TAIL, age: Any = AGE, plan: Any = PLAN) -> tuple[str, Body]:
    return "churn", framed({"inputs": [age, plan, CALLS]}, tail)


def plan(raw: bytes, **changes: Any) -> tuple[str, Body]:
    wanted = PLAN | {"parameters": {"binary_data_size": len(raw)}} | changes
    return churn(TAIL[:4] + raw, plan=wanted)


def asked(*outputs: Any, **parameters: Any) -> tuple[str, Body]:
    inputs = [{"name": name, "shape": [1, 1], "datatype": "FP32", "data": [1]} for name in ("rooms", "area")]
    return "price", Body(json.dumps({"inputs": inputs, "outputs": outputs, "parameters": parameters}).encode())


def of(**parameters: Any) -> dict[str, Any]:
    return {"name": "prediction", "parameters": parameters}


SIZE = "/inputs/0/parameters/binary_data_size"
BAD: list[tuple[str, tuple[str, Body], str]] = [
    ("a header that is no number", tone(length="many"), ""),
    ("a header below zero", tone(length="-1"), ""),
    ("a header with a sign", tone(length="+5"), ""),
    ("a header with a fraction", tone(length="5.0"), ""),
    ("a header in other digits", tone(length="١٢"), ""),
    ("a header beyond the body", tone(length="99999"), ""),
    ("a header of astronomic size", tone(length="9" * 400), ""),
    ("a header that cuts the JSON", tone(length="10"), ""),
    ("a header that takes bytes into the JSON", tone(length="160"), ""),
    ("a size that is a string", sized("64"), SIZE),
    ("a size that is true", sized(True), SIZE),
    ("a size that is a fraction", sized(64.0), SIZE),
    ("a size below zero", sized(-1), SIZE),
    ("a size of more than there is", sized(65), SIZE),
    ("a size of astronomic size", sized(10**30), SIZE),
    ("a size of less than the shape asks for", sized(63), SIZE),
    ("a size of nothing", sized(0), SIZE),
    ("bytes and data", tone(data=[1]), SIZE),
    ("bytes left over", tone(PIXELS + b"x"), ""),
    ("bytes missing", tone(PIXELS[:-1]), SIZE),
    ("a size without a header", ("tone", Body(json.dumps({"inputs": [IMAGE]}).encode())), SIZE),
    ("a shape of another size", tone(shape=[1, 8, 9, 1]), "/inputs/0/shape"),
    ("a shape of another rank", tone(shape=[1, 64]), "/inputs/0/shape"),
    ("a shape of two images over the bytes of one", tone(shape=[2, 8, 8, 1]), SIZE),
    ("no rows", tone(b"", shape=[0, 8, 8, 1], parameters={"binary_data_size": 0}), "/inputs/0/shape"),
    ("another datatype", tone(datatype="FP32"), "/inputs/0/datatype"),
    ("a datatype that does not exist", tone(datatype="FP8"), "/inputs/0/datatype"),
    ("text for a number", tone(datatype="BYTES"), "/inputs/0/datatype"),
    ("a number that is NaN", churn(struct.pack("<f", 1) + TAIL[4:], age=AGE | {"name": "calls"}), "/inputs/2/name"),
    ("a number that is infinity", churn(struct.pack("<f", float("inf")) + TAIL[4:]), "/inputs/0"),
    ("three bytes of a number", churn(TAIL[1:], age=AGE | {"parameters": {"binary_data_size": 3}}), SIZE),
    ("text without its length", plan(b""), "/inputs/1/parameters/binary_data_size"),
    ("text of half a length", plan(b"\x03\x00"), "/inputs/1/parameters/binary_data_size"),
    ("text longer than there is", plan(b"\x04\x00\x00\x00pro"), "/inputs/1/parameters/binary_data_size"),
    ("text of 4 GB", plan(b"\xff\xff\xff\xffpro"), "/inputs/1/parameters/binary_data_size"),
    ("text with bytes behind it", plan(b"\x03\x00\x00\x00prox"), "/inputs/1/parameters/binary_data_size"),
    ("text that is big-endian", plan(b"\x00\x00\x00\x03pro"), "/inputs/1/parameters/binary_data_size"),
    ("text that is not UTF-8", plan(b"\x03\x00\x00\x00\xff\xfe\xfd"), "/inputs/1/parameters/binary_data_size"),
    ("text that is half a surrogate", plan(b"\x03\x00\x00\x00\xed\xa0\x80"), "/inputs/1/parameters/binary_data_size"),
    ("text that a closed input does not know", plan(b"\x04\x00\x00\x00gold"), "/inputs/1"),
    ("text of two elements for one", plan(b"\x03\x00\x00\x00pro" * 2), "/inputs/1/parameters/binary_data_size"),
    ("numbers for text", plan(b"\x01\x00\x00\x00", datatype="INT32"), "/inputs/1/datatype"),
    ("an input's parameters that are an array", tone(parameters=[64]), "/inputs/0/parameters"),
    ("an input twice", ("tone", framed({"inputs": [IMAGE, IMAGE]}, PIXELS * 2)), "/inputs/1/name"),
    ("JSON behind the bytes", ("tone", Body(PIXELS + b"{}", "application/octet-stream", length="64")), ""),
    ("raw bytes that are too few", ("tone", Body(PIXELS[1:], "application/octet-stream")), ""),
    ("raw bytes that are too many", ("tone", Body(PIXELS + b"x", "application/octet-stream")), ""),
    ("raw bytes of nothing", ("tone", Body(b"", "application/octet-stream", length="0")), ""),
    ("binary_data that is a string", asked(of(binary_data="yes")), "/outputs/0/parameters/binary_data"),
    ("binary_data that is 1", asked(of(binary_data=1)), "/outputs/0/parameters/binary_data"),
    (
        "an output's parameters that are a string",
        asked({"name": "prediction", "parameters": "x"}),
        "/outputs/0/parameters",
    ),
    ("binary_data_output that is a string", asked(binary_data_output="true"), "/parameters/binary_data_output"),
    ("binary_data_output that is 0", asked(binary_data_output=0), "/parameters/binary_data_output"),
    ("classes of a plain number", asked(of(classification=1)), "/outputs/0/parameters/classification"),
    ("classes of none", asked(of(classification=0)), "/outputs/0/parameters/classification"),
    ("classes that are a fraction", asked(of(classification=1.0)), "/outputs/0/parameters/classification"),
    ("classes that are true", asked(of(classification=True)), "/outputs/0/parameters/classification"),
    ("classes that are a string", asked(of(classification="1")), "/outputs/0/parameters/classification"),
    ("an output's name that is a number", asked({"name": 7}), "/outputs/0/name"),
    ("an output's name that is null", asked({"name": None}), "/outputs/0/name"),
    ("an output with a shape", asked({"name": "prediction", "shape": [1]}), "/outputs/0/shape"),
]


@pytest.mark.parametrize(("request_", "pointer"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_bad_binary_request_is_refused_with_a_pointer(request_: tuple[str, Body], pointer: str) -> None:
    model, body = request_
    with pytest.raises(CallerError) as refused:
        bodies.for_protocol(body, MODELS[model], LIMITS)
    assert (refused.value.status, refused.value.code, refused.value.pointer) == (400, "invalid_request", pointer)
    assert refused.value.message


def test_bytes_alone_for_two_inputs_are_415() -> None:
    with pytest.raises(UnsupportedMedia):
        bodies.for_protocol(Body(b"12345678", "application/octet-stream"), MODELS["price"], LIMITS)


def test_too_many_rows_as_bytes_are_413() -> None:
    with pytest.raises(TooLarge):
        bodies.for_protocol(Body(PIXELS * 6, "application/octet-stream"), MODELS["tone"], LIMITS)


def file(array: Any) -> bytes:
    made = io.BytesIO()
    np.save(made, array)
    return made.getvalue()


GOOD = file(np.ones((2, 2), np.float32))
BAD_FILES: list[tuple[str, bytes]] = [
    ("nothing", b""),
    ("no magic", b"x" * 200),
    ("only magic", b"\x93NUMPY"),
    ("an unknown version", GOOD[:6] + b"\x09" + GOOD[7:]),
    ("a header longer than the file", GOOD[:8] + b"\xff\xff" + GOOD[10:]),
    ("a header that is no dict", GOOD.replace(b"'descr'", b"(descr'")),
    ("a header without a shape", GOOD.replace(b"'shape'", b"'shade'")),
    ("a shape that is huge", GOOD.replace(b"(2, 2), ", b"(2, 9**9)")),
    ("a shape below zero", GOOD.replace(b"(2, 2)", b"(2,-2)")),
    ("a shape of another count", GOOD.replace(b"(2, 2)", b"(2, 3)")),
    ("data cut short", GOOD[:-1]),
    ("data beyond the shape", GOOD + b"\x00"),
    ("a dtype that does not exist", GOOD.replace(b"'<f4'", b"'<q9'")),
    ("complex numbers", file(np.ones((2, 2), np.complex64))),
    ("dates", file(np.zeros((2, 2), "datetime64[s]"))),
    ("records", file(np.zeros(2, dtype=[("a", "<f4"), ("b", "<f4")]))),
    ("a row of a vector", file(np.ones(2, np.float32))),
    ("three columns for two inputs", file(np.ones((2, 3), np.float32))),
    ("text for numbers", file(np.array([["a", "b"]]))),
    ("nothing in it", file(np.ones((0, 2), np.float32))),
    ("infinity", file(np.full((2, 2), np.inf, np.float32))),
    ("numbers that do not fit", file(np.full((2, 2), 1e300))),
]


@pytest.mark.parametrize("body", [case[1] for case in BAD_FILES], ids=[case[0] for case in BAD_FILES])
def test_bad_npy_file_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as refused:
        bodies.for_invocation(Body(body, "application/x-npy"), MODELS["price"], LIMITS)
    assert refused.value.message


def test_a_pickle_in_an_npy_file_is_not_opened() -> None:
    made = io.BytesIO()
    np.save(made, np.array([[object(), 1]], dtype=object), allow_pickle=True)
    with pytest.raises(InvalidRequest, match="not read here"):
        npy.read(made.getvalue())


TYPE = "multipart/form-data; boundary=XyZ"


def part(head: str, data: bytes) -> bytes:
    return b"--XyZ\r\n" + head.encode() + b"\r\n\r\n" + data + b"\r\n"


CSV = part('Content-Disposition: form-data; name="f"; filename="a.csv"\r\nContent-Type: text/csv', b"rooms,area\n1,2\n")
END = b"--XyZ--\r\n"
BAD_FORMS: list[tuple[str, bytes, str]] = [
    ("nothing", b"", TYPE),
    ("no boundary", CSV + END, "multipart/form-data"),
    ("another boundary", CSV + END, "multipart/form-data; boundary=abc"),
    ("an end that is missing", CSV, TYPE),
    ("no part", END, TYPE),
    ("two files", CSV + CSV + END, TYPE),
    ("no file", part('Content-Disposition: form-data; name="top_k"', b"1") + END, TYPE),
    ("a part without a head", b"--XyZ\r\nabc\r\n" + END, TYPE),
    ("a head that is too long", part("X: " + "y" * 5000, b"1") + END, TYPE),
    (
        "too many parts",
        CSV + b"".join(part(f'Content-Disposition: form-data; name="{n}"', b"") for n in range(40)) + END,
        TYPE,
    ),
    ("a field twice", CSV + part('Content-Disposition: form-data; name="id"', b"1") * 2 + END, TYPE),
    ("a field that is too long", CSV + part('Content-Disposition: form-data; name="id"', b"1" * 2000) + END, TYPE),
    ("a field that is not known", CSV + part('Content-Disposition: form-data; name="colour"', b"red") + END, TYPE),
    ("a top_k that is no number", CSV + part('Content-Disposition: form-data; name="top_k"', b"two") + END, TYPE),
]


@pytest.mark.parametrize(("body", "said"), [case[1:] for case in BAD_FORMS], ids=[case[0] for case in BAD_FORMS])
def test_bad_form_is_refused(body: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        bodies.for_invocation(bodies.received(body, said, LIMITS), MODELS["price"], LIMITS)
    assert refused.value.message


def test_a_form_in_a_form_is_415() -> None:
    inner = part("Content-Disposition: form-data; name=f\r\nContent-Type: multipart/form-data; boundary=b", b"--b--")
    with pytest.raises(UnsupportedMedia):
        bodies.for_invocation(bodies.received(inner + END, TYPE, LIMITS), MODELS["price"], LIMITS)
