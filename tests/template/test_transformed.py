"""What CloudFormation gets to see: the template after SAM's transformation, which linters see far more of."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from cfnlint import ManualArgs, lint
from cfnlint.core import get_rules
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from tests.house.repository import ROOT, nested

REGION = "us-east-1"


def _transformed() -> dict[str, Any]:
    """template.yaml in plain CloudFormation, as if `sam package` had uploaded code and nested templates."""
    document = yaml_parse((ROOT / "template.yaml").read_text())
    for resource in document["Resources"].values():
        for key in {"CodeUri", "ContentUri"} & set(resource["Properties"]):
            resource["Properties"][key] = "s3://placeholder/code.zip"
        if "TemplateURL" in resource["Properties"]:
            resource["Properties"]["TemplateURL"] = f"https://s3.{REGION}.amazonaws.com/placeholder/nested.yaml"
    parameters = {name: str(it.get("Default", "")) for name, it in document["Parameters"].items()}
    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    return dict(Translator({}, Parser()).translate(document, parameters))


def _complaints(text: str) -> list[str]:
    rules = get_rules([], [], ["W", "E"], {}, False)
    found = lint(text, rules=rules, regions=[REGION, "eu-central-1"], config=ManualArgs())
    return [f"{one.rule.id} {one.message} at line {one.linenumber}" for one in found]


def test_the_transformed_template_has_nothing_to_complain_about() -> None:
    assert _complaints(json.dumps(_transformed(), indent=1, default=str)) == []


@pytest.mark.parametrize("path", sorted(nested().values()))
def test_a_nested_template_has_nothing_to_complain_about(path: str) -> None:
    assert _complaints(Path(ROOT / path).read_text()) == []


def test_the_linter_does_complain() -> None:
    broken = _transformed()
    broken["Resources"]["PredictFunction"]["Properties"]["Timeout"] = "long"
    assert _complaints(json.dumps(broken, default=str)) != []


def test_every_method_of_the_api_wants_a_signature() -> None:
    paths = _transformed()["Resources"]["Api"]["Properties"]["Body"]["paths"]
    methods = [method for path in paths.values() for name, method in path.items() if name != "options"]
    assert len(methods) >= 30
    assert [method for method in methods if method["security"] != [{"AWS_IAM": []}]] == []


def test_no_role_is_made_that_we_did_not_write() -> None:
    kinds = [it["Type"] for it in _transformed()["Resources"].values()]
    assert "AWS::IAM::Role" not in kinds
    assert kinds.count("AWS::Lambda::Function") == 10
