"""Publish, promote, roll back, resolve: the registry over an object store, without a table and without a lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from lepton import lake
from lepton.errors import Conflict, CorruptArtifact, NotFound
from lepton.ports import ObjectStore
from lepton.registry.records import HISTORY, Alias, Move, Verdict
from lepton.rollout.rule import Pin, Rollout

JSON = "application/json"


class Registry:
    """All methods raise TransientError when the store does; names are checked before they become keys."""

    def __init__(self, lake_store: ObjectStore) -> None:
        self._lake = lake_store

    def record(self, verdict: Verdict) -> Verdict:
        """Write the verdict once; a second call returns what is there, whatever it is given.

        The one exception: a pass takes the place of another run's refusal, because the same bytes may be judged
        again by a looser gate. A pass is never taken back.
        """
        key = lake.registry_version(verdict.model, verdict.version)
        body = verdict.model_dump_json(indent=1).encode()
        try:
            self._lake.put(key, body, content_type=JSON, if_absent=True)
        except Conflict:
            present, etag = self._verdict(verdict.model, verdict.version)
            if present.passed or not verdict.passed or present.run == verdict.run:
                return present
            try:
                self._lake.put(key, body, content_type=JSON, if_etag=etag)
            except Conflict:
                return self.verdict(verdict.model, verdict.version)  # only another pass can have been faster
        return verdict

    def verdict(self, model: str, version: str) -> Verdict:
        """Raises NotFound when the gate has not seen this version."""
        return self._verdict(model, version)[0]

    def _verdict(self, model: str, version: str) -> tuple[Verdict, str]:
        try:
            blob = self._lake.get(lake.registry_version(model, version))
        except NotFound as error:
            raise NotFound(
                f"model {model!r} has no version {version!r}",
                pointer="/version",
                hint=f"lepton models show {model}",
            ) from error
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return Verdict.model_validate_json(blob.body), blob.etag

    def alias(self, model: str, alias: str) -> tuple[Alias, str]:
        """The alias and its etag. Raises NotFound."""
        found = self.moved(model, alias, None)
        assert found is not None  # noqa: S101  # None only when an etag was given
        return found

    def moved(self, model: str, alias: str, etag: str | None) -> tuple[Alias, str] | None:
        """The alias and its etag, None when its etag still is the one given. Raises NotFound, CorruptArtifact."""
        key = lake.registry_alias(model, alias)
        try:
            blob = self._lake.get(key, unless_etag=etag)
            return None if blob is None else (Alias.model_validate_json(blob.body), blob.etag)
        except ValidationError as error:
            raise CorruptArtifact(f"{key} is not an alias", hint="promote a version again") from error
        except NotFound as error:
            raise NotFound(
                f"model {model!r} has no alias {alias!r}", pointer="/model", hint="lepton models list"
            ) from error

    def check_passed(self, model: str, version: str) -> None:
        """Raises NotFound for a version that the gate has not seen, Conflict for one that it refused."""
        if not self.verdict(model, version).passed:
            raise Conflict(
                f"version {version} of {model!r} was refused by the gate",
                pointer="/version",
                hint=f"lepton models show {model} {version} says why",
            )

    def promote(
        self,
        model: str,
        alias: str,
        version: str,
        *,
        by: str,
        at: datetime,
        reason: str = "promoted",
        if_generation: int | None = None,
    ) -> Alias:
        """Point the alias at a version that passed the gate; pointing it where it points changes nothing.

        A rollout beside it is over with that; a pin stays.

        Raises NotFound for an unknown version, Conflict for a refused one, when `if_generation` is no longer the
        alias's (0: does not exist yet), or when another writer won the race.
        """
        self.check_passed(model, version)
        current, etag = self._current(model, alias)
        generation = current.generation if current else 0
        if if_generation is not None and if_generation != generation:
            raise Conflict(
                f"{alias!r} of {model!r} is at generation {generation}, not {if_generation}",
                pointer="/if_generation",
                hint="somebody moved it since you looked: look again",
            )
        if current and current.version == version:
            return current
        move = Move(generation=generation + 1, version=version, by=by, reason=reason, at=at)
        return self._move(model, alias, move, (current, etag), None, current.pinned if current else None)

    def rollback(self, model: str, alias: str, *, by: str, at: datetime) -> Alias:
        """Point the alias back at `previous`. Raises NotFound without an alias, Conflict without a previous one."""
        current, etag = self.alias(model, alias)
        if current.previous is None:
            raise Conflict(
                f"{alias!r} of {model!r} has never pointed elsewhere: there is nothing to roll back to",
                pointer="/alias",
                hint=f"lepton models promote {model} VERSION points it elsewhere",
            )
        move = Move(generation=current.generation + 1, version=current.previous, by=by, reason="rolled back", at=at)
        return self._move(model, alias, move, (current, etag), None, current.pinned)

    def amend(
        self,
        found: tuple[Alias, str],
        *,
        by: str,
        at: datetime,
        reason: str,
        rollout: Rollout | None = None,
        pinned: Pin | None = None,
    ) -> Alias:
        """Change what stands beside the version of the alias that was read; Conflict when it has moved since."""
        current = found[0]
        move = Move(generation=current.generation + 1, version=current.version, by=by, reason=reason, at=at)
        return self._move(current.model, current.alias, move, found, rollout, pinned)

    def models(self) -> list[str]:
        """Names of all models with at least one verdict, sorted."""
        return sorted(self._models())  # keys are not: "churn-b/" comes before "churn/"

    def _models(self) -> Iterator[str]:
        after = "registry/"
        while (entry := next(iter(self._lake.list("registry/", after=after)), None)) is not None:
            model = entry.key.split("/")[1]
            yield model
            after = f"registry/{model}/\U0010ffff"

    def versions(self, model: str) -> list[Verdict]:
        """All verdicts of a model, oldest first. Raises NotFound when there are none."""
        found = [self.verdict(model, version) for version in self.version_names(model)]
        if not found:
            raise NotFound(f"there is no model {model!r}", pointer="/model", hint="lepton models list")
        return sorted(found, key=lambda verdict: (verdict.at, verdict.version))

    def version_names(self, model: str) -> list[str]:
        """Every version that has a verdict, by one listing; empty when the model has none."""
        prefix = f"registry/{lake.checked_name(model, 'model')}/versions/"
        return [entry.key.rsplit("/", 1)[-1].removesuffix(".json") for entry in self._lake.list(prefix)]

    def aliases(self, model: str) -> list[Alias]:
        """All aliases of a model in name order; empty when it has none."""
        prefix = f"registry/{lake.checked_name(model, 'model')}/aliases/"
        names = [entry.key.rsplit("/", 1)[-1].removesuffix(".json") for entry in self._lake.list(prefix)]
        return [self.alias(model, name)[0] for name in names]

    def _current(self, model: str, alias: str) -> tuple[Alias | None, str | None]:
        try:
            return self.alias(model, alias)
        except NotFound:
            return None, None

    def _move(
        self,
        model: str,
        alias: str,
        move: Move,
        found: tuple[Alias | None, str | None],
        rollout: Rollout | None,
        pinned: Pin | None,
    ) -> Alias:
        current, etag = found
        stays = current is not None and current.version == move.version
        moved = Alias(
            model=model,
            alias=alias,
            generation=move.generation,
            version=move.version,
            previous=(current.previous if stays else current.version) if current else None,
            rollout=rollout,
            pinned=pinned,
            by=move.by,
            at=move.at,
            history=((current.history if current else ()) + (move,))[-HISTORY:],
        )
        body = moved.model_dump_json(indent=1).encode()
        key = lake.registry_alias(model, alias)
        try:
            self._lake.put(key, body, content_type=JSON, if_absent=etag is None, if_etag=etag)
        except Conflict as error:
            won, _ = self.alias(model, alias)
            if won == moved:
                return won  # our own write, whose acknowledgement was lost and which was sent again
            raise Conflict(
                f"{alias!r} of {model!r} was moved to {won.version} by {won.by} at the same time",
                hint="look at it and try again",
            ) from error
        return moved
