"""The tree of errors that is drawn is the tree that is there, and each error is told."""

import re

import pytest

from lepton import errors
from lepton.errors import LeptonError
from tests.house.repository import text


def _family(root: type[LeptonError]) -> list[type[LeptonError]]:
    return [root, *(kind for child in root.__subclasses__() for kind in _family(child))]


KINDS = [kind for kind in _family(LeptonError) if kind.__module__ == errors.__name__]


def _drawn() -> list[tuple[str, int, int | None]]:
    """(name, depth, status) of each line of the drawing; the status is drawn for leaves only."""
    lines = re.findall(r"^    ([ │]*)[├└]── (\w+) +(\d{3})?", errors.__doc__ or "", re.MULTILINE)
    return [(name, 1 + len(indent) // 4, int(status) if status else None) for indent, name, status in lines]


def test_the_drawn_tree_names_every_error_in_its_place() -> None:
    real = [(kind.__name__, len(kind.__mro__) - LeptonError.__mro__.index(Exception) - 3) for kind in KINDS[1:]]
    assert [(name, depth) for name, depth, _ in _drawn()] == real


def test_the_drawn_statuses_are_the_real_ones() -> None:
    drawn = {name: status for name, _, status in _drawn() if status}
    assert drawn
    assert {name: getattr(errors, name).status for name in drawn} == drawn


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_code_is_told_in_the_documents(kind: type[LeptonError]) -> None:
    assert f"`{kind.code}`" in text("docs/errors.md")


def test_exit_codes_are_the_contract_between_trainer_and_trigger() -> None:
    contract = {errors.InvalidSpec: 64, errors.RejectedUpload: 65, errors.NotFound: 66, LeptonError: 70}
    assert {kind: kind.exit_code for kind in contract} == contract
    assert {kind.exit_code for kind in KINDS if kind.retry} == {75}


def test_only_errors_that_trying_again_may_mend_say_so() -> None:
    assert {kind for kind in KINDS if kind.retry} == {kind for kind in KINDS if issubclass(kind, errors.TransientError)}
