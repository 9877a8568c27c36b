"""Shapley values of a model that is only run: enumerated, sampled, within a budget; what is told of them is so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lepton.errors import InvalidRequest, TooLarge
from lepton.explanation.columns import Array
from lepton.explanation.explaining import Explanations
from lepton.explanation.options import Options
from lepton.explanation.players import TensorPlayers
from lepton.explanation.shapley import Estimate, designed, shapley
from lepton.model_package.manifest import Signature, TensorSpec
from tests.unit.explanation.models import Clock, by_brute_force, column_game, explained, explanations, table, trained

ROWS = table(3, 9, 2)
ONE = {name: column[:1] for name, column in ROWS.inputs.items()}


def game(players: int, seed: int) -> Array:
    """Any worth of every coalition, in binary order, of three reference rows that differ where they begin."""
    worths = np.random.default_rng(seed).normal(size=(3, 1 << players))
    worths[:, -1] = worths[0, -1]  # the whole row is the same, whatever it is held against
    return worths


def asked(worths: Array, players: int, samples: int, seed: int = 1) -> Estimate:
    def worth(coalitions: Array, against: Array) -> Array:
        return worths[against, coalitions @ (1 << np.arange(players))]

    return shapley(worth, players, (worths[:, 0], float(worths[0, -1])), samples, np.random.default_rng(seed))


@given(players=st.integers(1, 7), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=30)
def test_all_coalitions_give_the_shapley_values(players: int, seed: int) -> None:
    worths = game(players, seed)
    found = asked(worths, players, 10_000)
    expected = by_brute_force(lambda chosen: float(worths[:, sum(1 << one for one in chosen)].mean()), players)
    np.testing.assert_allclose(found.contributions, expected, atol=1e-12)
    assert found.exact
    assert not found.error.any()


@given(players=st.integers(2, 9), samples=st.integers(16, 400), seed=st.integers(0, 1000))
@settings(deadline=None, max_examples=50)
def test_sampled_contributions_add_up_by_construction(players: int, samples: int, seed: int) -> None:
    worths = game(players, seed)
    found = asked(worths, players, samples)
    assert found.base + found.contributions.sum() == pytest.approx(worths[0, -1])
    assert found.evaluations <= max(samples, 4 * (players - 1))


def test_the_error_that_is_told_is_the_error_that_there_is() -> None:
    worths = game(9, 3)
    expected = by_brute_force(lambda chosen: float(worths[:, sum(1 << one for one in chosen)].mean()), 9)
    found = [asked(worths, 9, 960, seed) for seed in range(200)]
    z = np.array([(one.contributions - expected) / one.error for one in found])
    assert abs(float(z.mean())) < 0.1
    assert 0.8 < float((np.abs(z) < 1.96).mean()) < 0.99


def test_forwards_and_backwards_each_player_joins_once() -> None:
    design = designed(6, 4, 100, np.random.default_rng(0))
    assert design.orders is not None
    sizes = design.coalitions.reshape(len(design.orders), 2, 5, 6).sum(axis=3)
    assert (sizes == np.arange(1, 6)).all()
    assert np.bincount(design.against[::10], minlength=4).tolist() == [2, 2, 2, 2]


@pytest.mark.parametrize(("algorithm", "classes"), [("lightgbm", 2), ("logistic", 3), ("linear", 0)])
def test_a_models_sampled_values_are_within_their_errors_of_the_exact_ones(algorithm: str, classes: int) -> None:
    model = trained(algorithm, classes)
    (told,) = explained(model, ONE, method="sampled", samples=400, **({"of_class": "b"} if classes else {}))["rows"]
    column = 1 if classes else slice(None)
    expected = by_brute_force(column_game(model, ONE, lambda answers: answers[..., column]), 5)
    errors = np.array(list(told["standard_error"].values()))
    assert (np.abs(np.array(list(told["contributions"].values())) - expected) < 5 * errors + 1e-6).all()
    assert abs(told["residual"]) < 1e-5


def test_few_columns_are_enumerated_in_one_run_after_the_first() -> None:
    told = explained(trained("lightgbm", 2), ROWS.inputs, method="sampled")
    assert (told["exact"], told["runs"], told["limited"]) == (True, 2, False)
    assert told["evaluations"] == 16 + 3 + 3 * 30 * 16


def test_the_same_request_has_the_same_explanation_and_another_seed_another() -> None:
    model = trained("lightgbm", 2)
    first, second, other = (
        explained(model, ONE, method="sampled", samples=200, seed=seed)["rows"] for seed in (1, 1, 2)
    )
    assert first == second
    assert first != other


def test_a_small_budget_takes_fewer_samples_and_a_tiny_one_none() -> None:
    model = trained("lightgbm", 2)
    some = explanations(model, step=0.01).explain(ONE, Options("sampled", budget_ms=200))
    assert some["limited"]
    assert 0 < some["evaluations"] - 17 < 480
    none = explanations(model, step=0.01).explain(ONE, Options("sampled", budget_ms=10))
    assert (none["rows"], none["limited"]) == ([None], True)


def test_numbers_in_one_tensor_are_players_too() -> None:
    signature = Signature(
        inputs=(TensorSpec(name="x", datatype="FP32", shape=(-1, 3)),),
        outputs=(TensorSpec(name="y", datatype="FP32", shape=(-1, 1)),),
    )
    model = Explanations.of(
        signature, None, lambda inputs: {"y": inputs["x"] @ np.array([[1.0], [2.0], [-3.0]])}, Clock()
    )
    (told,) = model.explain({"x": np.array([[1, 1, 2]], dtype=np.float32)}, Options())["rows"]
    assert told["contributions"] == pytest.approx({"x[0]": 1.0, "x[1]": 2.0, "x[2]": -6.0})


def test_too_many_rows_and_too_many_numbers_are_refused() -> None:
    many = {name: np.repeat(column, 34, axis=0) for name, column in ROWS.inputs.items()}
    with pytest.raises(TooLarge, match="at most 100"):
        explained(trained("linear", 0), many)
    with pytest.raises(InvalidRequest, match="600 numbers"):
        TensorPlayers({"x": np.zeros((1, 600))}, {"x": np.zeros((1, 600))})
