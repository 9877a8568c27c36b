"""`python -m benchmarks.serving.explain`: the methods' errors against Shapley values by all subsets, and their cost.

Telco churn with ten columns, really trained; the worth of each of the 1,024 sets of columns is the graph's own mean
answer over the published reference, so nothing here shares code with what it judges but the reference rows. `told` is
the mean standard error that the answer itself stated; milliseconds are CPU time for a row, explainer already prepared.
"""

from __future__ import annotations

import csv
import itertools
import time
from collections.abc import Iterator
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np

from cli.screen import Screen, table
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

TELCO = Path(__file__).parents[2] / "examples/data/telco-churn/telco-churn.csv"
NUMBERS = ("tenure", "MonthlyCharges", "TotalCharges")
TEXTS = ("Contract", "InternetService", "PaymentMethod", "OnlineSecurity", "TechSupport", "PaperlessBilling", "Partner")
ROWS = 20
SAMPLES = (200, 800, 3200)
TREES = {"n_estimators": 200, "early_stopping_rounds": 0}


class Quiet:
    """A watch that nobody reads."""

    def say(self, message: str) -> None:
        pass

    def point(self, point: LearningPoint, steps: int) -> None:
        pass

    def stopping(self) -> bool:
        return False


def main() -> None:
    splits = telco()
    rows = splits.test.take(np.arange(ROWS)).inputs
    told = []
    for algorithm, parameters in (("logistic", {}), ("lightgbm", TREES)):
        model = trained(algorithm, parameters, splits)
        truth = by_all_subsets(model, rows)
        told += list(judged(algorithm, model, rows, truth))
    Screen(as_json=False).answer(
        told, table(("model", "method", "largest error", "mean error", "told", "runs", "ms"), told)
    )


def telco() -> Splits:
    with TELCO.open(newline="") as file:
        records = list(csv.DictReader(file))

    def column(name: str) -> Array:
        values = [record[name].strip() for record in records]
        if name in NUMBERS:
            made = np.array([float(value) if value else np.nan for value in values], dtype=np.float32)
        else:
            made = np.array(values, dtype=object)
        return made.reshape(-1, 1)

    inputs = {name: column(name) for name in (*NUMBERS, *TEXTS)}
    whole = Rows(inputs, np.array([record["Churn"] == "Yes" for record in records], dtype=np.int64))
    place = np.arange(len(whole)) % 10
    parts = [whole.take(place < 7), whole.take(place == 7), whole.take(place > 7)]
    return Splits(*parts, ("No", "Yes"))


def trained(algorithm: str, parameters: dict[str, Any], splits: Splits) -> Trained:
    numbers = [Column(name=name, type="float64", nullable=name == "TotalCharges") for name in NUMBERS]
    seen = {name: tuple(sorted(set(splits.train.inputs[name][:, 0]))) for name in TEXTS}
    texts = [Column(name=name, type="string", nullable=False, categories=seen[name]) for name in TEXTS]
    spec = {"model": "m", "task": "classification", "dataset": "d", "target": "Churn", "algorithm": algorithm}
    return train_table(spec_from(spec | {"hyperparameters": parameters}), [*numbers, *texts], splits, Quiet())


def by_all_subsets(model: Trained, rows: dict[str, Array]) -> dict[str, Array]:
    """Shapley values (rows, columns) of the log-odds and of the probability of the second class, by definition."""
    names = [spec.name for spec in model.signature.inputs]
    reference, session = reference_columns(model.explainer, model.signature), Session(model.onnx)
    count = len(names)
    sets = [frozenset(chosen) for size in range(count + 1) for chosen in itertools.combinations(range(count), size)]
    found: dict[str, list[Array]] = {"log-odds": [], "probability": []}
    for row in range(ROWS):
        mixed = {
            name: np.concatenate([
                np.repeat(rows[name][row : row + 1], len(reference[name]), axis=0) if at in chosen else reference[name]
                for chosen in sets
            ])
            for at, name in enumerate(names)
        }  # fmt: skip
        likely = session.run(mixed)["probabilities"].astype(np.float64)
        scales = {"log-odds": np.log(likely[:, 1] / likely[:, 0]), "probability": likely[:, 1]}
        for scale, answers in scales.items():
            worth = dict(zip(sets, answers.reshape(len(sets), -1).mean(axis=1), strict=True))
            found[scale].append(_values(worth, count))
    return {scale: np.array(values) for scale, values in found.items()}


def _values(worth: dict[frozenset[int], float], count: int) -> Array:
    values = np.zeros(count)
    for chosen, value in worth.items():
        for player in chosen:
            size = len(chosen) - 1
            weight = factorial(size) * factorial(count - size - 1) / factorial(count)
            values[player] += weight * (value - worth[chosen - {player}])
    return values


def judged(name: str, model: Trained, rows: dict[str, Array], truth: dict[str, Array]) -> Iterator[tuple[Any, ...]]:
    explained = Explanations.of(model.signature, model.explainer, Session(model.onnx).run, time.perf_counter)
    for method, samples in (("exact", 0), *(("sampled", samples) for samples in SAMPLES)):
        options = Options(method, budget_ms=20_000, samples=samples or 16, of_class="Yes")
        explained.explain(rows, options)
        began = time.process_time()
        told = explained.explain(rows, options)
        spent = (time.process_time() - began) * 1000 / ROWS
        scale = told["rows"][0]["scale"]
        error = np.abs(np.array([list(row["contributions"].values()) for row in told["rows"]]) - truth[scale])
        errors = [list(row["standard_error"].values()) for row in told["rows"] if "standard_error" in row]
        method_told = f"{told['method']}, {samples} samples" if samples else f"{told['method']}, exact"
        largest, mean = f"{error.max():.1e} {scale}", f"{error.mean():.1e}"
        yield (
            name,
            method_told,
            largest,
            mean,
            f"{np.mean(errors):.1e}" if errors else "-",
            told["runs"],
            round(spent, 3),
        )


if __name__ == "__main__":
    main()
