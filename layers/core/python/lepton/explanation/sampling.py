"""Sampled (or enumerated) Shapley values of some rows within a time budget: one run to begin with, one for the rest."""

from __future__ import annotations

import numpy as np

from lepton.explanation.attribution import Attribution
from lepton.explanation.columns import Array
from lepton.explanation.options import Options
from lepton.explanation.players import Asked, PatchPlayers, TensorPlayers
from lepton.explanation.shapley import Design, designed, estimated, evaluations_of_all, least

_SHARE = 0.8  # of the time that is left: the coalitions are made and added up as well
_CELLS = 20_000_000  # evaluations times players: what their coalitions take of memory, bytes


def sampled(
    players: TensorPlayers | PatchPlayers, rows: int, asked: Asked, options: Options, deadline: float
) -> tuple[list[Attribution | None], bool]:
    """An attribution for each row, None where there was no time; and whether the budget cut anything short.

    The first run, on the reference and the rows themselves, also tells how long a row takes.
    """
    answers = asked.answers(players.ends())  # (references + rows, width)
    references, count = players.references, len(players.names)
    each = asked.seconds / len(answers)
    affordable = min(_CELLS // count, int(_SHARE * max(0.0, deadline - asked.clock()) / max(each, 1e-9)))
    fewest = min(least(count), max(1, evaluations_of_all(count, references)))
    done = min(rows, affordable // fewest)
    if not done:
        return [None] * rows, True
    wanted = min(options.samples, evaluations_of_all(count, references))
    samples = min(max(options.samples, fewest), affordable // done)
    rng = np.random.default_rng(options.seed)
    designs = [designed(count, references, samples, rng) for _ in range(done)]
    worths = _asked(players, designs, asked)
    made: list[Attribution | None] = []
    for row, (design, worth) in enumerate(zip(designs, worths, strict=True)):
        index = asked.aim.index(answers[references + row])
        ends = answers[:references, index], float(answers[references + row, index])
        estimate = estimated(design, worth[:, index], *ends)
        residual = ends[1] - estimate.base - float(estimate.contributions.sum())
        name = asked.aim.name(index)
        scale = "probability" if asked.aim.classes else asked.aim.output
        error = None if estimate.exact else estimate.error
        made.append(Attribution(estimate.base, ends[1], estimate.contributions, residual, scale, name, error))
    return made + [None] * (rows - done), done < rows or samples < wanted


def _asked(players: TensorPlayers | PatchPlayers, designs: list[Design], asked: Asked) -> list[Array]:
    """The answers (N, width) for every design, by one batch for all."""
    sizes = [len(design.coalitions) for design in designs]
    coalitions = np.concatenate([design.coalitions for design in designs])
    against = np.concatenate([design.against for design in designs])
    answers = asked.about(players, coalitions, against, np.repeat(np.arange(len(designs)), sizes))
    return np.split(answers, np.cumsum(sizes)[:-1])
