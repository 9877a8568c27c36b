"""explain.json: what the trainer publishes beside a graph so that its answers can be explained exactly.

It holds the parameters of the model once more, as the graph has them (float32), and reference rows: made-up ones,
each column's quantiles and frequent values dealt out independently of all other columns. No row of them is a row of the
data; what they give away is the distribution of each column by itself, without its rare values.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

FILE = "explain.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NumberEncoding(_Frozen):
    """Missing becomes `fill`, then (x - offset) · scale; `flagged`: one more feature says that it was missing."""

    name: str
    fill: float
    flagged: bool
    offset: float
    scale: float


class TextEncoding(_Frozen):
    """One feature for each category, 1 where the text is equal."""

    name: str
    categories: tuple[str, ...]


class Encoding(_Frozen):
    """Features in order: the numbers, the flags of missing numbers, then the categories, column by column."""

    numbers: tuple[NumberEncoding, ...]
    texts: tuple[TextEncoding, ...]


class LinearParameters(_Frozen):
    """Scores (K) = features (F) · weights (F, K) + bias (K)."""

    weights: tuple[tuple[float, ...], ...]
    bias: tuple[float, ...]


class TreeParameters(_Frozen):
    """All trees in one numbering of nodes. A leaf has feature -1 and a value; any other goes left when x <= threshold.

    `roots` and `targets`: of each tree, its first node and the score that it adds to; `outputs`: how many scores.
    """

    outputs: int
    roots: tuple[int, ...]
    targets: tuple[int, ...]
    feature: tuple[int, ...]
    threshold: tuple[float, ...]
    left: tuple[int, ...]
    right: tuple[int, ...]
    value: tuple[float, ...]


class Explainer(_Frozen):
    """`reference`: rows as columns of equal length; null is a missing number, "" a missing text."""

    schema_version: Literal[1] = 1
    reference: dict[str, tuple[float | None, ...] | tuple[str, ...]]
    encoding: Encoding | None = None
    linear: LinearParameters | None = None
    trees: TreeParameters | None = None
