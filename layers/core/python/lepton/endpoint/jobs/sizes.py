"""How many rows make a part and a batch of a model's file: from what the manifest says, and from nothing else."""

from __future__ import annotations

from math import prod

from lepton.model_package.manifest import ModelManifest

# A part is what is done again after a kill, and what lies in memory: some seconds of work, some megabytes.
PART_ROWS = 131_072
PART_CELLS = 4_000_000
PART_SECONDS = 30.0
# A batch is one run of the session: large enough to hide the call, small enough for the cache.
BATCH_ROWS = 8_192
BATCH_CELLS = 2_000_000
_LEAST = 16


def sizes(manifest: ModelManifest) -> tuple[int, int]:
    """Rows of a part and of a batch, powers of two; the first is a multiple of the second."""
    specs = manifest.signature.inputs
    cells = max(1, sum(prod(size for size in spec.shape[1:] if size > 0) for spec in specs))
    slow = int(PART_SECONDS * 1000 / max(manifest.measurements.latency_ms, 0.001))
    batch = _power(min(BATCH_ROWS, BATCH_CELLS // cells, slow))
    # Images are decoded one by one and let go batch by batch: their cells do not add up.
    part = PART_CELLS // cells if manifest.signature.image is None else PART_ROWS
    return max(batch, _power(min(PART_ROWS, part, slow))), batch


def _power(rows: int) -> int:
    """The largest power of two that is not larger, and no less than a few."""
    return 1 << (max(_LEAST, rows).bit_length() - 1)
