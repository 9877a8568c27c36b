"""A manifest as serving reads it: what every answer needs as plain values, the rest when it is asked for.

Building pydantic's models of a manifest costs more than loading a small graph. So an ordinary manifest is read here,
by the same rules; one that gives any cause for doubt is left to `ModelManifest` itself, which says what is wrong with
it. What is no field of the records below is taken from that class when it is first asked for; until then, `Served`
knows of it only that it is there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from lepton.model_package.manifest import ModelManifest

Record = TypeVar("Record", bound="_Record")
_DATATYPES = {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64"}
_TASKS = {"classification", "regression", "image_classification"}
# What `ModelManifest` has besides, and every manifest carries.
_BESIDES = {"run", "dataset", "dataset_version", "algorithm", "target", "opset", "measurements", "learning_curve"} | {
    *("hyperparameters", "trained_seconds", "libraries", "created_at")
}


class _Record:
    """What is no field is asked of pydantic's record of the same thing."""

    def __getattr__(self, name: str) -> Any:
        whole = self.__dict__.get("_whole")
        if whole is None or name.startswith("__"):
            raise AttributeError(name)
        return getattr(whole(), name)


@dataclass(frozen=True)
class Tensor(_Record):
    """TensorSpec."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    nullable: bool = False
    categories: tuple[str, ...] | None = None
    closed: bool = False
    minimum: float | None = None
    maximum: float | None = None
    on_violation: str = "refuse"
    infinity: bool = False
    description: str = ""


@dataclass(frozen=True)
class Image(_Record):
    """ImageInput."""

    input: str
    height: int
    width: int
    channels: int


@dataclass(frozen=True)
class Contract(_Record):
    """Signature."""

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    image: Image | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class File(_Record):
    """Artifact."""

    file: str
    bytes: int
    sha256: str


@dataclass(frozen=True)
class Served(_Record):
    """ModelManifest."""

    model: str
    version: str
    task: str
    signature: Contract
    artifact: File
    schema_version: int = 1
    explainer: File | None = None
    decisions: File | None = None


def read(body: bytes) -> ModelManifest:
    """A manifest, or what does for one. Raises pydantic's ValidationError."""

    @cache
    def whole() -> ModelManifest:
        from lepton.model_package.manifest import ModelManifest

        return ModelManifest.model_validate_json(body)

    try:
        given = json.loads(body)
        if not given.keys() >= _BESIDES:
            return whole()
        served = _SERVED({name: value for name, value in given.items() if name not in _BESIDES})
    except (ValueError, TypeError, AttributeError):
        return whole()
    _point(served, whole)
    return cast("ModelManifest", served)


def _point(served: Any, whole: Callable[[], Any]) -> None:
    """Tell each record where its whole one is. (They are frozen for everybody else.)"""
    served.__dict__["_whole"] = whole
    served.signature.__dict__["_whole"] = lambda: whole().signature
    if served.signature.image is not None:
        served.signature.image.__dict__["_whole"] = lambda: whole().signature.image


def _exactly(*kinds: type) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if type(value) not in kinds:
            raise TypeError
        return value

    return check


def _one_of(known: set[Any]) -> Callable[[Any], Any]:
    def check(value: Any) -> Any:
        if value not in known or isinstance(value, bool):
            raise TypeError
        return value

    return check


def _maybe(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _each(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: tuple(map(read, _LIST(value)))


def _record(kind: type[Record], **readers: Callable[[Any], Any]) -> Callable[[Any], Record]:
    """A reader of objects with these members and no others; those without a default have to be there."""
    needed = {one.name for one in fields(cast("Any", kind)) if one.default is MISSING}

    def read(value: Any) -> Record:
        given = _OBJECT(value)
        if not needed <= given.keys() <= readers.keys():
            raise TypeError
        return kind(**{name: readers[name](one) for name, one in given.items()})

    return read


_TEXT, _FLAG, _WHOLE, _LIST, _OBJECT = (_exactly(kind) for kind in (str, bool, int, list, dict))
_NUMBER: Callable[[Any], Any] = lambda value: float(_exactly(int, float)(value))  # noqa: E731
_TENSOR = _record(
    Tensor,
    name=_TEXT,
    datatype=_one_of(_DATATYPES | {"BYTES"}),
    shape=_each(_WHOLE),
    nullable=_FLAG,
    categories=_maybe(_each(_TEXT)),
    closed=_FLAG,
    minimum=_maybe(_NUMBER),
    maximum=_maybe(_NUMBER),
    on_violation=_one_of({"refuse", "warn"}),
    infinity=_FLAG,
    description=_TEXT,
)
_IMAGE = _record(Image, input=_TEXT, height=_WHOLE, width=_WHOLE, channels=_one_of({1, 3}))
_SIGNATURE = _record(
    Contract, inputs=_each(_TENSOR), outputs=_each(_TENSOR), image=_maybe(_IMAGE), classes=_each(_TEXT)
)
_FILE = _record(File, file=_TEXT, bytes=_WHOLE, sha256=_TEXT)
_SERVED = _record(
    Served,
    model=_TEXT,
    version=_TEXT,
    task=_one_of(_TASKS),
    signature=_SIGNATURE,
    artifact=_FILE,
    schema_version=_one_of({1}),
    explainer=_maybe(_FILE),
    decisions=_maybe(_FILE),
)
