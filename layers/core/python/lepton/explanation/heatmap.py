"""A heat map: red where a part of the image speaks for the answer, blue where against, over the image in grey."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np

from lepton.explanation.columns import Array
from lepton.explanation.patches import Grid
from lepton.explanation.png import png

_LEAST = 112  # pixels of the shorter side: small images are enlarged
_FOR, _AGAINST = np.array([214.0, 39.0, 40.0]), np.array([31.0, 90.0, 180.0])


def drawn(image: Array, parts: Grid, contributions: Array) -> Array:
    """uint8 (H, W, C) and a figure for each patch, to uint8 (h, w, 3), enlarged by a whole factor."""
    grey = np.repeat(image.mean(axis=2, keepdims=True) * 0.6 + 70, 3, axis=2)
    largest = float(np.abs(contributions).max()) or 1.0
    strength = (contributions / largest)[parts.labels][..., None]
    colour = np.where(strength > 0, _FOR, _AGAINST)
    share = np.abs(strength) * 0.75
    mixed = np.rint(grey * (1 - share) + colour * share).astype(np.uint8)
    factor = max(1, -(-_LEAST // min(mixed.shape[:2])))
    return mixed.repeat(factor, axis=0).repeat(factor, axis=1)


def told(image: Array, parts: Grid, contributions: Array) -> dict[str, Any]:
    """The picture in JSON, and what it was drawn from: the patches row by row."""
    pixels = drawn(image, parts, contributions)
    return {
        "media": "image/png",
        "width": pixels.shape[1],
        "height": pixels.shape[0],
        "base64": base64.b64encode(png(pixels)).decode("ascii"),
        "grid": [[float(one) for one in row] for row in contributions.reshape(parts.rows, parts.columns)],
    }
