"""What an answer loses when a window of the image is covered, as finely as the time allows: Zeiler & Fergus 2014."""

from __future__ import annotations

import numpy as np

from lepton.explanation import patches
from lepton.explanation.attribution import Attribution
from lepton.explanation.columns import Array
from lepton.explanation.players import Asked, PatchPlayers

_ALONG = (patches.FINE, 10, 7, 5, 3)  # patches along the longer side
_SHARE = 0.8  # of the time that is left


def occluded(name: str, image: Array, asked: Asked, deadline: float) -> tuple[PatchPlayers, Attribution | None, bool]:
    """The patches, what each is worth (None: no time for the coarsest), and whether they are coarser than usual.

    A first run, on the image and on nothing of it, tells what a row takes; all windows are in the second.
    """
    players = PatchPlayers(name, image, patches.grid(image.shape[0], image.shape[1], patches.FINE))
    before = asked.seconds
    ends = asked.answers(players.ends())
    affordable = _SHARE * max(0.0, deadline - asked.clock()) / max((asked.seconds - before) / 2, 1e-9)
    for along in _ALONG:
        parts = patches.grid(image.shape[0], image.shape[1], along)
        covered = patches.windows(parts)
        if len(covered) <= affordable:
            finest = PatchPlayers(name, image, parts)
            return finest, _attribution(finest, covered, ends, asked), along < patches.FINE
    return players, None, True


def _attribution(players: PatchPlayers, covered: Array, ends: Array, asked: Asked) -> Attribution:
    index = asked.aim.index(ends[1])
    base, value = float(ends[0, index]), float(ends[1, index])
    nothing = np.zeros(len(covered), dtype=np.int64)
    answers = asked.about(players, ~covered, nothing, nothing)
    contributions = patches.shared_out(value - answers[:, index], covered.astype(np.float64))
    residual = value - base - float(contributions.sum())
    scale = "probability" if asked.aim.classes else asked.aim.output
    return Attribution(base, value, contributions, residual, scale, asked.aim.name(index))
