from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from lepton.errors import Conflict, InvalidRequest, LeptonError, NotFound
from lepton.memory import MemoryObjectStore
from lepton.registry import Alias, Registry, Verdict
from lepton.registry.records import HISTORY, Check

NOW = datetime(2026, 3, 1, tzinfo=UTC)
V1, V2, V3 = "111111111111", "222222222222", "333333333333"


class LosesAcknowledgements(MemoryObjectStore):
    """The first conditional write on each alias lands and then seems to have lost the race: it was sent twice."""

    def put(self, key: str, body: bytes, **conditions: object) -> str:  # type: ignore[override]
        super().put(key, body, **conditions)  # type: ignore[arg-type]
        raise Conflict(f"object {key!r} is not what it was")


def a_verdict(version: str, passed: bool = True, run: str = "churn-0123456789ab", model: str = "churn") -> Verdict:
    check = Check(check="size_mb", figure=1.0, bound=100.0, holds=passed, reason="size")
    return Verdict(model=model, version=version, run=run, passed=passed, checks=(check,), at=NOW)


def a_registry(*versions: str) -> Registry:
    registry = Registry(MemoryObjectStore())
    for version in versions:
        registry.record(a_verdict(version))
    return registry


def promote(registry: Registry, version: str, by: str = "ada", **more: int) -> Alias:
    return registry.promote("churn", "live", version, by=by, at=NOW, if_generation=more.get("if_generation"))


def test_promoting_and_rolling_back_moves_the_alias() -> None:
    registry = a_registry(V1, V2)
    promote(registry, V1)
    moved = promote(registry, V2)
    assert (moved.version, moved.previous, moved.generation) == (V2, V1, 2)
    back = registry.rollback("churn", "live", by="bob", at=NOW)
    assert (back.version, back.previous, back.generation, back.by) == (V1, V2, 3, "bob")
    assert [(move.version, move.by) for move in back.history] == [(V1, "ada"), (V2, "ada"), (V1, "bob")]


def test_promoting_what_is_live_changes_nothing() -> None:
    registry = a_registry(V1)
    assert promote(registry, V1, by="bob") == promote(registry, V1, by="ada")


def test_refused_version_is_not_promoted() -> None:
    registry = a_registry()
    registry.record(a_verdict(V1, passed=False))
    with pytest.raises(Conflict, match="refused by the gate"):
        promote(registry, V1)


def test_unknown_version_alias_and_model_are_told() -> None:
    registry = a_registry(V1)
    with pytest.raises(NotFound, match="no version"):
        promote(registry, V2)
    with pytest.raises(NotFound, match="no alias"):
        registry.alias("churn", "live")
    with pytest.raises(NotFound, match="no model"):
        registry.versions("digits")


@pytest.mark.parametrize("name", ["../x", "", "A", "a/b", "x" * 64, "live\n"])
def test_name_that_could_be_a_path_is_refused(name: str) -> None:
    registry = a_registry(V1)
    with pytest.raises(InvalidRequest):
        registry.promote("churn", name, V1, by="ada", at=NOW)
    with pytest.raises(InvalidRequest):
        registry.verdict("churn", name)


def test_first_move_has_nothing_to_roll_back_to() -> None:
    registry = a_registry(V1)
    promote(registry, V1)
    with pytest.raises(Conflict, match="nothing to roll back"):
        registry.rollback("churn", "live", by="ada", at=NOW)


def test_generation_that_has_passed_is_a_conflict() -> None:
    registry = a_registry(V1, V2)
    promote(registry, V1, if_generation=0)
    with pytest.raises(Conflict, match="at generation 1, not 0"):
        promote(registry, V2, if_generation=0)
    assert promote(registry, V2, if_generation=1).generation == 2


def test_verdict_is_written_once() -> None:
    registry = a_registry(V1)
    assert registry.record(a_verdict(V1, passed=False)).passed
    assert registry.verdict("churn", V1).passed


def test_pass_of_another_run_takes_the_place_of_a_refusal() -> None:
    registry = a_registry()
    registry.record(a_verdict(V1, passed=False))
    assert not registry.record(a_verdict(V1)).passed  # the same run cannot change its mind
    assert registry.record(a_verdict(V1, run="churn-ba9876543210")).passed
    assert registry.verdict("churn", V1).run == "churn-ba9876543210"


def test_of_racing_promotions_every_move_is_in_the_history() -> None:
    registry = a_registry(V1, V2, V3)

    def race(version: str) -> Alias | LeptonError:
        try:
            return promote(registry, version, by=version)
        except Conflict as error:
            return error

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(race, [V1, V2, V3] * 6))
    alias = registry.alias("churn", "live")[0]
    won = {result.generation for result in results if isinstance(result, Alias)}
    assert won >= {move.generation for move in alias.history}
    assert [move.generation for move in alias.history] == list(range(1, alias.generation + 1))


def test_of_racing_promotions_of_one_generation_one_wins() -> None:
    registry = a_registry(V1, V2)

    def race(number: int) -> bool:
        try:
            promote(registry, (V1, V2)[number % 2], by=f"writer-{number}", if_generation=0)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(race, range(8))) == 1


def test_lost_acknowledgement_of_our_own_move_is_no_conflict() -> None:
    registry = Registry(LosesAcknowledgements())
    registry.record(a_verdict(V1))
    assert promote(registry, V1) == registry.alias("churn", "live")[0]


def test_history_is_cut_at_its_bound() -> None:
    registry = a_registry(V1, V2)
    for number in range(HISTORY + 5):
        promote(registry, (V1, V2)[number % 2])
    alias = registry.alias("churn", "live")[0]
    assert (len(alias.history), alias.generation) == (HISTORY, HISTORY + 5)
    assert registry.rollback("churn", "live", by="ada", at=NOW).version == alias.previous


def test_models_versions_and_aliases_are_listed() -> None:
    registry = a_registry(V1, V2)
    registry.record(a_verdict(V3, model="digits"))
    registry.record(a_verdict(V3, model="churn-b"))
    promote(registry, V2)
    assert registry.models() == ["churn", "churn-b", "digits"]
    assert [verdict.version for verdict in registry.versions("churn")] == [V1, V2]
    assert [alias.alias for alias in registry.aliases("churn")] == ["live"]
