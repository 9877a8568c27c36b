"""`python -m trainer` on images: the graph that it makes, and what killing it in the middle changes (nothing)."""

from __future__ import annotations

import io
import signal
import subprocess
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import onnxruntime
import pytest
from PIL import Image

from lepton.dataset.manifest import DatasetManifest
from lepton.errors import NotFound
from lepton.lake import run_prefix
from lepton.training.run import RunState
from tests.integration.trainer_lake import DATA, TrainerLake, trainer_lake

SLOW_STEPS = {"epochs": 3, "batch_size": 4, "width": 8}


@pytest.fixture(scope="module")
def lake() -> Iterator[TrainerLake]:
    with trainer_lake() as made:
        yield made


@pytest.fixture(scope="module")
def digits(lake: TrainerLake) -> DatasetManifest:
    return lake.digits("digits", each=60)


def submitted(lake: TrainerLake, digits: DatasetManifest, **more: Any) -> str:
    return lake.submit(digits, model="digits", task="image_classification", hyperparameters=SLOW_STEPS, **more)


@pytest.fixture(scope="module")
def undisturbed(lake: TrainerLake, digits: DatasetManifest) -> RunState:
    run = submitted(lake, digits)
    code, printed = lake.train(run)
    assert code == 0, printed
    return lake.runs.state(run)


def five() -> np.ndarray[Any, Any]:
    """A digit of class 5 as the wire takes it: uint8 (1, 28, 28, 1)."""
    import zipfile

    with zipfile.ZipFile(DATA / "mnist-digits" / "mnist-digits.zip") as archive:
        name = sorted(name for name in archive.namelist() if name.startswith("digits/5/"))[-1]
        image = Image.open(io.BytesIO(archive.read(name)))
        return np.asarray(image, dtype=np.uint8).reshape(1, 28, 28, 1)


def test_the_graph_takes_pixels_and_names_the_class(lake: TrainerLake, undisturbed: RunState) -> None:
    manifest, graph = lake.package(undisturbed)
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    assert [(v.name, v.type, v.shape) for v in session.get_inputs()] == [
        ("image", "tensor(uint8)", ["batch", 28, 28, 1])
    ]
    for rows in (1, 5):
        label, probabilities = session.run(["label", "probabilities"], {"image": np.repeat(five(), rows, axis=0)})
        assert list(label) == ["5"] * rows
        assert probabilities.shape == (rows, 10)
    assert manifest.signature.image is not None
    assert manifest.signature.image.input == "image"


def test_a_few_hundred_images_are_learned_and_decided_alike(lake: TrainerLake, undisturbed: RunState) -> None:
    manifest, _ = lake.package(undisturbed)
    assert manifest.measurements.metrics["accuracy"] > 0.8
    assert manifest.measurements.parity.flips == 0
    assert [point.step for point in manifest.learning_curve] == [1, 2, 3]
    assert manifest.opset == 18


def interrupted(lake: TrainerLake, run: str, attempt: int, with_signal: signal.Signals) -> subprocess.Popen[str]:
    """An attempt that is sent the signal as soon as it has written a checkpoint of its own."""
    before = etag(lake, run)
    process = lake.start(run, attempt)
    while etag(lake, run) == before and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(with_signal)
    process.communicate(timeout=60)
    return process


def etag(lake: TrainerLake, run: str) -> str | None:
    try:
        blob = lake.store.get(run_prefix(run) + "checkpoints/latest.json")
    except NotFound:
        return None
    return blob.etag if blob else None


def test_a_run_that_was_killed_and_stopped_ends_with_the_same_version(
    lake: TrainerLake, digits: DatasetManifest, undisturbed: RunState
) -> None:
    run = submitted(lake, digits, gate={"max_latency_ms": 49})
    assert interrupted(lake, run, 1, signal.SIGKILL).returncode == -signal.SIGKILL
    assert lake.runs.state(run).state == "running"  # nobody could say otherwise
    assert interrupted(lake, run, 2, signal.SIGTERM).returncode == 75
    stopped = lake.runs.state(run)
    assert (stopped.state, stopped.exit_code) == ("submitted", 75)
    assert "a checkpoint is saved" in (stopped.reason or "")
    code, printed = lake.train(run, attempt=3)
    assert code == 0, printed
    assert "goes on from the checkpoint after step" in printed
    assert lake.runs.state(run).version == undisturbed.version
