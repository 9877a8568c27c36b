"""Faults that are not the caller's: 429 and 503 with when to come back, and nothing of what is inside."""

from __future__ import annotations

import json

import pytest

from lepton import lake
from lepton.errors import Forbidden, LeptonError, Throttled, Unavailable
from lepton.memory import MemoryObjectStore
from lepton.ports import Blob
from tests.unit.endpoint.packages import publish
from tests.unit.endpoint.wire_world import world

COLUMNS = {"inputs": {"rooms": [1], "area": [1]}}


class _Failing(MemoryObjectStore):
    """Answers every read with this error."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get(self, key: str, *, unless_etag: str | None = None) -> Blob | None:
        raise self._error


@pytest.mark.parametrize(
    ("error", "status", "code", "later"),
    [
        (Throttled("slow down"), 429, "throttled", "1"),
        (Unavailable("no answer in 3 s"), 503, "unavailable", "1"),
        (Forbidden("no permission"), 500, "forbidden", None),
        (ValueError("s3://secret-bucket/key"), 500, "internal_error", None),
    ],
)
def test_a_fault_of_ours_is_told_as_one(error: Exception, status: int, code: str, later: str | None) -> None:
    with world(_Failing(error)) as served:
        reply = served.post("/models/price/invocations", COLUMNS)
    answer = json.loads(reply.body)
    assert (reply.status, answer["code"], reply.headers.get("Retry-After")) == (status, code, later)
    assert isinstance(error, LeptonError) or "secret" not in reply.body.decode()


def test_a_corrupt_graph_is_503_and_a_refused_version_409() -> None:
    with world() as served:
        broken = publish(served.store, "price", bias=7.0)
        served.store.put(lake.package_prefix("price", broken) + "model.onnx", b"junk")
        refused = publish(served.store, "price", bias=8.0, promote=False, passed=False)
        for version, status, code in ((broken, 503, "corrupt_artifact"), (refused, 409, "conflict")):
            given, answer = served.json(f"/v1/models/price/versions/{version}:predict", COLUMNS)
            assert (given, answer["code"]) == (status, code)


def test_a_body_and_an_answer_over_the_limit_are_413() -> None:
    with world() as served:
        assert served.json("/v2/models/price/infer", b" " * 6_000_001)[0] == 413
        rows = {"inputs": {"rooms": [0.1] * 10_001, "area": [0.1] * 10_001}}
        assert served.json("/v1/models/price:predict", rows)[0] == 413
        lines = b'{"rooms":1,"area":1}\n' * 10_001
        assert served.json("/models/price/invocations", lines, content_type="application/jsonlines")[0] == 413


def test_what_nothing_reads_is_415_and_no_route_404_or_405() -> None:
    with world() as served:
        assert served.json("/v1/models/price:predict", b"x", content_type="text/csv")[0] == 415
        assert served.json("/models/price/invocations", b"x", content_encoding="gzip")[0] == 415
        assert served.json("/v2/repository/nothing")[0] == 404
        assert served.json("/v2/health/ready", {})[0] == 405
