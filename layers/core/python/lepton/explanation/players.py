"""A model asked about coalitions: what of a row is its own, and what a reference row's or the mean colour."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from lepton.errors import InvalidRequest
from lepton.explanation.attribution import Aim, Run
from lepton.explanation.columns import Array
from lepton.explanation.patches import Grid, painted

MOST_PLAYERS = 512
_BATCH_BYTES = 32_000_000


@dataclass(slots=True)
class Asked:
    """The model, with a count of how often it was run, on how many rows, for how many seconds."""

    run: Run
    aim: Aim
    clock: Callable[[], float]
    runs: int = 0
    evaluations: int = 0
    seconds: float = 0.0

    def answers(self, inputs: Mapping[str, Array]) -> Array:
        """(N, width) float64, in one run."""
        began = self.clock()
        found = self.aim.of(self.run(inputs))
        self.seconds += self.clock() - began
        self.runs += 1
        self.evaluations += len(found)
        return found

    def about(self, players: TensorPlayers | PatchPlayers, coalitions: Array, against: Array, row: Array) -> Array:
        """The answers (N, width) for these coalitions, in one run unless the batch is over 32 MB."""
        chunk = max(1, _BATCH_BYTES // players.row_bytes)
        parts = [np.empty((0, self.aim.width))]
        for start in range(0, len(coalitions), chunk):
            cut = slice(start, start + chunk)
            parts.append(self.answers(players.inputs(coalitions[cut], against[cut], row[cut])))
        return np.concatenate(parts)


@dataclass(frozen=True, slots=True)
class TensorPlayers:
    """Every element of every input is a player: of a table, its columns. `rows` and `reference`: by input."""

    rows: Mapping[str, Array]
    reference: Mapping[str, Array]
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        named = [one for name, array in self.rows.items() for one in _elements(name, array[0].size)]
        if len(named) > MOST_PLAYERS:
            raise InvalidRequest(
                f"the model takes {len(named)} numbers a row: at most {MOST_PLAYERS} are explained",
                pointer="/parameters/explain",
            )
        object.__setattr__(self, "names", tuple(named))

    @property
    def references(self) -> int:
        return len(next(iter(self.reference.values())))

    @property
    def row_bytes(self) -> int:
        return sum(array[0].nbytes for array in self.rows.values())

    def inputs(self, coalitions: Array, against: Array, row: Array) -> dict[str, Array]:
        """(N, players) bool, and for each the reference row and the row, to the model's inputs of N rows."""
        made, first = {}, 0
        for name, array in self.rows.items():
            own = array.reshape(len(array), -1)
            other = self.reference[name].reshape(self.references, -1)
            mask = coalitions[:, first : first + own.shape[1]]
            first += own.shape[1]
            chosen = np.where(mask, own[row], other[against]).astype(array.dtype)
            made[name] = chosen.reshape(-1, *array.shape[1:])
        return made

    def ends(self) -> dict[str, Array]:
        """The reference rows, then the rows: what every method begins with."""
        sized = {name: self.reference[name].reshape(-1, *array.shape[1:]) for name, array in self.rows.items()}
        return {name: np.concatenate([sized[name], array]).astype(array.dtype) for name, array in self.rows.items()}


@dataclass(frozen=True, slots=True)
class PatchPlayers:
    """The patches of one image; what is out is painted in its mean colour, which is the only reference."""

    name: str
    image: Array
    parts: Grid

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"{row},{column}" for row in range(self.parts.rows) for column in range(self.parts.columns))

    @property
    def references(self) -> int:
        return 1

    @property
    def row_bytes(self) -> int:
        return self.image.nbytes

    def inputs(self, coalitions: Array, _against: Array, _row: Array) -> dict[str, Array]:
        return {self.name: painted(self.image, coalitions, self.parts)}

    def ends(self) -> dict[str, Array]:
        kept = np.zeros((2, self.parts.patches), dtype=bool)
        kept[1] = True
        return {self.name: painted(self.image, kept, self.parts)}


def _elements(name: str, count: int) -> list[str]:
    return [name] if count == 1 else [f"{name}[{index}]" for index in range(count)]
