"""An image file into the input that the signature's `image` describes: uint8 [1, height, width, channels].

Brought to form by the function that made the images which the model learned from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lepton.endpoint.request import InferRequest, Limits
from lepton.errors import InvalidRequest, LeptonError, UnsupportedMedia

if TYPE_CHECKING:
    from lepton.endpoint.buffers import Array
    from lepton.model_package.manifest import ImageInput, Signature

TYPES = frozenset({"image/png", "image/jpeg", "image/webp"})


def decode(body: bytes, signature: Signature, limits: Limits) -> InferRequest:
    """Raises UnsupportedMedia when the model takes no image, InvalidRequest for a broken or too large one."""
    if signature.image is None:
        raise UnsupportedMedia("the model does not take images", hint="send JSON: see the model's metadata")
    return InferRequest({signature.image.input: pixels(body, signature.image, limits)}, 1)


def pixels(body: bytes, wanted: ImageInput, limits: Limits) -> Array:
    """[1, H, W, C] uint8, brought to size and channels. Raises InvalidRequest."""
    import numpy as np

    from lepton.dataset.manifest import ImageFormat

    try:
        from lepton.dataset.pixels import brought_to, opened_image
    except ImportError as error:
        raise UnsupportedMedia("no pictures are read here", hint="send a tensor; or install lepton[images]") from error
    if not body:
        raise InvalidRequest("the body is empty", pointer="", hint="send the bytes of a PNG, JPEG or WebP file")
    form = ImageFormat(height=wanted.height, width=wanted.width, channels=wanted.channels)
    try:
        with opened_image(body, limits.pixels) as image:
            made = brought_to(image, form)
    except LeptonError as error:
        error.pointer = ""
        raise
    return np.asarray(made, dtype=np.uint8).reshape(1, wanted.height, wanted.width, wanted.channels)
