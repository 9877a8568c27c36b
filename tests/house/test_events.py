"""Golden events: each is what Lambda would hand over, and each is used by a test."""

import json
from pathlib import PurePath
from typing import Any

import pytest

from tests.house.repository import functions, modules, text, tracked

GOLDEN = tuple(path for path in tracked() if path.startswith("events/") and path.endswith(".json"))
EVENTS = tuple(path for path in GOLDEN if not path.endswith(".expected.json"))
ENTRIES = sorted({(it["CodeUri"].removeprefix("functions/"), it["Handler"]) for it in functions().values()})


def _shape(event: dict[str, Any]) -> str:
    """Which kind of caller hands over an event like this one."""
    if "Records" in event:
        return "aws:sqs"
    return "http" if "httpMethod" in event else str(event.get("detail-type"))


def _caller(folder: str, handler: str) -> str:
    """Which kind of caller the template connects an entry point to."""
    (it,) = [it for it in functions().values() if (it["CodeUri"], it["Handler"]) == (f"functions/{folder}", handler)]
    event = next(iter(it["Events"].values()))
    pattern = event["Properties"].get("Pattern", {"detail-type": ["Scheduled Event"]})
    return {"Api": "http", "SQS": "aws:sqs"}.get(event["Type"], pattern["detail-type"][0])


@pytest.mark.parametrize("path", GOLDEN)
def test_a_golden_file_is_json(path: str) -> None:
    assert json.loads(text(path))


@pytest.mark.parametrize(("folder", "handler"), ENTRIES)
def test_every_entry_point_has_a_golden_event(folder: str, handler: str) -> None:
    shapes = {_shape(json.loads(text(path))) for path in EVENTS if path.startswith(f"events/{folder}/")}
    assert _caller(folder, handler) in shapes


@pytest.mark.parametrize("path", GOLDEN)
def test_every_golden_file_is_used_by_a_test(path: str) -> None:
    folder, stem = PurePath(path).parts[1], PurePath(path).name.split(".")[0]
    tests = [text(module) for module in modules("tests/") if "tests/house/" not in module]
    assert any(
        f'"{stem}' in it or f"/{stem}.json" in it or (folder in it and "events" in it and "glob(" in it) for it in tests
    )


def test_an_expected_answer_lies_beside_its_event() -> None:
    expected = {path.replace(".expected.json", ".json") for path in GOLDEN if path.endswith(".expected.json")}
    assert expected - set(EVENTS) == set()
