"""What the rules of a model may speak of: its inputs, outputs and classes. Used by planner and trainer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from lepton.decision.rules import Clause, Decisions, Scalar
from lepton.errors import InvalidSpec
from lepton.model_package.manifest import Signature, TensorSpec

Kind = Literal["number", "text"]
_ORDERED = frozenset({"<", "<=", ">", ">="})


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """`datatypes` of the wire by ("input" or "output", name); `by_class`: outputs with one number for each class.

    `classes` is None where they are not known before training.
    """

    datatypes: Mapping[tuple[str, str], str]
    by_class: frozenset[str]
    classes: tuple[str, ...] | None

    @classmethod
    def of_signature(cls, signature: Signature) -> Vocabulary:
        """One value a row, or one for each class; a tensor of any other shape has nothing for a rule to look at."""
        inputs = {("input", spec.name): spec.datatype for spec in signature.inputs if _scalar(spec)}
        outputs = {("output", spec.name): spec.datatype for spec in signature.outputs if _scalar(spec)}
        wide = [spec for spec in signature.outputs if signature.classes and spec.shape == (-1, len(signature.classes))]
        outputs |= {("output", spec.name): spec.datatype for spec in wide}
        return cls(inputs | outputs, frozenset(spec.name for spec in wide), signature.classes)


def _scalar(spec: TensorSpec) -> bool:
    return spec.shape in ((-1,), (-1, 1))


def check(decisions: Decisions, vocabulary: Vocabulary, pointer: str = "/decisions") -> None:
    """Raises InvalidSpec, with a pointer to the first clause or example that means nothing for this model."""
    for index, rule in enumerate(decisions.rules):
        _check_clauses(rule.when, vocabulary, f"{pointer}/rules/{index}/when")
    outcomes = {rule.decision for rule in decisions.rules} | {decisions.otherwise.decision}
    names = {rule.rule for rule in decisions.rules} | {"otherwise"}
    for index, example in enumerate(decisions.tests):
        at = f"{pointer}/tests/{index}"
        if example.decision not in outcomes:
            raise InvalidSpec(f"no rule decides {example.decision!r}", pointer=f"{at}/decision", hint=_one_of(outcomes))
        if example.rule is not None and example.rule not in names:
            raise InvalidSpec(f"there is no rule {example.rule!r}", pointer=f"{at}/rule", hint=_one_of(names))
        for name, value in example.inputs.items():
            _check_known("input", name, vocabulary, f"{at}/inputs/{name}")
            if value is not None:
                _check_kind(value, vocabulary.datatypes["input", name], f"{at}/inputs/{name}")
        for name, given in (example.outputs or {}).items():
            _check_output(name, given, vocabulary, f"{at}/outputs/{name}")


def _check_clauses(clauses: Sequence[Clause], vocabulary: Vocabulary, pointer: str) -> None:
    for index, clause in enumerate(clauses):
        at = f"{pointer}/{index}"
        if clause.all is not None or clause.any is not None:
            _check_clauses(clause.all or clause.any or (), vocabulary, f"{at}/{'all' if clause.all else 'any'}")
            continue
        side, name = ("input", clause.input) if clause.input is not None else ("output", str(clause.output))
        assert name is not None  # noqa: S101  # the model has seen to it
        _check_known(side, name, vocabulary, f"{at}/{side}")
        if side == "output":
            _check_class(name, clause.of_class, vocabulary, at)
        datatype = vocabulary.datatypes[side, name]
        if clause.op in _ORDERED and datatype == "BYTES":
            raise InvalidSpec(f"{name!r} is text, which has no order", pointer=f"{at}/op", hint="== or in would fit")
        for value in _values(clause):
            _check_kind(value, datatype, f"{at}/value")


def _values(clause: Clause) -> Iterator[Scalar]:
    if clause.op == "is_missing" or clause.value is None:
        return
    yield from clause.value if isinstance(clause.value, tuple) else (clause.value,)


def _check_known(side: str, name: str, vocabulary: Vocabulary, pointer: str) -> None:
    if (side, name) not in vocabulary.datatypes:
        known = sorted(known for one, known in vocabulary.datatypes if one == side)
        raise InvalidSpec(
            f"the model has no {side} {name!r} that a rule could look at", pointer=pointer, hint=_one_of(known)
        )


def _check_class(name: str, of_class: str | None, vocabulary: Vocabulary, pointer: str) -> None:
    if name not in vocabulary.by_class:
        if of_class is not None:
            raise InvalidSpec(f"output {name!r} has no classes", pointer=f"{pointer}/class", hint="leave it out")
        return
    if of_class is None:
        hint = _one_of(vocabulary.classes) if vocabulary.classes else "name one of the target's values"
        raise InvalidSpec(f"output {name!r} has a number for each class: which?", pointer=f"{pointer}/class", hint=hint)
    if vocabulary.classes is not None and of_class not in vocabulary.classes:
        raise InvalidSpec(
            f"there is no class {of_class!r}", pointer=f"{pointer}/class", hint=_one_of(vocabulary.classes)
        )


def _check_output(name: str, given: Scalar | Mapping[str, float], vocabulary: Vocabulary, pointer: str) -> None:
    _check_known("output", name, vocabulary, pointer)
    if isinstance(given, Mapping) != (name in vocabulary.by_class):
        form = "an object of numbers by class" if name in vocabulary.by_class else "one value"
        raise InvalidSpec(f"output {name!r} is {form}", pointer=pointer)
    if isinstance(given, Mapping):
        for of_class in given:
            _check_class(name, of_class, vocabulary, f"{pointer}/{of_class}")
    else:
        _check_kind(given, vocabulary.datatypes["output", name], pointer)


def _check_kind(value: Scalar, datatype: str, pointer: str) -> None:
    text = datatype == "BYTES"
    if isinstance(value, str) != text:
        raise InvalidSpec(f"{value!r} is not {'text' if text else 'a number'}", pointer=pointer)


def _one_of(known: Sequence[str] | set[str]) -> str:
    return "one of " + ", ".join(sorted(known)[:40])
