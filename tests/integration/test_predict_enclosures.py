"""Explanations, decisions and receipts through the real handler: asked for in every way, in every form of an answer."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lepton import lake
from lepton.explanation.png import png
from lepton.receipt.receipt import Kept, Receipt
from lepton.receipt.replay import compared
from tests.integration.enclosed_models import OTHER, ROW, RULES, published, tensors
from tests.integration.predict_cloud import CONTEXT, PredictCloud, predict_cloud, proxy_event
from tests.unit.endpoint.packages import publish
from tests.unit.explanation.models import trained

INFER, INVOKE = "/v2/models/risk/infer", "/models/risk/invocations"
RECORDS = {"dataframe_records": [ROW, OTHER]}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PredictCloud]:
    with predict_cloud(tmp_path_factory.mktemp("models")) as made:
        published(made.lake, "risk", trained("logistic", 2), decisions=RULES)
        published(made.lake, "trees", trained("lightgbm", 3))
        for name in ("churn", "tone"):
            publish(made.lake, name)
        yield made


def inferred(cloud: PredictCloud, model: str = "risk", rows: Any = (ROW,), **parameters: Any) -> dict[str, Any]:
    body = {"inputs": tensors(*rows), "parameters": parameters}
    status, answer = cloud.http("POST", f"/v2/models/{model}/infer", body)
    assert status == 200, answer
    return dict(answer["parameters"])


def raw(cloud: PredictCloud, path: str, body: Any, query: dict[str, str] | None = None, **headers: str) -> Any:
    event = proxy_event("POST", path, json.dumps(body), headers) | {"queryStringParameters": query}
    return cloud.handler.on_http(event, CONTEXT)


def test_an_explanation_is_a_parameter_of_the_protocols_answer(cloud: PredictCloud) -> None:
    told = inferred(cloud, explain=True)["explanation"]
    assert (told["method"], told["exact"], told["reference"]) == (
        "linear",
        True,
        {"kind": "representatives", "rows": 16},
    )
    row = told["rows"][0]
    assert row["value"] == pytest.approx(row["base"] + sum(row["contributions"].values()))
    assert abs(row["residual"]) < 1e-5


def test_trees_are_explained_for_the_class_asked_for(cloud: PredictCloud) -> None:
    told = inferred(cloud, "trees", explain={"class": "c"})["explanation"]
    assert (told["method"], told["rows"][0]["class"], told["rows"][0]["scale"]) == ("trees", "c", "score")
    path = inferred(cloud, "trees", explain={"method": "path", "tree": 1})["explanation"]["rows"][0]
    assert path["steps"]


@pytest.mark.parametrize("query", ["true", "sampled", '{"method": "sampled", "samples": 64}'])
def test_an_explanation_can_be_asked_for_in_the_query(cloud: PredictCloud, query: str) -> None:
    answer = json.loads(raw(cloud, INVOKE, RECORDS, {"explain": query})["body"])
    assert [len(row["contributions"]) for row in answer["explanation"]["rows"]] == [5, 5]


def test_an_old_package_is_explained_by_sampling(cloud: PredictCloud) -> None:
    rows = [{"age": 30.0, "plan": "pro", "calls": 4.0}]
    told = inferred(cloud, "churn", rows, explain=True)["explanation"]
    assert (told["method"], told["exact"], told["reference"]["kind"]) == ("sampled", True, "blank")
    assert abs(told["rows"][0]["residual"]) < 1e-6


def test_an_image_gets_a_heat_map(cloud: PredictCloud) -> None:
    data = [10] * 32 + [250] * 32
    body = {"inputs": [{"name": "image", "shape": [1, 8, 8, 1], "datatype": "UINT8", "data": data}]}
    status, answer = cloud.http("POST", "/v2/models/tone/infer", body | {"parameters": {"explain": True}})
    assert status == 200
    told = answer["parameters"]["explanation"]
    heatmap = told["rows"][0]["heatmap"]
    assert (told["method"], told["runs"], heatmap["media"], heatmap["width"]) == ("occlusion", 2, "image/png", 112)
    assert len(heatmap["grid"]) == 8


def test_an_image_file_is_explained_by_the_query(cloud: PredictCloud) -> None:
    body = png(np.full((8, 8, 1), 200, dtype=np.uint8))
    event = proxy_event("POST", "/v2/models/tone/infer", base64.b64encode(body).decode(), {"Content-Type": "image/png"})
    status, answer = cloud.answer(event | {"isBase64Encoded": True, "queryStringParameters": {"explain": "sampled"}})
    assert (status, answer["parameters"]["explanation"]["method"]) == (200, "sampled")


@pytest.mark.parametrize(
    ("explain", "pointer"),
    [
        (3, "/parameters/explain"),
        ({"metod": "sampled"}, "/parameters/explain/metod"),
        ({"method": "occlusion"}, "/parameters/explain/method"),
        ({"method": "magic"}, "/parameters/explain/method"),
        ({"class": "z"}, "/parameters/explain/class"),
        ({"output": "label"}, "/parameters/explain/output"),
        ({"samples": 1e9}, "/parameters/explain/samples"),
        ({"budget_ms": True}, "/parameters/explain/budget_ms"),
    ],
)
def test_what_cannot_be_explained_is_refused_with_its_place(cloud: PredictCloud, explain: Any, pointer: str) -> None:
    body = {"inputs": tensors(ROW), "parameters": {"explain": explain}}
    status, answer = cloud.http("POST", INFER, body)
    assert (status, answer["pointer"]) == (400, pointer)


def test_an_explanation_has_no_place_in_csv(cloud: PredictCloud) -> None:
    assert raw(cloud, INVOKE, RECORDS, {"explain": "true"}, Accept="text/csv")["statusCode"] == 406


def test_more_rows_than_are_explained_are_413(cloud: PredictCloud) -> None:
    body = {"inputs": tensors(*[ROW] * 101), "parameters": {"explain": True}}
    assert cloud.http("POST", INFER, body)[0] == 413


def test_every_answer_of_a_model_with_rules_carries_a_decision_for_each_row(cloud: PredictCloud) -> None:
    decided = inferred(cloud, rows=(ROW, OTHER | {"age": None}, OTHER))["decisions"]
    assert [one["rule"] for one in decided[1:]] == ["old-and-unsure", "otherwise"]
    assert decided[1] == {"decision": "write", "reason": "age over 60 or unknown", "rule": "old-and-unsure"}


def test_a_decision_needs_no_output_that_was_asked_for(cloud: PredictCloud) -> None:
    body = {"inputs": tensors(ROW), "outputs": [{"name": "label"}]}
    assert cloud.http("POST", INFER, body)[1]["parameters"]["decisions"] == inferred(cloud)["decisions"]


@pytest.mark.parametrize("media", ["text/csv", "application/jsonlines"])
def test_decisions_are_columns_where_rows_are_lines(cloud: PredictCloud, media: str) -> None:
    lines = raw(cloud, INVOKE, RECORDS, Accept=media)["body"].splitlines()
    assert all("decision" in line for line in lines) or lines[0].endswith("decision,reason,rule")
    assert "otherwise" in lines[-1]


def test_a_receipt_says_what_made_the_answer(cloud: PredictCloud) -> None:
    receipt = Receipt.model_validate(inferred(cloud, receipt=True)["receipt"])
    assert receipt.id == f"{receipt.version}-request-1"
    assert (receipt.alias, receipt.generation) == ("live", 1)
    assert min(receipt.timings.model_dump().values()) >= 0
    assert receipt.cost.memory_mb == 1769
    assert receipt.cost.usd > 0


@pytest.mark.parametrize("media", ["application/json", "text/csv"])
def test_a_receipt_by_header_is_named_in_a_header(cloud: PredictCloud, media: str) -> None:
    answer = raw(cloud, INVOKE, RECORDS, Accept=media, X_Lepton_Receipt="1")
    assert answer["multiValueHeaders"]["X-Lepton-Receipt"][0].endswith("-request-1")
    assert raw(cloud, INVOKE, RECORDS, Accept=media)["multiValueHeaders"].get("X-Lepton-Receipt") is None


def test_the_same_values_have_the_same_digests_whatever_way_they_came(cloud: PredictCloud) -> None:
    by_protocol = inferred(cloud, rows=(ROW, OTHER), receipt=True)["receipt"]
    by_records = json.loads(raw(cloud, INVOKE, RECORDS | {"parameters": {"receipt": True}})["body"])["receipt"]
    assert [by_protocol[part] for part in ("input", "output")] == [by_records[part] for part in ("input", "output")]
    assert by_protocol["input"] != inferred(cloud, rows=(OTHER, ROW), receipt=True)["receipt"]["input"]


def test_a_kept_receipt_can_be_read_and_played_again_bit_for_bit(cloud: PredictCloud) -> None:
    row = OTHER | {"age": None, "fee": 0.1, "town": "Ö"}
    answer = json.loads(raw(cloud, INVOKE, {"dataframe_records": [row]}, {"receipt": "store"})["body"])
    then = Receipt.model_validate(answer["receipt"])
    status, body = cloud.http("GET", f"/models/risk/receipts/{then.id}")
    kept = Kept.model_validate(body)
    assert (status, kept.receipt) == (200, then)
    again = kept.request | {"parameters": {"receipt": True}}
    _, answer = cloud.http("POST", f"/v2/models/risk/versions/{then.version}/infer", again)
    now = Receipt.model_validate(answer["parameters"]["receipt"])
    assert compared(then, now).verdict == "identical, bit for bit"
    assert (now.alias, now.generation) == (None, None)


def test_a_receipt_is_kept_once(cloud: PredictCloud) -> None:
    first = inferred(cloud, "trees", receipt="store")["receipt"]
    inferred(cloud, "trees", rows=(OTHER,), receipt="store")
    assert cloud.http("GET", f"/models/trees/receipts/{first['id']}")[1]["receipt"] == first


def test_a_receipt_that_is_not_there_is_404_and_one_that_cannot_be_is_400(cloud: PredictCloud) -> None:
    assert cloud.http("GET", "/models/risk/receipts/000000000000-x")[0] == 404
    assert cloud.http("GET", "/models/risk/receipts/latest")[0] == 400
    body = {"inputs": tensors(ROW), "parameters": {"receipt": "always"}}
    assert cloud.http("POST", INFER, body)[1]["pointer"] == "/parameters/receipt"


def test_a_file_beside_the_graph_that_was_changed_is_not_believed(cloud: PredictCloud) -> None:
    version = published(cloud.lake, "torn", trained("linear", 0), algorithm="linear", task="regression")
    cloud.lake.put(lake.package_prefix("torn", version) + "explain.json", b"{}")
    body = {"inputs": tensors(ROW), "parameters": {"explain": True}}
    assert cloud.http("POST", "/v2/models/torn/infer", body)[:1] == (503,)
    assert cloud.http("POST", "/v2/models/torn/infer", {"inputs": tensors(ROW)})[0] == 200


def test_an_answer_that_comes_later_has_its_enclosures_too(cloud: PredictCloud) -> None:
    body = {"inputs": tensors(ROW), "parameters": {"explain": True, "receipt": "store"}}
    answer = raw(cloud, INFER, body, Prefer="respond-async")
    assert answer["statusCode"] == 202
    assert cloud.transform(*[entry.key for entry in cloud.landing.list("predict-in/")]) == []
    status, told = cloud.http("GET", json.loads(answer["body"])["path"] + "/result")
    assert (status, told["parameters"].keys()) == (200, {"decisions", "explanation", "receipt"})
    assert cloud.http("GET", f"/models/risk/receipts/{told['parameters']['receipt']['id']}")[0] == 200
