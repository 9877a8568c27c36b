"""Decision tables for tests, and what a rule may speak of in them."""

from __future__ import annotations

from typing import Any

from lepton.decision.rules import Decisions
from lepton.decision.table import DecisionTable, compiled
from lepton.decision.vocabulary import Vocabulary

DATATYPES = {
    ("input", "age"): "FP32",
    ("input", "plan"): "BYTES",
    ("input", "count"): "INT64",
    ("output", "label"): "BYTES",
    ("output", "probabilities"): "FP32",
}
VOCABULARY = Vocabulary(DATATYPES, frozenset({"probabilities"}), ("No", "Yes"))
AGE, PLAN, COUNT = ("input", "age", None), ("input", "plan", None), ("input", "count", None)
YES = ("output", "probabilities", "Yes")


def rule(*when: dict[str, Any], name: str = "first", decision: str = "yes") -> dict[str, Any]:
    return {"rule": name, "when": list(when), "decision": decision, "reason": f"by {name}"}


def decisions(*rules: dict[str, Any], **more: Any) -> Decisions:
    return Decisions.model_validate({"rules": list(rules), "otherwise": {"decision": "no"}} | more)


def table(*when: dict[str, Any]) -> DecisionTable:
    """One rule with these clauses: `yes` when all of them hold, else `no`."""
    return compiled(decisions(rule(*when)).document(), DATATYPES)


def holds(clause: dict[str, Any], value: Any) -> bool:
    """Whether the clause holds when the one value it looks at is this."""
    made = table(clause)
    (place,) = made.places
    return made.decide({place: value}).decision == "yes"
