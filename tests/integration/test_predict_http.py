"""The edges of the HTTP surface: media types, sizes, encodings, limits, and what is imported when."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.predict_cloud import CONTEXT, ROOT, PredictCloud, predict_cloud, proxy_event
from tests.unit.endpoint.packages import publish

INFER, INVOKE = "/v2/models/price/infer", "/models/price/invocations"
TENSORS = [{"name": name, "shape": [1, 1], "datatype": "FP32", "data": [1]} for name in ("rooms", "area")]


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path_factory.mktemp("models")) as made:
        for name in ("churn", "price", "tone"):
            publish(made.lake, name)
        yield made


def refusal(cloud: PredictCloud, path: str, body: Any, **headers: str) -> tuple[int, str]:
    status, answer = cloud.http("POST", path, body, **headers)
    assert answer["error"]
    assert answer["request_id"]
    return status, answer["code"]


@pytest.mark.parametrize("media", ["application/json", "Application/JSON; charset=utf-8", "application/vnd.x+json"])
def test_json_is_read_under_all_its_names(cloud: PredictCloud, media: str) -> None:
    status, body = cloud.http("POST", INFER, {"inputs": TENSORS}, Content_Type=media)
    assert (status, body["outputs"][0]["data"]) == (200, [12.0])


def test_header_names_are_read_in_any_case(cloud: PredictCloud) -> None:
    event = proxy_event("POST", INVOKE, "rooms,area\n1,1\n", {"content-TYPE": "text/csv"})
    assert cloud.answer(event)[0] == 200


@pytest.mark.parametrize(
    ("path", "media"),
    [
        (INFER, "text/csv"),
        (INFER, "application/x-www-form-urlencoded"),
        (INFER, "application/octet-stream"),
        (INFER, "image/png"),
        (INVOKE, "image/gif"),
        (INVOKE, "text/plain"),
        (INVOKE, "text/csv; charset=klingon"),
    ],
)
def test_a_media_type_that_nothing_reads_is_415(cloud: PredictCloud, path: str, media: str) -> None:
    assert refusal(cloud, path, "x", Content_Type=media) == (415, "unsupported_media_type")


def test_a_compressed_body_is_415(cloud: PredictCloud) -> None:
    assert refusal(cloud, INFER, "x", Content_Encoding="gzip")[0] == 415


def test_a_caller_that_takes_no_json_is_406(cloud: PredictCloud) -> None:
    assert refusal(cloud, INFER, {"inputs": TENSORS}, Accept="text/csv, image/*;q=0.5") == (406, "not_acceptable")


def test_a_body_over_the_limit_is_413(cloud: PredictCloud) -> None:
    assert refusal(cloud, INFER, "[" + "0," * 3_000_001 + "0]") == (413, "too_large")


def test_an_answer_over_the_limit_is_413_and_not_cut(cloud: PredictCloud) -> None:
    rows = {"rooms": [0.1] * 10_000, "area": [0.1] * 10_000}
    assert cloud.http("POST", INVOKE, {"inputs": rows})[0] == 200
    rows = {name: [*cells, 0.1] for name, cells in rows.items()}
    assert refusal(cloud, INVOKE, {"inputs": rows}) == (413, "too_large")


def test_base64_that_is_none_is_400(cloud: PredictCloud) -> None:
    event = proxy_event("POST", "/v2/models/tone/infer", "%%%", {"Content-Type": "image/png"}) | {
        "isBase64Encoded": True
    }
    status, body = cloud.answer(event)
    assert (status, body["code"]) == (400, "invalid_request")


def test_json_that_arrives_in_base64_is_read(cloud: PredictCloud) -> None:
    text = base64.b64encode(json.dumps({"inputs": TENSORS}).encode()).decode()
    assert cloud.answer(proxy_event("POST", INFER, text) | {"isBase64Encoded": True})[0] == 200


def test_csv_is_read_in_the_charset_it_names(cloud: PredictCloud) -> None:
    text = base64.b64encode("rooms,area,größe\n1,1,x\n".encode("latin-1")).decode()
    headers = {"Content-Type": "text/csv; charset=ISO-8859-1"}
    status, body = cloud.answer(proxy_event("POST", INVOKE, text, headers) | {"isBase64Encoded": True})
    assert (status, body["ignored_columns"]) == (200, ["größe"])


def test_a_body_for_another_model_is_refused(cloud: PredictCloud) -> None:
    status, body = cloud.http("POST", INFER, {"inputs": TENSORS, "model_name": "churn"})
    assert (status, body["pointer"]) == (400, "/model_name")
    assert cloud.http("POST", INFER, {"inputs": TENSORS, "model_name": "price"})[0] == 200


def test_a_figure_that_json_cannot_carry_is_null(cloud: PredictCloud) -> None:
    tensors = [one | {"data": [3e38]} for one in TENSORS]
    status, body = cloud.http("POST", INFER, {"inputs": tensors})
    assert (status, body["outputs"][0]["data"]) == (200, [None])


@pytest.mark.parametrize("path", ["/v2/models/Price/infer", "/models/a_b/invocations"])
def test_a_name_that_cannot_be_one_is_400(cloud: PredictCloud, path: str) -> None:
    assert refusal(cloud, path, {"inputs": TENSORS}) == (400, "invalid_request")


def test_a_version_that_cannot_be_one_is_not_found(cloud: PredictCloud) -> None:
    assert refusal(cloud, "/v2/models/price/versions/1/infer", {"inputs": TENSORS}) == (404, "not_found")


def test_an_answer_names_model_and_version_in_body_and_header(cloud: PredictCloud) -> None:
    answer = cloud.handler.on_http(proxy_event("POST", INFER, json.dumps({"inputs": TENSORS})), CONTEXT)
    body = json.loads(answer["body"])
    assert body["model_name"] == "price"
    assert answer["multiValueHeaders"]["X-Lepton-Model-Version"] == [body["model_version"]]


def test_half_a_surrogate_pair_breaks_nothing(cloud: PredictCloud, capsys: pytest.CaptureFixture[str]) -> None:
    assert refusal(cloud, INFER, {"inputs": TENSORS, "\ud800": 1}) == (400, "invalid_request")
    assert refusal(cloud, INFER, {"inputs": [TENSORS[0] | {"name": "\ud800"}]}) == (400, "invalid_request")
    status, body = cloud.http("POST", INFER, {"inputs": TENSORS, "id": "\ud800"})
    assert (status, body["id"]) == (200, "\ud800")
    assert "Traceback" not in capsys.readouterr().err


PROBE = """
import sys, importlib.util
spec = importlib.util.spec_from_file_location("handler", sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
heavy = {"numpy", "onnxruntime", "duckdb", "PIL", "boto3", "botocore.session", "pandas", "aws_xray_sdk"}
print(sorted(heavy & set(sys.modules)))
import lepton.endpoint.serving, lepton.endpoint.routes
print(sorted(heavy & set(sys.modules)))
"""


def test_importing_the_handler_and_wiring_it_loads_nothing_heavy() -> None:
    handler = str(ROOT / "functions/predict/handler.py")
    out = subprocess.run([sys.executable, "-c", PROBE, handler], capture_output=True, text=True, check=True)
    assert out.stdout.splitlines() == ["[]", "[]"]


def test_nothing_is_read_from_the_environment_at_import(tmp_path: Path) -> None:
    code = PROBE.split("heavy", maxsplit=1)[0]
    handler = str(ROOT / "functions/predict/handler.py")
    bare = {"PATH": "/usr/bin:/bin"}
    subprocess.run([sys.executable, "-c", code, handler], env=bare, cwd=tmp_path, check=True)
