"""docs/client.md, block by block in one Python, beside a running cloud; and the page that the cloud gives."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Cloud

BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_every_example_of_the_clients_page_runs(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKID")
    here: dict[str, Any] = {"__name__": "client_page"}
    blocks = BLOCK.findall((ROOT / "docs/client.md").read_text())
    for block in blocks:
        exec(block.replace("http://127.0.0.1:8080", str(cloud.http.base_url).rstrip("/")), here)
    said = capsys.readouterr().out
    assert len(blocks) == 9
    assert (here["done"]["state"], len(here["links"])) == ("done", 1)
    assert set(here["answer"].labels) <= {"Yes", "No"}
    assert here["answer"].ignored == ("customerID", "Churn")
    assert "missing input" in said
    here["client"].close()
    here["signed"].close()


def test_the_page_and_both_documents_come_from_the_cloud(cloud: Cloud) -> None:
    page = cloud.http.get("/docs")
    api = cloud.http.get("/openapi.json").json()
    held = re.search(r'<script id="document" type="application/json">(.*?)</script>', page.text, re.DOTALL)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert held
    assert json.loads(held[1]) == api == json.loads((ROOT / "docs/openapi.json").read_text())
