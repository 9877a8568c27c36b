"""A table's own tests: each example's values through the evaluator, and whether it decides as it must."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lepton.decision.rules import Decisions, Example
from lepton.decision.table import DecisionTable, Place, Value, compiled, rounded
from lepton.decision.vocabulary import Vocabulary
from lepton.errors import InvalidSpec

# Values of input columns (those that are left out are missing) to outputs, as an Example has them.
Ask = Callable[[Mapping[str, Any]], Mapping[str, Any]]


def run_examples(
    decisions: Decisions, vocabulary: Vocabulary, ask: Ask | None, pointer: str = "/decisions"
) -> tuple[int, int]:
    """How many examples hold, and how many were left for later, as they need a model and `ask` is None.

    Raises InvalidSpec with a pointer to the first that does not hold.
    """
    table = compiled(decisions.document(), vocabulary.datatypes)
    held = 0
    for index, example in enumerate(decisions.tests):
        outputs = example.outputs
        if outputs is None:
            if ask is None:
                continue
            outputs = dict(ask(example.inputs))
        _check(table, example, row_of(table, example.inputs, outputs, vocabulary), f"{pointer}/tests/{index}")
        held += 1
    return held, len(decisions.tests) - held


def row_of(
    table: DecisionTable, inputs: Mapping[str, Any], outputs: Mapping[str, Any], vocabulary: Vocabulary
) -> dict[Place, Value]:
    """The values at the table's places, numbers as the wire's datatypes hold them."""
    row: dict[Place, Value] = {}
    for place in table.places:
        side, name, of_class = place
        value = (inputs if side == "input" else outputs).get(name)
        if of_class is not None and isinstance(value, Mapping):
            value = value.get(of_class)
        row[place] = None if value is None else rounded(value, vocabulary.datatypes[side, name])
    return row


def _check(table: DecisionTable, example: Example, row: Mapping[Place, Value], pointer: str) -> None:
    made = table.decide(row)
    if made.decision != example.decision or example.rule not in (None, made.rule):
        wanted = f"{example.decision!r}" + (f" by rule {example.rule!r}" if example.rule else "")
        looked = ", ".join(f"{place[1]}{f' of {place[2]!r}' if place[2] else ''} = {row[place]!r}" for place in row)
        raise InvalidSpec(
            f"the example expects {wanted}, decided is {made.decision!r} by rule {made.rule!r}",
            pointer=pointer,
            hint=f"the rules looked at {looked}"[:500],
        )
