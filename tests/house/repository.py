"""The repository as the house tests see it: its files, and its templates as values."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).parents[2]
FUNCTIONS = ("ingest", "train_trigger", "predict", "scale_advisor")
PRODUCT = ("layers/", "functions/", "trainer/", "devcloud/", "cli/")


@cache
def tracked() -> tuple[str, ...]:
    """Paths of all files that are, or would be, committed."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    return tuple(sorted(path for path in listed.split("\0") if path and (ROOT / path).is_file()))


def modules(*folders: str) -> tuple[str, ...]:
    return tuple(path for path in tracked() if path.endswith(".py") and path.startswith(folders))


def text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def documents() -> dict[str, str]:
    return {path: text(path) for path in tracked() if path.endswith(".md")}


@cache
def template(path: str = "template.yaml") -> dict[str, Any]:
    """A template as a value, its short tags (`!Ref x`) as their long forms (`{"Ref": "x"}`)."""
    return dict(yaml_parse(text(path)))


def nested() -> dict[str, str]:
    """Logical id of each nested stack, and the path of its template."""
    stacks = of_type(template(), "AWS::CloudFormation::Stack")
    return {name: stack["Properties"]["TemplateURL"] for name, stack in stacks.items()}


def of_type(document: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: it for name, it in document["Resources"].items() if it["Type"] == kind}


def functions() -> dict[str, dict[str, Any]]:
    """Properties of each function of the root template."""
    return {name: it["Properties"] for name, it in of_type(template(), "AWS::Serverless::Function").items()}


def pins(path: str) -> dict[str, set[str]]:
    """The versions that a lock names for each package (more than one where markers divide them)."""
    found: dict[str, set[str]] = {}
    for name, version in re.findall(r"^([a-z0-9_.-]+)==(\S+)", text(path), re.MULTILINE):
        found.setdefault(name, set()).add(version)
    return found
