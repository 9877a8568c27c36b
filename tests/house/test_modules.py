"""Modules are short, named after things, and silent."""

import ast
from pathlib import PurePath

import pytest

from tests.house.repository import FUNCTIONS, PRODUCT, modules, text

NAMELESS = {"utils", "util", "common", "helpers", "helper", "base", "manager", "misc"}
EVERYTHING = modules(*PRODUCT, "tests/", "examples/", "benchmarks/")


def test_no_module_is_longer_than_250_lines() -> None:
    long = {path: lines for path in EVERYTHING if (lines := len(text(path).splitlines())) > 250}
    assert long == {}, "look for the second noun"


def test_every_module_is_named_after_a_thing() -> None:
    assert [path for path in EVERYTHING if NAMELESS & {PurePath(path).stem, *PurePath(path).parts[:-1]}] == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_is_at_most_forty_lines(function: str) -> None:
    assert len(text(f"functions/{function}/handler.py").splitlines()) <= 40


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_is_one_handler_and_nothing_else(function: str) -> None:
    assert modules(f"functions/{function}/") == (f"functions/{function}/handler.py",)


def test_what_is_deployed_or_installed_never_prints() -> None:
    product = modules("layers/", "functions/", "trainer/", "cli/")
    assert [path for path in product if "print" in _calls(path)] == []


def test_no_test_patches_what_it_tests() -> None:
    patching = {"mock.patch", "patch.object", "monkeypatch.setattr"}
    assert [path for path in modules("tests/") if patching & _calls(path)] == []


def _calls(path: str) -> set[str]:
    """What a module calls by name, with the last two steps of dotted names."""
    calls = [node.func for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.Call)]
    return {".".join(ast.unparse(call).split(".")[-2:]) for call in calls}
