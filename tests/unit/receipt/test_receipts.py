"""Receipts: ids, digests, prices, the shelf, and what two of them say of each other."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lepton.capacity.prices import prices_of
from lepton.errors import CorruptArtifact, InvalidRequest, NotFound
from lepton.memory import MemoryObjectStore
from lepton.receipt.digests import of_signature, of_tensors
from lepton.receipt.receipt import Kept, Receipt, Timings, checked_id, cost_of, receipt_id, version_of
from lepton.receipt.replay import compared
from lepton.receipt.shelf import keep, kept
from tests.unit.endpoint.packages import CHURN, PRICE

VERSION = "0123456789ab"
TIMINGS = Timings(queue=0.5, decode=0.2, run=0.9, enclose=0.0, encode=0.5)


def receipt(**fields: Any) -> Receipt:
    told: dict[str, Any] = {
        **{"id": f"{VERSION}-r1", "model": "churn", "version": VERSION, "digest": "d", "contract": "c"},
        **{"alias": "live", "generation": 3, "input": "i", "output": "o", "runtime": {"onnxruntime": "1.31.1"}},
        **{"timings": TIMINGS, "cost": cost_of(TIMINGS, 512, prices_of("us-east-1")), "at": "2026-01-01T00:00:00Z"},
    }
    return Receipt.model_validate(told | fields)


@given(st.text())
def test_whatever_a_request_calls_itself_its_receipts_id_is_one(request: str) -> None:
    made = receipt_id(VERSION, request).replace("..", "__")
    assert checked_id(made) == made
    assert version_of(made) == VERSION


@pytest.mark.parametrize(
    "wrong", ["", "x", VERSION, f"{VERSION}-", f"{VERSION}-a/b", f"{VERSION}-..", "-r1", "../../x"]
)
def test_what_is_no_id_never_becomes_a_key(wrong: str) -> None:
    with pytest.raises(InvalidRequest, match="not a receipt's id"):
        checked_id(wrong)


def test_a_digest_knows_names_types_shapes_values_and_where_texts_end() -> None:
    base = [("a", "FP32", (2, 1), np.array([[1], [2]], np.float32)), ("b", "BYTES", (2,), ["ab", "c"])]
    others = [
        [("x", *base[0][1:]), base[1]],
        [("a", "FP64", (2, 1), base[0][3]), base[1]],
        [("a", "FP32", (1, 2), base[0][3]), base[1]],
        [("a", "FP32", (2, 1), np.array([[1], [2.0000002]], np.float32)), base[1]],
        [base[0], ("b", "BYTES", (2,), ["a", "bc"])],
        [base[0]],
    ]
    assert of_tensors(base) == of_tensors(base[::-1])
    assert len({of_tensors(one) for one in [base, *others]}) == len(others) + 1


def test_a_missing_number_counts_as_its_bits() -> None:
    nan = np.array([math.nan], np.float32)
    other = (nan.view(np.uint32) | 1).view(np.float32)
    assert of_tensors([("a", "FP32", (1,), nan)]) != of_tensors([("a", "FP32", (1,), other)])


def test_a_contract_is_that_of_its_signature() -> None:
    assert of_signature(CHURN) == of_signature(CHURN.model_copy()) != of_signature(PRICE)


def test_the_cost_is_that_of_whole_milliseconds_by_a_dated_list() -> None:
    cost = cost_of(TIMINGS, 1024, prices_of("us-east-1"))
    assert (cost.milliseconds, cost.memory_mb, cost.region) == (3, 1024, "us-east-1")
    assert cost.usd == pytest.approx(0.003 * 0.0000166667 + 0.0000002)
    assert cost.prices_of == prices_of("us-east-1").as_of.isoformat()


def test_a_receipt_is_kept_once_and_found_by_its_id() -> None:
    store, first = MemoryObjectStore(), Kept(receipt=receipt(), request={"inputs": []})
    keep(store, first)
    keep(store, Kept(receipt=receipt(output="other"), request={}))
    assert kept(store, "churn", first.receipt.id) == first
    with pytest.raises(NotFound, match="is kept"):
        kept(store, "churn", f"{VERSION}-r2")
    store.put(f"monitor/churn/receipts/{VERSION}-r3.json", b"{}")
    with pytest.raises(CorruptArtifact):
        kept(store, "churn", f"{VERSION}-r3")


@pytest.mark.parametrize(
    ("now", "verdict", "identical"),
    [
        ({}, "identical, bit for bit", True),
        ({"runtime": {"onnxruntime": "2.0"}}, "although onnxruntime was 1.31.1 then, is 2.0 now", True),
        ({"output": "x", "runtime": {"onnxruntime": "2.0"}}, "so does what computed it: onnxruntime was 1.31.1", False),
        ({"output": "x", "runtime": {}}, "onnxruntime was 1.31.1 then, is none now", False),
        ({"output": "x", "digest": "x"}, "files were replaced", False),
        ({"output": "x", "contract": "x"}, "files were replaced", False),
        ({"output": "x", "input": "x"}, "another request", False),
        ({"input": "x"}, "another request", False),
        ({"output": "x"}, "the machine computes otherwise", False),
    ],
)
def test_two_receipts_of_a_request_say_what_changed(now: dict[str, Any], verdict: str, identical: bool) -> None:
    result = compared(receipt(), receipt(id=f"{VERSION}-r2", alias=None, generation=None, **now))
    assert verdict in result.verdict
    assert result.identical is identical
    assert {change.part for change in result.changes} == {part for part in now if part != "verdict"}
