"""Images: the windows, what is told of a picture whose answer hangs on one corner, and the PNG as Pillow reads it."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping

import numpy as np
import pytest
from PIL import Image

from lepton.explanation.columns import Array
from lepton.explanation.explaining import Explanations
from lepton.explanation.options import Options
from lepton.explanation.patches import grid, painted, windows
from lepton.explanation.png import png
from lepton.model_package.manifest import ImageInput, Signature, TensorSpec
from tests.unit.explanation.models import Clock


def corner(channels: int, height: int = 28, width: int = 28, step: float = 0.0) -> Explanations:
    """A model that looks at the brightness of the upper left quarter only."""
    signature = Signature(
        inputs=(TensorSpec(name="image", datatype="UINT8", shape=(-1, height, width, channels)),),
        outputs=(TensorSpec(name="probabilities", datatype="FP32", shape=(-1, 2)),),
        image=ImageInput(input="image", height=height, width=width, channels=channels),
        classes=("dark", "bright"),
    )

    def run(inputs: Mapping[str, Array]) -> Mapping[str, Array]:
        bright = inputs["image"][:, : height // 2, : width // 2].mean(axis=(1, 2, 3)) / 255
        return {"probabilities": np.stack([1 - bright, bright], axis=1).astype(np.float32)}

    return Explanations.of(signature, None, run, Clock(step))


def picture(channels: int, height: int = 28, width: int = 28) -> Array:
    made = np.zeros((1, height, width, channels), dtype=np.uint8)
    made[:, : height // 2, : width // 2] = 250
    return made


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("method", ["auto", "sampled"])
def test_what_the_answer_hangs_on_is_red(channels: int, method: str) -> None:
    told = corner(channels).explain({"image": picture(channels)}, Options(method, of_class="bright"))["rows"][0]
    cells = np.array(told["heatmap"]["grid"])
    quarter = cells[: len(cells) // 2, : len(cells) // 2]
    assert quarter.min() > 0
    assert np.abs(cells[len(cells) // 2 + 1 :, len(cells) // 2 + 1 :]).max() < quarter.min() / 10
    with Image.open(io.BytesIO(base64.b64decode(told["heatmap"]["base64"]))) as drawn:
        assert drawn.size == (told["heatmap"]["width"], told["heatmap"]["height"]) == (112, 112)
        red, _, blue = drawn.getpixel((10, 10))
    assert red > blue + 50


def test_sampled_patches_add_up_and_tell_their_error() -> None:
    told = corner(1).explain({"image": picture(1)}, Options("sampled", of_class="bright"))
    row = told["rows"][0]
    assert (told["exact"], told["runs"]) == (False, 2)
    assert abs(row["residual"]) < 1e-6
    assert row["value"] == pytest.approx(250 / 255)
    assert row["standard_error"] >= 0


def test_occlusion_tells_how_far_it_is_from_adding_up() -> None:
    row = corner(1).explain({"image": picture(1)}, Options(of_class="bright"))["rows"][0]
    total = float(np.sum(row["heatmap"]["grid"]))
    assert row["residual"] == pytest.approx(row["value"] - row["base"] - total)


def test_a_small_budget_gives_coarser_patches_and_a_tiny_one_none() -> None:
    some = corner(1, step=0.01).explain({"image": picture(1)}, Options(of_class="bright", budget_ms=600))
    assert some["limited"]
    assert 3 <= len(some["rows"][0]["heatmap"]["grid"]) < 14
    none = corner(1, step=0.01).explain({"image": picture(1)}, Options(budget_ms=20))
    assert (none["rows"], none["limited"], none["runs"]) == ([None], True, 1)


def test_a_large_image_is_never_a_batch_of_more_than_32_megabytes() -> None:
    told = corner(3, 512, 512).explain({"image": picture(3, 512, 512)}, Options(of_class="bright", budget_ms=20_000))
    assert told["runs"] == 1 + -(-15 * 15 * 512 * 512 * 3 // 32_000_000)
    assert told["rows"][0]["heatmap"]["width"] == 512


@pytest.mark.parametrize(("height", "width", "along"), [(28, 28, 14), (8, 8, 14), (5, 40, 7), (1, 1, 14), (97, 31, 7)])
def test_patches_tile_the_image_and_windows_cover_each_equally(height: int, width: int, along: int) -> None:
    made = grid(height, width, along)
    assert set(np.unique(made.labels)) == set(range(made.patches))
    assert max(made.rows, made.columns) <= along
    assert (windows(made).sum(axis=0) == 4).all()


def test_what_is_kept_is_the_image_and_what_is_out_its_mean_colour() -> None:
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    parts = grid(4, 4, 2)
    none, whole = painted(image, np.array([[False] * 4, [True] * 4]), parts)
    assert (whole == image).all()
    assert (none == none[0, 0]).all()
    assert none.dtype == np.uint8


@pytest.mark.parametrize("channels", [1, 3])
def test_a_png_is_read_back_as_it_was_written(channels: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (13, 7, channels), dtype=np.uint8)
    with Image.open(io.BytesIO(png(pixels))) as read:
        read.load()
        assert (np.asarray(read).reshape(pixels.shape) == pixels).all()
