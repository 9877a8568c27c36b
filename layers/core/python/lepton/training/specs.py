"""Where specs are kept: specs/{model}.yaml, as their author wrote them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lepton import lake
from lepton.errors import InvalidRequest, InvalidSpec, NotFound
from lepton.ports import ObjectStore
from lepton.training.spec import TrainingSpec, parse_spec


@dataclass(frozen=True, slots=True)
class StoredSpec:
    """A spec as it lies in the lake: either `spec` or, when somebody put something else there, `error`."""

    model: str
    spec: TrainingSpec | None
    error: InvalidRequest | None


class SpecStore:
    """The specs of all models. Every method raises TransientError when the store does."""

    def __init__(self, lake_store: ObjectStore) -> None:
        self._lake = lake_store

    @staticmethod
    def check(model: str, text: str) -> TrainingSpec:
        """The spec when it can be kept under this name. Raises InvalidSpec."""
        spec = parse_spec(text)
        if spec.model != model:
            raise InvalidSpec(
                f"the spec is of model {spec.model!r}, its place is of {model!r}",
                pointer="/model",
                hint="make them equal",
            )
        return spec

    def put(self, model: str, text: str) -> TrainingSpec:
        """Check and keep it, comments and all; the last one wins. Raises InvalidSpec."""
        key = lake.training_spec(model)
        spec = self.check(model, text)
        self._lake.put(key, text.encode(), content_type="application/yaml")
        return spec

    def get(self, model: str) -> TrainingSpec:
        """Raises NotFound, InvalidSpec when what lies there is none."""
        try:
            blob = self._lake.get(lake.training_spec(model))
        except NotFound as error:
            raise NotFound(
                f"there is no training spec of model {model!r}", pointer="/model", hint=f"PUT /training-specs/{model}"
            ) from error
        assert blob is not None  # noqa: S101  # get answers None only when an etag was given
        return self.check(model, blob.body.decode(errors="replace"))

    def all(self) -> Iterator[StoredSpec]:
        """Every stored spec in name order, the broken ones too."""
        for entry in self._lake.list("specs/"):
            model = entry.key.removeprefix("specs/").removesuffix(".yaml")
            if "/" in model or not entry.key.endswith(".yaml"):
                continue
            try:
                yield StoredSpec(model, self.get(model), None)
            except InvalidRequest as error:
                yield StoredSpec(model, None, error)
