"""What `sam build` made: small enough for Lambda, and whole enough to import."""

import os
import subprocess
import sys
from importlib.util import cache_from_source
from pathlib import Path

import pytest

from tests.house.repository import ROOT, functions, template

MIB = 2**20
LAMBDA_LIMIT, PREDICT = 250 * MIB, 90 * MIB
DEPLOYED = ROOT / "build/sam" / template()["Parameters"]["PythonRuntime"]["Default"]
LOCAL = ROOT / "build/sam" / "python{}.{}".format(*sys.version_info)
# What each library is imported as; the first call makes it load what it loads late.
WORKS = """
import lepton.http_api, lepton.aws.clients as clients, yaml
lepton.http_api.resolver()
made = [getattr(clients, name)() for name in ("s3", "batch", "eventbridge", "cloudwatch", "autoscaling")]
assert made[0].generate_presigned_post("bucket", "key")
"""
# Predictions have Lambda's own boto3 for the little that needs one.
LEAN = "import lepton.aws.stores, lepton.endpoint.routes_infer, lepton.observability, pydantic\n"
INFERENCE = """
import numpy, orjson
from lepton.endpoint import native
numpy.linalg.inv(numpy.eye(2)); numpy.random.default_rng(1).normal(); numpy.testing; native.environment()
"""
TABLES = "import duckdb; assert duckdb.sql('select 1').fetchall() == [(1,)]\n"
IMAGES = "import io, PIL.Image; PIL.Image.new('L', (2, 2)).save(io.BytesIO(), 'png'); PIL.Image.init()\n"


def _folders(function: str, built: Path) -> list[Path]:
    return [
        ROOT / functions()[function]["CodeUri"],
        *(built / layer["Ref"] for layer in functions()[function]["Layers"]),
    ]


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _run(function: str, code: str) -> str:
    """Runs code with what the function will find in Lambda, and nothing else."""
    path = os.pathsep.join(str(folder / "python") for folder in _folders(function, LOCAL))
    isolated = {
        "PYTHONPATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    keys = {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    interpreter = getattr(sys, "_base_executable", sys.executable)
    command = [interpreter, "-S", "-c", code]
    return subprocess.run(command, env={**isolated, **keys}, capture_output=True, text=True, check=False).stderr


@pytest.mark.parametrize("function", functions())
def test_a_function_fits_into_lambda(function: str) -> None:
    assert sum(map(_size, _folders(function, DEPLOYED))) < LAMBDA_LIMIT


def test_predict_is_far_smaller_than_it_may_be() -> None:
    sizes = {folder.name: round(_size(folder) / MIB, 1) for folder in _folders("PredictFunction", DEPLOYED)}
    assert sum(sizes.values()) * MIB < PREDICT, sizes


@pytest.mark.parametrize(
    "layer", ["CoreLayer", "RuntimeLayer", "LeanLayer", "InferenceLayer", "TablesLayer", "ImagesLayer"]
)
def test_a_layer_holds_what_lambda_mounts(layer: str) -> None:
    assert [entry.name for entry in (DEPLOYED / layer).iterdir()] == ["python"]


@pytest.mark.parametrize("layer", ["CoreLayer", "LeanLayer"])
def test_what_was_built_for_this_python_is_compiled_once_and_for_all(layer: str) -> None:
    sources = [file for file in (LOCAL / layer).rglob("*.py") if "__pycache__" not in file.parts]
    compiled = {source: Path(cache_from_source(str(source))) for source in sources}
    assert {source for source, cache in compiled.items() if not cache.exists()} == set()
    flags = {int.from_bytes(cache.read_bytes()[4:8], "little") for cache in compiled.values()}
    assert flags == {1}  # by hash, and the hash not looked at


def test_the_layers_are_built_for_the_runtime_and_not_for_this_machine() -> None:
    version = DEPLOYED.name.removeprefix("python").replace(".", "")
    compiled = [file.name for file in (DEPLOYED / "InferenceLayer").rglob("*.cpython-*.so")]
    assert compiled
    assert [name for name in compiled if f"cpython-{version}-x86_64" not in name] == []


@pytest.mark.parametrize(
    ("function", "code"),
    [
        ("IngestFunction", WORKS + TABLES + IMAGES),
        ("TrainTriggerFunction", WORKS),
        ("PredictFunction", LEAN + INFERENCE + IMAGES),
        ("TransformFunction", WORKS + INFERENCE + TABLES),
        ("ScaleAdvisorFunction", WORKS + INFERENCE),
    ],
)
def test_what_a_function_needs_works_from_its_layers_alone(function: str, code: str) -> None:
    assert _run(function, code) == ""


@pytest.mark.parametrize("function", functions())
def test_a_handler_is_imported_from_its_layers_alone(function: str) -> None:
    handler = ROOT / functions()[function]["CodeUri"] / "handler.py"
    entry = functions()[function]["Handler"].removeprefix("handler.")
    assert _run(function, f"import runpy; runpy.run_path({str(handler)!r})[{entry!r}]") == ""
