"""Our binding to ONNX Runtime's C API against its own Python binding: the same answers, whatever the tensors."""

from __future__ import annotations

import gc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from lepton.endpoint.arrays import NUMPY
from lepton.endpoint.buffers import Tensor
from lepton.endpoint.lane import Lane
from lepton.endpoint.native import library_version
from lepton.endpoint.session import Session
from lepton.errors import CorruptArtifact

TYPES = {
    **{"BOOL": TensorProto.BOOL, "FP16": TensorProto.FLOAT16, "FP32": TensorProto.FLOAT, "FP64": TensorProto.DOUBLE},
    **{name: getattr(TensorProto, name) for name in ("UINT8", "UINT16", "UINT32", "UINT64")},
    **{name: getattr(TensorProto, name) for name in ("INT8", "INT16", "INT32", "INT64")},
    "BYTES": TensorProto.STRING,
}
SHAPES = st.lists(st.integers(0, 4), min_size=0, max_size=4).map(tuple)
TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)


def identity(datatype: str, rank: int) -> bytes:
    """A graph whose output is its input."""
    sizes = [f"d{at}" for at in range(rank)]
    values = [helper.make_tensor_value_info(name, TYPES[datatype], sizes) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "same", values[:1], values[1:])
    made: bytes = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9
    ).SerializeToString()
    return made


SESSIONS = {(name, rank): Session(identity(name, rank), 1) for name in TYPES for rank in range(5)}


@settings(max_examples=300, deadline=None)
@given(datatype=st.sampled_from(sorted(set(TYPES) - {"BYTES"})), shape=SHAPES, seed=st.integers(0, 2**32 - 1))
def test_numbers_come_back_bit_for_bit(datatype: str, shape: tuple[int, ...], seed: int) -> None:
    dtype = NUMPY[datatype]
    raw = np.random.default_rng(seed).bytes(int(np.prod(shape)) * dtype.itemsize)
    if datatype == "BOOL":
        raw = bytes(byte & 1 for byte in raw)
    for data in (raw, bytearray(raw), memoryview(raw), np.frombuffer(raw, dtype).reshape(shape)):
        (back,) = SESSIONS[datatype, len(shape)].run(["y"], {"x": Tensor(datatype, shape, data)})
        assert (back.datatype, back.shape, back.data) == (datatype, shape, raw)


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(TEXTS, max_size=6))
def test_texts_come_back_even_with_a_zero_in_them(texts: list[str]) -> None:
    (back,) = SESSIONS["BYTES", 1].run(["y"], {"x": Tensor("BYTES", (len(texts),), texts)})
    assert (back.shape, back.data) == ((len(texts),), texts)


def test_what_it_says_of_a_graph_is_what_the_official_binding_says() -> None:
    for (datatype, _), session in SESSIONS.items():
        assert (session.inputs, session.outputs) == ({"x": datatype}, {"y": datatype})
    assert library_version() == onnxruntime.__version__


@pytest.mark.parametrize("graph", [b"", b"junk", identity("FP32", 1)[:-9]])
def test_bytes_that_are_no_graph_are_a_corrupt_artifact(graph: bytes) -> None:
    with pytest.raises(CorruptArtifact):
        Session(graph, 1)


def test_a_run_that_fails_says_why_and_the_session_goes_on() -> None:
    session = SESSIONS["FP32", 1]
    with pytest.raises(CorruptArtifact, match="rank"):
        session.run(["y"], {"x": Tensor("FP32", (1, 1), bytes(4))})
    with pytest.raises(CorruptArtifact, match="nowhere"):
        session.run(["nowhere"], {"x": Tensor("FP32", (1,), bytes(4))})
    assert session.run(["y"], {"x": Tensor("FP32", (1,), bytes(4))})[0].data == bytes(4)


def test_an_output_that_is_no_tensor_is_refused() -> None:
    values = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n"])]
    out = helper.make_tensor_sequence_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("SequenceConstruct", ["x"], ["y"])], "list", values, [out])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    session = Session(made.SerializeToString(), 1)
    assert session.outputs == {"y": None}
    with pytest.raises(CorruptArtifact, match="no tensor"):
        session.run(["y"], {"x": Tensor("FP32", (1,), bytes(4))})


def lane(datatype: str, rows: int) -> Lane:
    form = (datatype, (rows,))
    return Lane(SESSIONS[datatype, 1], [("x", *form)], [("y", *form)])


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(TEXTS, min_size=2, max_size=2), min_size=1, max_size=400))
def test_a_lane_forgets_nothing_of_one_request_in_the_next(requests: list[list[str]]) -> None:
    texts = lane("BYTES", 2)
    for request in requests:
        assert texts.run({"x": Tensor("BYTES", (2,), request)})["y"].data == request


def test_a_lane_gives_what_the_session_gives_and_its_answers_stay() -> None:
    numbers = lane("INT64", 3)
    sent = [np.arange(at, at + 3, dtype=np.int64) for at in range(50)]
    came = [numbers.run({"x": Tensor.of("INT64", one)})["y"].array() for one in sent]
    assert all((one == other).all() for one, other in zip(sent, came, strict=True))


def test_a_lane_is_held_to_the_form_that_it_was_laid_out_for() -> None:
    narrow = Lane(SESSIONS["FP32", 1], [("x", "FP32", (2,))], [("y", "FP32", (1,))])
    with pytest.raises(CorruptArtifact):
        narrow.run({"x": Tensor("FP32", (2,), bytes(8))})


def test_many_threads_share_a_session() -> None:
    session = SESSIONS["INT32", 1]

    def asked(at: int) -> bool:
        data = np.full(100, at, np.int32).tobytes()
        return session.run(["y"], {"x": Tensor("INT32", (100,), data)})[0].data == data

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(asked, range(2_000)))


def resident() -> int:
    """Bytes of this process."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.mark.parametrize("what", ["numbers", "texts", "lanes", "sessions"])
def test_what_is_thrown_away_is_given_back(what: str) -> None:
    big, texts = Tensor("FP32", (250_000,), bytes(1_000_000)), Tensor("BYTES", (1000,), ["x" * 1000] * 1000)
    work: dict[str, Any] = {
        "numbers": lambda: SESSIONS["FP32", 1].run(["y"], {"x": big}),
        "texts": lambda: SESSIONS["BYTES", 1].run(["y"], {"x": texts}),
        "lanes": lambda: lane("BYTES", 50).run({"x": Tensor("BYTES", (50,), ["x" * 1000] * 50)}),
        "sessions": lambda: Session(identity("FP32", 1), 1),
    }
    before = 0
    for number in range(140):
        if number == 40:
            before = resident()
        work[what]()
    gc.collect()
    assert resident() - before < 20_000_000
