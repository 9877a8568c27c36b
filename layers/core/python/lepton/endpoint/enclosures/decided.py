"""Decisions on an answer: one for each row, in order."""

from __future__ import annotations

from typing import Any

from lepton.decision.table import DecisionTable, Place
from lepton.endpoint.enclosures.given import Given, elements


def decisions(table: DecisionTable, given: Given) -> list[dict[str, str]]:
    """`decision`, `reason` and `rule` of each row."""
    columns = {place: _column(place, given) for place in table.places}
    made = []
    for row in range(given.request.rows):
        decided = table.decide({place: values[row] for place, values in columns.items()})
        made.append({"decision": decided.decision, "reason": decided.reason, "rule": decided.rule})
    return made


def _column(place: Place, given: Given) -> list[Any]:
    side, name, of_class = place
    if side == "input":
        return elements(given.request.inputs, name)
    values = given.output(name)
    if of_class is None:
        return values
    classes = given.manifest.signature.classes
    return values[classes.index(of_class) :: len(classes)]
