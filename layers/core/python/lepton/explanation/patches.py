"""Parts of an image as players: a grid of patches, and windows of several patches that are covered one at a time.

A part that is out is painted in the image's own mean colour. Occlusion: Zeiler & Fergus 2014.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lepton.explanation.columns import Array

FINE, COARSE = 14, 7  # patches along the longer side: for occlusion, and for sampling


@dataclass(frozen=True, slots=True)
class Grid:
    """`labels` (H, W): the number of each pixel's patch, row by row from the top left."""

    rows: int
    columns: int
    labels: Array

    @property
    def patches(self) -> int:
        return self.rows * self.columns


def grid(height: int, width: int, along: int) -> Grid:
    """Square patches as nearly as the size allows, at most `along` on the longer side."""
    side = max(1, -(-max(height, width) // along))
    rows, columns = -(-height // side), -(-width // side)
    labels = (np.arange(height) // side)[:, None] * columns + (np.arange(width) // side)[None, :]
    return Grid(rows, columns, labels)


def mean_colour(image: Array) -> Array:
    """(H, W, C) uint8 to (C,) uint8."""
    made: Array = np.rint(image.mean(axis=(0, 1))).astype(image.dtype)
    return made


def painted(image: Array, kept: Array, parts: Grid) -> Array:
    """(H, W, C) and (N, patches) bool, to (N, H, W, C): patches that are not kept are painted over."""
    made: Array = np.where(kept[:, parts.labels][..., None], image[None], mean_colour(image))
    return made


def windows(parts: Grid) -> Array:
    """(N, patches) bool: each window of two by two patches, those that overlap the edge by half included."""
    made = []
    for row in range(-1, parts.rows):
        for column in range(-1, parts.columns):
            window = np.zeros((parts.rows, parts.columns), dtype=bool)
            window[max(row, 0) : row + 2, max(column, 0) : column + 2] = True
            made.append(window.reshape(-1))
    return np.stack(made)


def shared_out(drops: Array, covered: Array) -> Array:
    """What the answer loses by each window (N,), as one figure for each patch: the mean over its windows."""
    made: Array = (drops @ covered) / covered.sum(axis=0)
    return made
