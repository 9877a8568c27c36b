"""What the documents take from the code is what the code says, and what they tell people to type would be taken."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import BaseModel

from cli import reference
from lepton.capacity.request import AdviceRequest
from lepton.dataset.manifest import UploadReceipt
from lepton.registry import Alias
from lepton.training.run import RunState
from lepton.training.spec import parse_spec
from tests.house.repository import ROOT, documents, text

FENCED = re.compile(r"^```(\w*)\n(.*?)^```", re.DOTALL | re.MULTILINE)
BLOCKS = [(page, language, body) for page, it in documents().items() for language, body in FENCED.findall(it)]
JSON = [(page, body) for page, language, body in BLOCKS if language == "json"]
SPECS = sorted((ROOT / "examples/specs").glob("*.yaml"))


def _lines() -> list[tuple[str, list[str]]]:
    """(page, words) of every `lepton …` line in a shell block; continued lines joined, comments left out."""
    shell = [
        (page, body.replace("\\\n", " ")) for page, language, body in BLOCKS if language in ("sh", "bash", "console")
    ]
    lines = [(page, line.strip().removeprefix("$ ")) for page, body in shell for line in body.splitlines()]
    return [(page, shlex.split(line, comments=True)) for page, line in lines if line.startswith("lepton ")]


def _leaf(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words name, and what is left of them."""
    command: Any = typer.main.get_command(reference.app)
    while words and words[0] in getattr(command, "commands", {}):
        command, words = command.commands[words[0]], words[1:]
    return command, words


@pytest.mark.parametrize("path", sorted(reference.files()), ids=lambda path: path.name)
def test_a_page_says_what_the_code_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == reference.files()[path], "run: python -m cli.reference"


def test_no_schema_is_left_of_an_event_that_is_gone() -> None:
    assert {path for path in (ROOT / "docs/events").iterdir() if path not in reference.files()} == set()


def test_every_command_has_its_section() -> None:
    sections = set(re.findall(r"^## (lepton.*)$", text("docs/cli.md"), re.MULTILINE))
    assert sections == {words for words, _, _ in reference.commands()}


@pytest.mark.parametrize(("page", "words"), _lines(), ids=lambda it: it if isinstance(it, str) else " ".join(it)[:50])
def test_a_command_in_the_documents_would_be_taken_with_all_its_options(page: str, words: list[str]) -> None:
    command, rest = _leaf(words[1:])
    assert command.name != "lepton", f"{page}: {words} names no command"
    assert command.make_context(command.name, rest, resilient_parsing=False) is not None


def test_there_are_commands_to_look_at() -> None:
    assert len(_lines()) > 15


@pytest.mark.parametrize(("page", "body"), JSON, ids=[f"{page}-{number}" for number, (page, _) in enumerate(JSON)])
def test_a_json_sample_is_json(page: str, body: str) -> None:
    assert json.loads(body), page


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_an_example_spec_is_one_that_the_planner_takes(path: Path) -> None:
    spec = parse_spec(path.read_text(encoding="utf-8"))
    assert spec.model == path.stem
    assert spec.parameters()


def test_the_spec_in_the_documents_is_one_that_is_taken() -> None:
    shown = [body for page, language, body in BLOCKS if language == "yaml" and page == "docs/training-spec.md"]
    assert [parse_spec(body).model for body in shown] == ["telco-churn"]


def test_every_route_of_the_template_is_in_the_documents_and_no_other() -> None:
    source = re.findall(r"Method: (\w+), Path: \"?(/[^\" ]*)\"? ", text("template.yaml"))
    rows = re.findall(r"^\| (GET|POST|PUT|DELETE) \| (.*?) \|", text("docs/http-api.md"), re.MULTILINE)
    told = {(method, path) for method, cell in rows for path in re.findall(r"`(/[^`]*)`", cell)}
    ready = {("GET", path) for _, path in source if path.endswith("/ready") and "{model}" in path}
    assert source
    assert told | ready == set(source)


@pytest.mark.parametrize("folder", ["telco-churn", "mnist-digits", "llm-traffic"])
def test_shipped_data_is_what_its_readme_says(folder: str) -> None:
    page = text(f"examples/data/{folder}/README.md")
    files = [path for path in (ROOT / "examples/data" / folder).iterdir() if path.suffix in (".csv", ".zip")]
    assert files
    assert "Licence:" in page
    assert [path.name for path in files if hashlib.sha256(path.read_bytes()).hexdigest() not in page] == []


def test_torch_has_the_same_version_wherever_it_is_asked_for() -> None:
    pages = ("Makefile", "trainer/Dockerfile", "requirements/README.md")
    assert len({version for page in pages for version in re.findall(r"torch==([\d.]*\d)", text(page))}) == 1
    assert all("torch==" in text(page) for page in pages)


@pytest.mark.parametrize(
    ("field", "model"),
    [("state", UploadReceipt), ("progress", RunState), ("history", Alias), ("service_seconds", AdviceRequest)],
)
def test_a_sample_of_the_http_page_is_one_that_the_api_could_give(field: str, model: type[BaseModel]) -> None:
    samples = [json.loads(body) for page, body in JSON if page == "docs/http-api.md"]
    found = [one for one in samples if field in one and (field != "state" or "upload" in one)]
    assert found
    assert all(model.model_validate(one) for one in found)
