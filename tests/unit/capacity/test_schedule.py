"""The schedule: the best there is, by brute force; switching costs smooth it."""

from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lepton.capacity.schedule import best_levels, block_steps


def value(gains: np.ndarray, levels: tuple[int, ...], price: float) -> float:
    moved = sum(abs(a - b) for a, b in pairwise(levels))
    return float(sum(gains[at, level] for at, level in enumerate(levels)) - price * moved)


@given(st.lists(st.lists(st.integers(-20, 20), min_size=4, max_size=4), min_size=2, max_size=4), st.integers(0, 10))
def test_no_other_schedule_is_better(rows: list[list[int]], price: int) -> None:
    gains = np.array(rows, dtype=float)
    chosen = tuple(best_levels(gains, 1, price, 3).tolist())
    best = max(value(gains, other, price) for other in product(range(4), repeat=len(rows)))
    assert value(gains, chosen, price) == best


def test_a_dear_switch_keeps_one_level() -> None:
    gains = np.array([[0.0, 1.0], [0.3, 0.0], [0.0, 1.0]])
    assert best_levels(gains, 1, 0.0, 1).tolist() == [1, 0, 1]
    assert best_levels(gains, 1, 1.0, 1).tolist() == [1, 1, 1]


def test_a_block_is_a_quarter_of_an_hour_or_more() -> None:
    assert [block_steps(step) for step in (300, 600, 900, 3600)] == [3, 2, 1, 1]
