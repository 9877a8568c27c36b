"""Figures of an image set: images of each class and split, sizes as uploaded, mean and spread of each channel.

`channels`: mean and standard deviation (population) of the training images' pixels, 0 to 255, for each channel.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from lepton.dataset.manifest import ImageFormat, Split
from lepton.dataset.prepared import Warned, warned

_SIZES = 20
_FEW = 10


class Tally:
    """Adds up images one by one, in whole numbers, so that no order of adding changes a digit."""

    def __init__(self, form: ImageFormat) -> None:
        self.form = form
        self.labels: dict[str, Counter[str]] = {}
        self._levels = [[0] * 256 for _ in range(form.channels)]

    def add(self, label: str, split: Split, histogram: list[int]) -> None:
        """`histogram`: 256 counts for each channel, one after the other."""
        self.labels.setdefault(label, Counter())[split] += 1
        if split != "train":
            return
        for channel, levels in enumerate(self._levels):
            for level, count in enumerate(histogram[channel * 256 : channel * 256 + 256]):
                levels[level] += count

    def channels(self) -> list[dict[str, float]]:
        return [_mean_and_sd(levels) for levels in self._levels]


def profiled(
    tally: Tally, sizes: Counter[tuple[int, int]], skipped: Counter[str], reasons: dict[str, int]
) -> dict[str, Any]:
    """The profile, JSON-like."""
    classes = {label: dict(sorted(counts.items())) for label, counts in sorted(tally.labels.items())}
    return {
        "schema_version": 1,
        "kind": "images",
        "rows": sum(counts.total() for counts in tally.labels.values()),
        "image": tally.form.model_dump(),
        "classes": [{"name": label, "images": sum(splits.values()), **splits} for label, splits in classes.items()],
        "sizes": [{"width": w, "height": h, "images": n} for (w, h), n in _commonest(sizes)],
        "channels": tally.channels(),
        "skipped": dict(sorted(skipped.items())),
        "warnings": _warnings(tally, sizes, skipped, reasons),
    }


def _warnings(
    tally: Tally, sizes: Counter[tuple[int, int]], skipped: Counter[str], reasons: dict[str, int]
) -> list[Warned]:
    found = []
    resized = sizes.total() - sizes[tally.form.width, tally.form.height]
    if resized:
        told = f"{resized:,} of {sizes.total():,} images had another size and were resized"
        found.append(warned("resized", f"{told} to {tally.form.width} x {tally.form.height}"))
    for label, counts in sorted(tally.labels.items()):
        if counts.total() < _FEW:
            found.append(warned("few_images", f"class {label} has {counts.total()} images only", label))
    if skipped:
        told = ", ".join(f"{count:,} {what}" for what, count in sorted(skipped.items()))
        found.append(warned("skipped", f"not images, and skipped: {told}"))
    if reasons.get("duplicate_image"):
        found.append(warned("duplicates", f"{reasons['duplicate_image']:,} images were there twice; one copy is kept"))
    return found


def _commonest(sizes: Counter[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    return sorted(sizes.items(), key=lambda one: (-one[1], one[0]))[:_SIZES]


def _mean_and_sd(levels: list[int]) -> dict[str, float]:
    count = sum(levels)
    if not count:
        return {"mean": 0.0, "sd": 0.0}
    total = sum(level * n for level, n in enumerate(levels))
    squares = sum(level * level * n for level, n in enumerate(levels))
    variance = (squares * count - total * total) / (count * count)
    return {"mean": float(f"{total / count:.12g}"), "sd": float(f"{math.sqrt(variance):.12g}")}
