from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lepton.rollout.sticky import chosen, place

KEYS = st.text(max_size=40)
SALTS = st.text(max_size=20)
PERCENT = st.floats(0, 100)


@given(salt=SALTS, key=KEYS, percents=st.lists(PERCENT, min_size=2, max_size=8))
def test_key_once_in_the_canary_stays_in_as_the_percentage_grows(salt: str, key: str, percents: list[float]) -> None:
    answers = [chosen(salt, key, percent) for percent in sorted(percents)]
    assert answers == sorted(answers)


@given(salt=SALTS, key=KEYS)
def test_nobody_is_in_at_nought_and_everybody_at_a_hundred(salt: str, key: str) -> None:
    assert not chosen(salt, key, 0.0)
    assert chosen(salt, key, 100.0)
    assert place(salt, key) == place(salt, key)


def test_share_of_keys_is_the_percentage() -> None:
    keys = [f"customer-{number}" for number in range(20_000)]
    for percent in (1.0, 5.0, 50.0):
        share = sum(chosen("churn/live/a", key, percent) for key in keys) / len(keys)
        assert abs(share - percent / 100) < 4 * (percent / 100 * (1 - percent / 100) / len(keys)) ** 0.5


def test_next_version_meets_other_keys_first() -> None:
    keys = [f"customer-{number}" for number in range(5_000)]
    first = {key for key in keys if chosen("churn/live/a", key, 10)}
    second = {key for key in keys if chosen("churn/live/b", key, 10)}
    assert 0.05 < len(first & second) / len(first) < 0.17


def test_place_never_changes() -> None:
    """Another release, machine or process must not move anybody."""
    assert [round(place("churn/live/a", key), 6) for key in ("ada", "bob", "", "\ud800")] == [
        95.906706,
        67.526362,
        60.900978,
        9.076387,
    ]
