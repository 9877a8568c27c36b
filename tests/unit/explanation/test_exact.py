"""Exact contributions against Shapley values by all subsets, on models that were really trained."""

from __future__ import annotations

import numpy as np
import pytest

from lepton.errors import CorruptArtifact, InvalidRequest
from lepton.explanation.columns import Array
from lepton.explanation.options import Options
from tests.unit.explanation.models import by_brute_force, column_game, explained, explanations, table, trained

MODELS = [
    ("logistic", 2, "log-odds"), ("logistic", 3, "score"), ("linear", 0, "prediction"),
    ("lightgbm", 2, "log-odds"), ("lightgbm", 3, "score"), ("lightgbm", 0, "prediction"),
]  # fmt: skip
ROWS = table(6, 9, 2)


def one(row: int) -> dict[str, Array]:
    return {name: column[row : row + 1] for name, column in ROWS.inputs.items()}


@pytest.mark.parametrize(("algorithm", "classes", "scale"), [model for model in MODELS if model[1] != 3])
@pytest.mark.parametrize("row", range(3))
def test_contributions_are_the_shapley_values_by_all_subsets(
    algorithm: str, classes: int, scale: str, row: int
) -> None:
    model = trained(algorithm, classes)
    options = {"of_class": "b"} if classes else {}
    (told,) = explained(model, one(row), **options)["rows"]

    def score(answers: Array) -> Array:
        wide = answers.astype(np.float64)
        return np.log(wide[:, 1] / wide[:, 0]) if classes else wide

    expected = by_brute_force(column_game(model, one(row), score), 5)
    np.testing.assert_allclose(list(told["contributions"].values()), expected, atol=2e-4)
    assert told["scale"] == scale


@pytest.mark.parametrize(("algorithm", "classes", "scale"), MODELS)
def test_base_and_contributions_add_up_to_the_answer(algorithm: str, classes: int, scale: str) -> None:
    told = explained(trained(algorithm, classes), ROWS.inputs)
    assert (told["exact"], told["limited"], told["runs"]) == (True, False, 1)
    for row in told["rows"]:
        assert row["value"] == pytest.approx(row["base"] + sum(row["contributions"].values()), abs=1e-9)
        assert abs(row["residual"]) < 1e-4
        assert row["scale"] == scale


@pytest.mark.parametrize("algorithm", ["logistic", "lightgbm"])
def test_scores_of_three_classes_differ_as_their_probabilities_do(algorithm: str) -> None:
    model = trained(algorithm, 3)
    rows = {name: explained(model, one(0), of_class=name)["rows"][0] for name in "abc"}

    def ratio(answers: Array) -> Array:
        return np.log(answers[:, 1].astype(np.float64) / answers[:, 0])

    expected = by_brute_force(column_game(model, one(0), ratio), 5)
    given = [rows["b"]["contributions"][name] - rows["a"]["contributions"][name] for name in rows["a"]["contributions"]]
    np.testing.assert_allclose(given, expected, atol=2e-4)


def test_the_class_that_was_answered_is_explained_unless_another_is_asked_for() -> None:
    model = trained("logistic", 2)
    for row in range(4):
        answered = explained(model, one(row))["rows"][0]
        assert answered["value"] >= 0
        other = explained(model, one(row), of_class="ba".replace(answered["class"], ""))["rows"][0]
        assert other["value"] == pytest.approx(-answered["value"])


def test_a_column_that_the_model_does_not_use_contributes_nothing() -> None:
    model = trained("lightgbm", 0, n_estimators=1, num_leaves=2)
    contributions = explained(model, one(0))["rows"][0]["contributions"]
    assert sum(value != 0 for value in contributions.values()) <= 1


def test_the_path_of_a_tree_ends_in_the_leaf_that_the_row_falls_into() -> None:
    model = trained("lightgbm", 0, n_estimators=1, num_leaves=8)
    told = explained(model, ROWS.inputs, method="path")
    for row, path in enumerate(told["rows"]):
        value = explained(model, one(row))["rows"][0]["value"]
        assert path["leaf"] == pytest.approx(value, rel=1e-5)
        assert all((step["value"] <= step["threshold"]) == step["at_most"] for step in path["steps"])


def test_a_tree_that_is_not_there_and_a_path_without_trees_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="no tree 5"):
        explained(trained("lightgbm", 0, n_estimators=1), one(0), method="path", tree=5)
    with pytest.raises(InvalidRequest, match="cannot be explained by 'path'"):
        explained(trained("linear", 0), one(0), method="path")


def test_parameters_of_another_graph_are_noticed() -> None:
    model, other = trained("linear", 0), trained("linear", 0, alpha=1e6)
    mixed = explanations(model)
    wrong = explanations(other)
    with pytest.raises(CorruptArtifact, match="where the graph gives"):
        type(mixed)(mixed.signature, mixed.explainer, wrong.exact, mixed.run, mixed.clock).explain(one(0), Options())


def test_a_budget_that_is_spent_leaves_rows_out_and_says_so() -> None:
    told = explanations(trained("lightgbm", 2), step=0.01).explain(ROWS.inputs, Options(budget_ms=50))
    assert told["limited"]
    assert told["rows"][0] is not None
    assert told["rows"][-1] is None
