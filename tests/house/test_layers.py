"""What is deployed is what is tested: the same pins, and the descriptions of every service that is spoken to."""

import re

import pytest

from lepton.aws import clients
from tests.house.repository import functions, pins, template, text

LAYERS = ("runtime", "lean", "inference", "tables", "images")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_pins_what_the_tests_run_with(layer: str) -> None:
    tested, deployed = pins("requirements/dev.lock"), pins(f"layers/{layer}/requirements.txt")
    assert deployed
    assert {name: tested.get(name) for name in deployed} == deployed


@pytest.mark.parametrize("lock", ["trainer/requirements.txt", "requirements/cli.lock"])
def test_the_trainer_and_the_cli_pin_what_the_tests_run_with(lock: str) -> None:
    tested, deployed = pins("requirements/dev.lock"), pins(lock)
    assert deployed
    assert {name: tested.get(name) for name in deployed} == deployed


@pytest.mark.parametrize("lock", ["requirements/dev.lock", "requirements/sam.lock"])
def test_every_pin_carries_its_hashes(lock: str) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", text(lock).strip())
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_runtime_layer_keeps_the_description_of_every_service_that_is_spoken_to() -> None:
    kept = re.search(r"^services := (.*)$", text("layers/runtime/Makefile"), re.MULTILINE)
    spoken = set(re.findall(r"boto3\.client\(\"([a-z0-9-]+)\"", text(str(clients.__file__))))
    assert kept
    assert spoken
    assert spoken <= set(kept[1].split())


@pytest.mark.parametrize("layer", LAYERS)
def test_a_layer_is_built_by_default_for_the_runtime_that_is_deployed_by_default(layer: str) -> None:
    runtime = template()["Parameters"]["PythonRuntime"]["Default"]
    assert f"$(or $(LEPTON_PYTHON),{runtime.removeprefix('python')})" in text(f"layers/{layer}/Makefile")
    assert f"RUNTIME ?= {runtime}\n" in text("Makefile")


def test_every_function_has_our_code_and_the_runtime_first() -> None:
    first = {name: [layer["Ref"] for layer in it["Layers"][:2]] for name, it in functions().items()}
    predict = first.pop("PredictFunction")
    assert predict == ["CoreLayer", "LeanLayer"]
    assert {name for name, layers in first.items() if layers != ["CoreLayer", "RuntimeLayer"]} == set()
