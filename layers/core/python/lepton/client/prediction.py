"""What a model answered: its outputs by name, and who gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Prediction:
    """`outputs`: NumPy arrays where NumPy is installed, else nested lists, the first dimension being the rows.

    `ignored`: columns that came in and that the model does not use. `parameters`: what came along, as the receipt.
    """

    model: str
    version: str
    outputs: Mapping[str, Any]
    id: str | None = None
    classes: Sequence[str] = ()
    ignored: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many rows were predicted."""
        return len(next(iter(self.outputs.values()), ()))

    def __getitem__(self, output: str) -> Any:
        return self.outputs[output]

    @property
    def labels(self) -> list[str]:
        """The class of each row. Raises KeyError for a model that gives none."""
        return [str(one) for one in self.outputs["label"]]

    @property
    def probabilities(self) -> list[dict[str, float]]:
        """The probability of each class, row by row. Raises KeyError for a model that gives none."""
        rows = self.outputs["probabilities"]
        return [dict(zip(self.classes, map(float, row), strict=True)) for row in rows]

    @property
    def receipt(self) -> Mapping[str, Any] | None:
        """Where the answer came from and what it took, when it was asked for."""
        found = self.parameters.get("receipt")
        return found if isinstance(found, Mapping) else None
