"""Tensors off the wire: what goes in comes out, flat or nested, and the slow path agrees with the fast one."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton.endpoint import oip, values
from lepton.endpoint.document import read
from lepton.endpoint.request import NUMPY, Limits
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import Signature, TensorSpec

OUT = (TensorSpec(name="y", datatype="FP32", shape=(-1,)),)
SHAPES = st.lists(st.integers(1, 4), min_size=1, max_size=4)
ELEMENTS: dict[str, st.SearchStrategy[Any]] = {
    **{name: st.integers(int(np.iinfo(NUMPY[name]).min), int(np.iinfo(NUMPY[name]).max)) for name in values.INTEGERS},
    "FP16": st.floats(width=16, allow_nan=False, allow_infinity=False),
    "FP32": st.floats(width=32, allow_nan=False, allow_infinity=False),
    "FP64": st.floats(allow_nan=False, allow_infinity=False),
    "BOOL": st.booleans(),
    "BYTES": st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5),
}


@st.composite
def tensors(draw: st.DrawFn) -> tuple[str, list[int], list[Any]]:
    datatype = draw(st.sampled_from(sorted(ELEMENTS)))
    shape = draw(SHAPES)
    count = math.prod(shape)
    return datatype, shape, draw(st.lists(ELEMENTS[datatype], min_size=count, max_size=count))


def decoded(datatype: str, shape: list[int], data: Any) -> Any:
    spec = TensorSpec(name="x", datatype=datatype, shape=(-1,) * len(shape))
    body = {"inputs": [{"name": "x", "shape": shape, "datatype": datatype, "data": data}]}
    request = oip.decode(read(json.dumps(body).encode()), Signature(inputs=(spec,), outputs=OUT), Limits())
    return request.inputs["x"]


@settings(deadline=None)
@given(tensors())
def test_a_tensor_comes_back_as_it_was_sent(tensor: tuple[str, list[int], list[Any]]) -> None:
    datatype, shape, data = tensor
    array = decoded(datatype, shape, data)
    assert array.dtype == NUMPY[datatype]
    assert array.shape == tuple(shape)
    assert array.reshape(-1).tolist() == data


@settings(deadline=None)
@given(tensors())
def test_nested_data_is_the_flat_data(tensor: tuple[str, list[int], list[Any]]) -> None:
    datatype, shape, data = tensor
    nested = np.array(data, dtype=object).reshape(shape).tolist()
    assert decoded(datatype, shape, nested).tolist() == decoded(datatype, shape, data).tolist()


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False),
    st.sampled_from(["", "pro", "gold", "\ud800"]),
    st.integers(2**24 - 2, 2**24 + 2),
)
SPECS = st.builds(
    TensorSpec,
    name=st.just("x"),
    datatype=st.sampled_from(sorted(NUMPY)),
    shape=st.just((-1, 1)),
    nullable=st.booleans(),
    categories=st.sampled_from([None, ("basic", "pro")]),
    closed=st.booleans(),
)


@settings(deadline=None, max_examples=400)
@given(st.lists(ANYTHING, min_size=1, max_size=4), st.sampled_from(sorted(NUMPY)), SPECS)
def test_a_column_is_its_cells_whichever_path_is_taken(cells: list[Any], declared: str, spec: TensorSpec) -> None:
    if not values.castable(declared, spec.datatype):
        return
    array, wrong = values.column(cells, declared, spec)
    for index, cell in enumerate(cells):
        if index in wrong:
            with pytest.raises(InvalidRequest):
                values.cell(cell, declared, spec)
        else:
            np.testing.assert_array_equal(array[index], values.cell(cell, declared, spec))


@pytest.mark.parametrize("wanted", sorted(NUMPY))
@pytest.mark.parametrize("declared", sorted(NUMPY))
def test_only_casts_that_keep_the_value_are_made(declared: str, wanted: str) -> None:
    numbers = values.FLOATS | values.INTEGERS
    keeps = declared in values.INTEGERS | {"BOOL"} and wanted in numbers
    both_floats = declared in values.FLOATS and wanted in values.FLOATS
    assert values.castable(declared, wanted) == (declared == wanted or keeps or both_floats)


def test_missing_values_are_nan_and_the_empty_string() -> None:
    number = TensorSpec(name="x", datatype="FP32", shape=(-1, 1), nullable=True)
    text = TensorSpec(name="x", datatype="BYTES", shape=(-1, 1), nullable=True)
    assert np.isnan(values.column([None, 1.0], "FP32", number)[0]).tolist() == [True, False]
    assert values.column([None, "a"], "BYTES", text)[0].tolist() == ["", "a"]
