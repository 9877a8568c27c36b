"""Which model answers: aliases looked at again within a stated bound, versions loaded beside each other, swapped whole.

A request pays for a look at the alias (one conditional read) at most once in `staleness` seconds, and for loading when
the alias moved. The new version is loaded, checked and warm before it answers anything; if that fails, the version
that answered before goes on answering, and the failing one is tried again only after RETRY seconds.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from lepton import lake
from lepton.endpoint import pointers
from lepton.endpoint.model import Model, load
from lepton.errors import Conflict, InvalidRequest, NotFound, OperatorError, TransientError

if TYPE_CHECKING:
    from lepton.endpoint.artifacts import ArtifactCache
    from lepton.endpoint.telemetry import Telemetry
    from lepton.ports import ObjectStore
    from lepton.registry import Alias, Registry
    from lepton.rollout.rule import Rollout

LIVE = "live"
RETRY = 60.0  # seconds until a version that did not load is tried again
HINT = "GET /v2/models lists the models that answer"


@dataclass(slots=True)
class _Pointer:
    """Where an alias pointed when last looked at (`version`), and what answers for it (`serving`)."""

    version: str
    etag: str
    serving: str
    checked: float
    generation: int = 0  # the alias's when it came to be as it is


@dataclass(frozen=True, slots=True)
class Bounds:
    """`staleness` in seconds; `memory` in bytes of ONNX over all loaded versions; `threads` for each session."""

    staleness: float
    memory: int
    threads: int


class Endpoint:
    """`clock` gives wall-clock seconds: a frozen Lambda's monotonic clock may stand still, this one does not."""

    def __init__(
        self,
        store: ObjectStore,
        artifacts: ArtifactCache,
        telemetry: Telemetry,
        bounds: Bounds,
        clock: Callable[[], float],
    ) -> None:
        self._store = store
        self._artifacts = artifacts
        self._telemetry = telemetry
        self._bounds = bounds
        self._clock = clock
        self._pointers: dict[str, _Pointer] = {}
        self._loaded: OrderedDict[tuple[str, str], Model] = OrderedDict()
        self._failed: dict[tuple[str, str], tuple[float, OperatorError]] = {}
        self._lock = threading.RLock()
        self._aside = threading.Lock()
        # By model: the version that answers, and the rollout beside it. Empty while there is none.
        self.rollouts: dict[str, tuple[str, Rollout]] = {}

    @cached_property
    def registry(self) -> Registry:
        """Asked for by whoever needs more than where an alias points."""
        from lepton.registry import Registry

        return Registry(self._store)

    def check(self) -> None:
        """The lake answers. Raises TransientError, OperatorError."""
        self._artifacts.check()

    def model(self, name: str, version: str | None = None) -> Model:
        """The model that `live` points to, or the version asked for, ready to run.

        Raises NotFound, Conflict (the gate refused this version), CorruptArtifact, TransientError.
        """
        lake.checked_name(name, "model")
        with self._lock:
            return self._live(name) if version is None else self._version(name, version)

    def standing(self, name: str) -> tuple[str, int] | None:
        """The alias that requests without a version are answered by, and its generation when last looked at."""
        held = self._pointers.get(name)
        return None if held is None else (LIVE, held.generation)

    def beside(self, name: str, version: str) -> Model:
        """A version of a rollout, loaded without holding up what answers. Raises OperatorError, TransientError."""
        key = (name, version)
        with self._aside:
            with self._lock:
                if key in self._loaded:
                    self._loaded.move_to_end(key)
                    return self._loaded[key]
            model = self._load(name, version)
            with self._lock:
                self._loaded[key] = model
                self._shrink()
            return model

    def _live(self, name: str) -> Model:
        now = self._clock()
        held = self._pointers.get(name)
        if held is None or not 0 <= now - held.checked < self._bounds.staleness:
            held = self._looked_at(name, held, now)
        return self._open(name, held.serving)

    def _looked_at(self, name: str, held: _Pointer | None, now: float) -> _Pointer:
        """The pointer, up to date, its version loaded if that is possible."""
        try:
            found = pointers.moved(self._store, name, LIVE, held.etag if held else None)
        except NotFound as error:
            self._pointers.pop(name, None)
            self.rollouts.pop(name, None)
            raise NotFound(f"there is no live model {name!r}", pointer="/model", hint=HINT) from error
        except (OperatorError, TransientError) as error:
            if held is None:
                raise
            self._telemetry.put_off(name, "the alias is not readable", error)
            held.checked = now
            return held
        if found is not None:
            alias, etag = found
            self._roll(name, alias)
            held = _Pointer(alias.version, etag, held.serving if held else alias.version, now, alias.generation)
        assert held is not None  # noqa: S101  # only an etag that we hold can still be current
        held.checked = now
        self._follow(name, held)
        self._pointers[name] = held
        return held

    def _roll(self, name: str, alias: Alias) -> None:
        """Keep the rollout, if there is one, with the version that it was begun beside."""
        if alias.rollout is None:
            self.rollouts.pop(name, None)
        else:
            self.rollouts[name] = (alias.version, alias.rollout)

    def _follow(self, name: str, pointer: _Pointer) -> None:
        """Let `serving` become `version`, unless that does not load and there is another."""
        try:
            self._open(name, pointer.version)
        except (OperatorError, TransientError):
            if pointer.serving == pointer.version:
                raise
            return
        pointer.serving = pointer.version

    def _version(self, name: str, version: str) -> Model:
        if (name, version) not in self._loaded:
            try:
                verdict = self.registry.verdict(name, version)
            except (NotFound, InvalidRequest) as error:  # what cannot be a version's name is none that there is
                raise NotFound(error.message, pointer="/version", hint=f"GET /v2/models/{name}") from error
            if not verdict.passed:
                raise Conflict(
                    f"version {version} of {name!r} was refused by the gate",
                    pointer="/version",
                    hint=f"GET /v2/models/{name} lists the versions that answer",
                )
        return self._open(name, version)

    def _open(self, name: str, version: str) -> Model:
        key = (name, version)
        if key not in self._loaded:
            self._loaded[key] = self._load(name, version)
            self._shrink()
        self._loaded.move_to_end(key)
        return self._loaded[key]

    def _load(self, name: str, version: str) -> Model:
        started = self._clock()
        if (name, version) in self._failed and 0 <= started - self._failed[name, version][0] < RETRY:
            raise self._failed[name, version][1]
        try:
            manifest = self._artifacts.manifest(name, version)
            model = load(manifest, self._artifacts.graph(manifest), self._bounds.threads)
        except TransientError as error:
            self._telemetry.put_off(name, f"version {version} is not readable", error)
            raise
        except OperatorError as error:
            self._telemetry.fault(name, version, error)
            self._failed[name, version] = (started, error)
            raise
        self._failed.pop((name, version), None)
        self._telemetry.loaded(manifest, (self._clock() - started) * 1000)
        return model

    def _shrink(self) -> None:
        """Let the least recently used versions go, never the newest."""
        while len(self._loaded) > 1 and self._bytes() > self._bounds.memory:
            self._loaded.popitem(last=False)

    def _bytes(self) -> int:
        return sum(model.manifest.artifact.bytes for model in self._loaded.values())
