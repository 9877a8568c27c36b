"""Images brought to one form: the same function makes a dataset's images and, later, a model's input.

The form (`ImageFormat`): 8 bit, gray (mode L) or RGB, exactly `height` x `width`. In this order: EXIF orientation is
applied, 16-bit samples are scaled down to 8, alpha is laid over white, colour is converted (gray by ITU-R 601), and the
image is resized by Pillow's bilinear filter (antialiased; the aspect ratio is not kept).
"""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import TYPE_CHECKING

from lepton.dataset.manifest import ImageFormat
from lepton.errors import InvalidRequest

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "BMP")
_DEEP = ("I", "I;16", "I;16B", "I;16L", "I;16N")
_GRAY = ("1", "L", "LA", "La", *_DEEP)
# What Pillow is known to raise for a damaged file, besides OSError.
_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError, TypeError, struct.error, zlib.error)


def opened_image(body: bytes, pixels: int) -> Image.Image:
    """The image, its header read and no pixel yet. Raises InvalidRequest when it is none of FORMATS or too large."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = Image.open(io.BytesIO(body), formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise InvalidRequest(f"the image has too many pixels: {error}") from error
        except _DAMAGE as error:
            raise InvalidRequest(
                "this is no image that can be read", hint=f"send one of {', '.join(FORMATS)}"
            ) from error
    if image.width * image.height > pixels:
        raise InvalidRequest(f"the image has {image.width} x {image.height} pixels, more than {pixels:,} in all")
    return image


def is_gray(image: Image.Image) -> bool:
    """Whether it is stored without colour (a palette of grays counts)."""
    if image.mode == "P":
        palette = image.getpalette("RGB") or []
        return palette[0::3] == palette[1::3] == palette[2::3] and "transparency" not in image.info
    return image.mode in _GRAY


def upright_size(image: Image.Image) -> tuple[int, int]:
    """(width, height) after its orientation is applied."""
    turned = _orientation(image) in (5, 6, 7, 8)
    return (image.height, image.width) if turned else (image.width, image.height)


def brought_to(image: Image.Image, form: ImageFormat) -> Image.Image:
    """The image in the form; the same object when it is so already. Raises InvalidRequest when its data is damaged."""
    from PIL import Image, ImageOps

    try:
        image.load()
        if _orientation(image) != 1:
            image = ImageOps.exif_transpose(image)
        image = _in_mode(_eight_bit(image), "L" if form.channels == 1 else "RGB")
        if image.size != (form.width, form.height):
            image = image.resize((form.width, form.height), Image.Resampling.BILINEAR)
    except _DAMAGE as error:
        raise InvalidRequest(f"the image is damaged: {error}") from error
    return image


def as_png(image: Image.Image) -> bytes:
    """The image as PNG, without metadata."""
    out = io.BytesIO()
    image.save(out, "PNG", exif=b"", icc_profile=None)
    return out.getvalue()


def _orientation(image: Image.Image) -> int:
    return int(image.getexif().get(0x0112, 1)) if "exif" in image.info else 1


def _eight_bit(image: Image.Image) -> Image.Image:
    if image.mode not in _DEEP:
        return image
    return image.convert("I").point([value >> 8 for value in range(65536)], "L")


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    from PIL import Image

    if image.mode == mode and "transparency" not in image.info:
        return image
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        layered = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, layered).convert("RGB")
    return image.convert(mode)
