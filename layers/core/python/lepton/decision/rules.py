"""The table of rules as people write it: ordered, the first rule that holds decides, `otherwise` when none does."""

from __future__ import annotations

import json
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Operator = Literal["<", "<=", ">", ">=", "==", "!=", "in", "is_missing"]
Scalar = bool | int | float | str
FILE = "decisions.json"
_NAME = r"^[a-z0-9][a-z0-9-]{0,62}$"
OTHERWISE = "otherwise"


class _Frozen(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, serialize_by_alias=True
    )


class Clause(_Frozen):
    """A condition on one input or output, or a group of clauses: exactly one of input, output, all, any.

    A missing value fulfils no comparison, not even `!=`; `is_missing` asks for it, with value true (the default) or
    false.
    """

    input: str | None = Field(default=None, description="The input column that is looked at.")
    output: str | None = Field(default=None, description="The output that is looked at.")
    of_class: str | None = Field(
        default=None, alias="class", description="Whose probability, where the output has one for each class."
    )
    op: Operator | None = Field(default=None, description="How it is compared.")
    value: Scalar | tuple[Scalar, ...] | None = Field(default=None, description="With what; a list for `in`.")
    all: tuple[Clause, ...] | None = Field(default=None, min_length=1, description="Clauses that must all hold.")
    any: tuple[Clause, ...] | None = Field(default=None, min_length=1, description="Clauses one of which must hold.")

    @model_validator(mode="after")
    def _one_thing(self) -> Clause:
        given = [name for name in ("input", "output", "all", "any") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError("exactly one of input, output, all, any is needed")
        if given[0] in ("all", "any"):
            if self.op is not None or self.value is not None or self.of_class is not None:
                raise ValueError("a group has no op, value or class of its own")
            return self
        if self.of_class is not None and self.output is None:
            raise ValueError("only an output has classes")
        return self._checked_value()

    def _checked_value(self) -> Clause:
        value = self.value
        if self.op is None:
            raise ValueError("op is missing")
        if self.op == "is_missing":
            if value is not None and not isinstance(value, bool):
                raise ValueError("is_missing takes true or false")
        elif self.op == "in":
            if not isinstance(value, tuple) or not value:
                raise ValueError("`in` takes a list with at least one value")
        elif value is None or isinstance(value, tuple):
            raise ValueError(f"`{self.op}` takes one value")
        return self


class DecisionRule(_Frozen):
    """`when`: clauses that must all hold."""

    rule: str = Field(pattern=_NAME, description="The rule's name, told with each answer that it decided.")
    when: tuple[Clause, ...] = Field(min_length=1, description="Clauses that must all hold.")
    decision: str = Field(min_length=1, max_length=200, description="What is decided then.")
    reason: str = Field(min_length=1, max_length=1000, description="Why, for a person.")

    @model_validator(mode="after")
    def _own_name(self) -> DecisionRule:
        if self.rule == OTHERWISE:
            raise ValueError(f"{OTHERWISE!r} is the name of what happens when no rule holds")
        return self


class Otherwise(_Frozen):
    """What is decided when no rule holds."""

    decision: str = Field(min_length=1, max_length=200, description="What is decided then.")
    reason: str = Field(default="no rule holds", min_length=1, max_length=1000, description="Why, for a person.")


class Example(_Frozen):
    """A test of the table. Without `outputs` the trained model gives them; inputs that are left out are missing.

    `outputs`: by name; probabilities as an object of them by class.
    """

    inputs: dict[str, Scalar | None] = Field(default_factory=dict, description="Values of input columns.")
    outputs: dict[str, Scalar | dict[str, float]] | None = Field(
        default=None, description="What the model is taken to have said. Null: it is asked."
    )
    decision: str = Field(description="What must be decided.")
    rule: str | None = Field(default=None, description="By which rule. Null: by any.")


class Decisions(_Frozen):
    """decisions.json, and the member `decisions` of a spec."""

    schema_version: Literal[1] = Field(default=1, description="Version of this schema.")
    rules: tuple[DecisionRule, ...] = Field(
        min_length=1, max_length=200, description="In order: the first that holds decides."
    )
    otherwise: Otherwise = Field(description="The decision for every row that no rule holds for.")
    tests: tuple[Example, ...] = Field(
        default=(), max_length=200, description="Examples that the planner and the trainer hold the table to."
    )

    @model_validator(mode="after")
    def _names_once(self) -> Decisions:
        names = [rule.rule for rule in self.rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"there are two rules {twice!r}")
        return self

    def document(self) -> dict[str, Any]:
        """As JSON has it: what is stored, and what the evaluator reads."""
        return self.model_dump(mode="json", exclude_none=True)

    def body(self) -> bytes:
        """decisions.json: the same bytes for the same table."""
        return json.dumps(self.document(), sort_keys=True, ensure_ascii=False, indent=1).encode()
