"""One form for all images, in a dataset and in front of a model."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from lepton.dataset.manifest import ImageFormat
from lepton.dataset.pixels import brought_to, is_gray, opened_image, upright_size
from lepton.errors import InvalidRequest

GRAY = ImageFormat(height=4, width=4, channels=1)
RGB = ImageFormat(height=4, width=4, channels=3)


def saved(image, form="PNG", **options):
    out = io.BytesIO()
    image.save(out, form, **options)
    return opened_image(out.getvalue(), 10_000)


def test_transparent_ground_becomes_white():
    image = brought_to(saved(Image.new("RGBA", (4, 4), (0, 0, 0, 0))), RGB)
    assert image.getpixel((0, 0)) == (255, 255, 255)


def test_sixteen_bits_are_scaled_to_eight():
    image = brought_to(saved(Image.new("I;16", (4, 4), 0x8040)), GRAY)
    assert image.getpixel((0, 0)) == 0x80


def test_orientation_is_applied():
    exif = Image.Exif()
    exif[0x0112] = 6
    opened = saved(Image.new("L", (8, 4)), "JPEG", exif=exif)
    assert upright_size(opened) == (4, 8)
    assert brought_to(opened, ImageFormat(height=8, width=4, channels=1)).size == (4, 8)


@pytest.mark.parametrize(("mode", "gray"), [("1", True), ("L", True), ("LA", True), ("RGB", False), ("RGBA", False)])
def test_gray_is_known_by_its_mode(mode, gray):
    assert is_gray(saved(Image.new(mode, (4, 4)))) is gray


def test_palette_of_grays_is_gray():
    assert is_gray(saved(Image.new("L", (4, 4), 9).convert("P")))
    assert not is_gray(saved(Image.new("RGB", (4, 4), "red").quantize(4)))


def test_damaged_data_is_told():
    out = io.BytesIO()
    Image.effect_noise((40, 40), 50).save(out, "PNG")
    with pytest.raises(InvalidRequest, match="damaged"):
        brought_to(opened_image(out.getvalue()[:600], 10_000), GRAY)


def test_image_that_fits_is_left_as_it_is():
    opened = saved(Image.new("L", (4, 4), 7))
    assert brought_to(opened, GRAY) is opened
