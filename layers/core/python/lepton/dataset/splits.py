"""Which rows train, validate and test: a fixed cut through a hash of the row's own content."""

from __future__ import annotations

from lepton.dataset.manifest import Split

# Fractions of 2**32 as 8 hexadecimal digits: below 0.7 train, below 0.8 validation, the rest test.
_TRAIN = "b3333333"
_VALIDATION = "cccccccd"


def split_of(digest: str) -> Split:
    """The split of a row from the hexadecimal digest of its content."""
    head = digest[:8]
    return "train" if head < _TRAIN else "validation" if head < _VALIDATION else "test"


def split_sql(digest: str) -> str:
    """The same as an SQL expression over a digest expression."""
    head = f"left({digest}, 8)"
    return f"CASE WHEN {head} < '{_TRAIN}' THEN 'train' WHEN {head} < '{_VALIDATION}' THEN 'validation' ELSE 'test' END"
