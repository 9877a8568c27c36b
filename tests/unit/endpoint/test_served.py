"""A manifest read without pydantic is the one that pydantic reads, and refused when pydantic refuses it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from lepton.model_package import served
from lepton.model_package.manifest import Artifact, ImageInput, ModelManifest, Signature, TensorSpec
from tests.unit.endpoint.packages import SIGNATURES, graph, manifest

DOCUMENTS = {name: manifest(name, "0" * 12, graph(name)).model_dump(mode="json") for name in SIGNATURES}
WRONG = st.sampled_from([None, True, 1, 1.5, "x", "FP99", [], {}, [1], ["x"], [[1]], {"x": 1}, -1, "1"])


def plain(value: Any) -> Any:
    """Records of either kind as one and the same."""
    if isinstance(value, tuple):
        return tuple(map(plain, value))
    kinds = (served.Tensor, served.Image, served.Contract, served.File)
    if isinstance(value, BaseModel):
        return {name: plain(getattr(value, name)) for name in type(value).model_fields}
    return {name: plain(getattr(value, name)) for name in value.__dataclass_fields__} if type(value) in kinds else value


def assert_same(body: bytes) -> None:
    ours, theirs = served.read(body), ModelManifest.model_validate_json(body)
    for name in ("model", "version", "task", "signature", "artifact", "explainer", "decisions", "schema_version"):
        assert plain(getattr(ours, name)) == plain(getattr(theirs, name))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_ordinary_manifest_is_read_without_pydantic_and_says_the_same(name: str) -> None:
    body = json.dumps(DOCUMENTS[name]).encode()
    assert type(served.read(body)) is served.Served
    assert_same(body)


def paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(path for step, one in steps for path in paths(one, (*at, step)))]


@given(st.data())
def test_whatever_is_changed_in_a_manifest_is_judged_as_pydantic_judges_it(data: st.DataObject) -> None:
    document = json.loads(json.dumps(DOCUMENTS["tone"]))
    named = {"model", "version", "task", "signature", "artifact", "explainer", "decisions", "schema_version"}
    path = data.draw(st.sampled_from([path for path in paths(document) if path and path[0] in named]))
    place = document
    for step in path[:-1]:
        place = place[step]
    how = data.draw(st.sampled_from(["drop", "add", "put"]))
    if how == "drop":
        del place[path[-1]]
    elif how == "add" and isinstance(place, dict):
        place["surplus"] = data.draw(WRONG)
    else:
        place[path[-1]] = data.draw(WRONG)
    body = json.dumps(document).encode()
    try:
        ModelManifest.model_validate_json(body)
    except ValidationError:
        with pytest.raises(ValidationError):
            served.read(body)
    else:
        assert_same(body)


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"null", b"junk", b'{"model": 1}'])
def test_what_is_no_manifest_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        served.read(body)


def test_the_rest_of_a_manifest_is_there_when_it_is_asked_for() -> None:
    made = served.read(json.dumps(DOCUMENTS["tone"]).encode())
    assert made.measurements.primary_metric == "accuracy"
    assert made.signature.model_dump(mode="json") == DOCUMENTS["tone"]["signature"]
    assert made.signature.image.model_dump() == DOCUMENTS["tone"]["signature"]["image"]
    with pytest.raises(AttributeError):
        _ = made.nothing_like_it


def test_no_field_of_what_serving_reads_is_forgotten() -> None:
    pairs = {served.Tensor: TensorSpec, served.Image: ImageInput, served.Contract: Signature, served.File: Artifact}
    for ours, theirs in pairs.items():
        assert set(ours.__dataclass_fields__) == set(theirs.model_fields)
    known = set(served.Served.__dataclass_fields__) | served._BESIDES
    assert known == set(ModelManifest.model_fields)
