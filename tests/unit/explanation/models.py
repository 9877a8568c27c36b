"""Small trained models of tables with missing numbers and texts, and Shapley values the long way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np

from lepton.dataset.manifest import Column
from lepton.explanation.columns import Array, reference_columns
from lepton.explanation.explaining import Explanations
from lepton.explanation.options import Options
from lepton.model_package.manifest import LearningPoint
from lepton.training.spec import spec_from
from trainer.dataset import Rows, Splits
from trainer.session import Session
from trainer.tabular import train_table
from trainer.trained import Trained

COLUMNS = [
    Column(name="age", type="float64", nullable=True),
    Column(name="fee", type="float64", nullable=False),
    Column(name="plan", type="string", nullable=True, categories=("basic", "gold", "pro")),
    Column(name="calls", type="int64", nullable=False),
    Column(name="town", type="string", nullable=False, categories=("x", "y")),
]
TASKS = {2: "classification", 3: "classification", 0: "regression"}


class Quiet:
    def say(self, message: str) -> None:
        pass

    def point(self, point: LearningPoint, steps: int) -> None:
        pass

    def stopping(self) -> bool:
        return False


def table(rows: int, seed: int, classes: int) -> Rows:
    rng = np.random.default_rng(seed)
    age, fee = rng.normal(40, 12, rows).astype(np.float32), rng.gamma(2, 20, rows).astype(np.float32)
    calls = rng.poisson(2, rows).astype(np.float32)
    plan = rng.choice(np.array(["basic", "gold", "pro", ""], dtype=object), rows)
    town = rng.choice(np.array(["x", "y"], dtype=object), rows)
    score = 0.05 * age + 0.02 * fee * (plan == "pro") + 0.4 * calls * (town == "x") + rng.normal(size=rows) * 0.3
    target = score if not classes else np.digitize(score, np.quantile(score, np.arange(1, classes) / classes))
    age[rng.random(rows) < 0.15] = np.nan
    columns = {"age": age, "fee": fee, "plan": plan, "calls": calls, "town": town}
    return Rows({name: column.reshape(-1, 1) for name, column in columns.items()}, target)


@cache
def trained(algorithm: str, classes: int, **parameters: Any) -> Trained:
    splits = Splits(table(600, 1, classes), table(200, 2, classes), table(200, 3, classes), tuple("abc"[:classes]))
    spec = spec_from(
        {"model": "m", "task": TASKS[classes], "dataset": "d", "target": "t", "algorithm": algorithm}
        | {"hyperparameters": parameters}
    )
    return train_table(spec, COLUMNS, splits, Quiet())


class Clock:
    """A clock that moves by `step` seconds whenever it is looked at."""

    def __init__(self, step: float = 0.0) -> None:
        self.at, self.step = 0.0, step

    def __call__(self) -> float:
        self.at += self.step
        return self.at


def explanations(model: Trained, *, with_explainer: bool = True, step: float = 0.0) -> Explanations:
    explainer = model.explainer if with_explainer else None
    return Explanations.of(model.signature, explainer, Session(model.onnx).run, Clock(step))


def explained(model: Trained, inputs: Mapping[str, Array], **options: Any) -> dict[str, Any]:
    return explanations(model).explain(inputs, Options(**options))


def by_brute_force(worth: Callable[[frozenset[int]], float], players: int) -> Array:
    """Shapley 1953, by all subsets: written for clearness, not for speed."""
    values = np.zeros(players)
    for player in range(players):
        others = [one for one in range(players) if one != player]
        for size in range(players):
            weight = factorial(size) * factorial(players - size - 1) / factorial(players)
            for chosen in combinations(others, size):
                values[player] += weight * (worth(frozenset({*chosen, player})) - worth(frozenset(chosen)))
    return values


def column_game(
    model: Trained, inputs: Mapping[str, Array], score: Callable[[Array], Array]
) -> Callable[[frozenset[int]], float]:
    """The worth of a set of columns of the one row: the graph's mean score with the others from the reference."""
    reference = reference_columns(model.explainer, model.signature)
    session, names = Session(model.onnx), [spec.name for spec in model.signature.inputs]

    @cache
    def worth(chosen: frozenset[int]) -> float:
        mixed = {
            name: np.broadcast_to(inputs[name], reference[name].shape) if index in chosen else reference[name]
            for index, name in enumerate(names)
        }
        answer = session.run(mixed)
        return float(score(answer.get("probabilities", answer.get("prediction"))).mean())

    return worth
