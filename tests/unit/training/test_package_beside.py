"""A package is whole only with the files beside its graph, each what its manifest says."""

from __future__ import annotations

import hashlib

import pytest

from lepton import lake
from lepton.errors import CorruptArtifact
from lepton.memory import MemoryObjectStore
from lepton.model_package.manifest import Artifact
from lepton.training.package import checked_package
from tests.unit.training.builders import FIRST, GRAPH, a_package

BODY = b"{}"
RULES = Artifact(file="decisions.json", bytes=len(BODY), sha256=hashlib.sha256(BODY).hexdigest())


def lake_with(body: bytes | None) -> MemoryObjectStore:
    store = MemoryObjectStore()
    prefix = lake.package_prefix("churn", FIRST)
    store.put(prefix + "model.onnx", GRAPH)
    if body is not None:
        store.put(prefix + RULES.file, body)
    manifest = a_package("churn-0123456789ab", FIRST, decisions=RULES)
    store.put(lake.package_manifest("churn", FIRST), manifest.model_dump_json().encode())
    return store


def test_a_package_with_its_rules_is_whole() -> None:
    assert checked_package(lake_with(BODY), "churn", FIRST).decisions == RULES


@pytest.mark.parametrize(("body", "what"), [(None, "is not there"), (b"{ }", "digest")])
def test_rules_that_are_missing_or_others_are_seen_before_anything_is_published(body: bytes | None, what: str) -> None:
    with pytest.raises(CorruptArtifact, match=what):
        checked_package(lake_with(body), "churn", FIRST)
