"""The registry against a model of it that is two dicts: whatever is done, both say the same."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from lepton.errors import Conflict, NotFound
from lepton.memory import MemoryObjectStore
from lepton.registry import Registry, Verdict

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MODELS = st.sampled_from(["churn", "churn-b"])
ALIASES = st.sampled_from(["live", "canary"])
VERSIONS = st.sampled_from(["111111111111", "222222222222", "333333333333"])
RUNS = st.sampled_from(["churn-aaaaaaaaaaaa", "churn-bbbbbbbbbbbb"])


class RegistryMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.registry = Registry(MemoryObjectStore())
        self.verdicts: dict[tuple[str, str], tuple[bool, str]] = {}
        self.aliases: dict[tuple[str, str], list[str]] = {}

    @rule(model=MODELS, version=VERSIONS, passed=st.booleans(), run=RUNS)
    def record(self, model: str, version: str, passed: bool, run: str) -> None:
        told = Verdict(model=model, version=version, run=run, passed=passed, checks=(), at=NOW)
        present = self.verdicts.get((model, version))
        if present is None or (passed and not present[0] and present[1] != run):
            self.verdicts[model, version] = (passed, run)
        recorded = self.registry.record(told)
        assert (recorded.passed, recorded.run) == self.verdicts[model, version]

    @rule(model=MODELS, alias=ALIASES, version=VERSIONS, generation=st.none() | st.integers(0, 4))
    def promote(self, model: str, alias: str, version: str, generation: int | None) -> None:
        moves = self.aliases.get((model, alias), [])
        try:
            moved = self.registry.promote(model, alias, version, by="x", at=NOW, if_generation=generation)
        except NotFound:
            assert (model, version) not in self.verdicts
        except Conflict:
            assert not self.verdicts[model, version][0] or generation not in (None, len(moves))
        else:
            if not moves or moves[-1] != version:
                self.aliases[model, alias] = [*moves, version]
            assert moved.generation == len(self.aliases[model, alias])

    @rule(model=MODELS, alias=ALIASES)
    def roll_back(self, model: str, alias: str) -> None:
        moves = self.aliases.get((model, alias), [])
        try:
            self.registry.rollback(model, alias, by="x", at=NOW)
        except NotFound:
            assert not moves
        except Conflict:
            assert len(moves) == 1
        else:
            self.aliases[model, alias] = [*moves, moves[-2]]

    @invariant()
    def aliases_point_to_versions_that_passed(self) -> None:
        for (model, alias), moves in self.aliases.items():
            stored = self.registry.alias(model, alias)[0]
            assert [move.version for move in stored.history] == moves[-50:]
            assert (stored.version, stored.previous) == (moves[-1], moves[-2] if len(moves) > 1 else None)
            assert self.registry.verdict(model, stored.version).passed

    @invariant()
    def listing_is_whole(self) -> None:
        assert self.registry.models() == sorted({model for model, _ in self.verdicts})


RegistryMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
test_registry_agrees_with_its_model = RegistryMachine.TestCase
