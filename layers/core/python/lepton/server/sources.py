"""What is served: a lake in S3, a lake in a directory, or one package as the trainer writes it.

Nothing is imported here that the first answer does not need: no pydantic, no boto3 for a directory.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from lepton import lake
from lepton.directory import DirectoryObjectStore
from lepton.errors import InvalidRequest, Misconfigured, NotFound
from lepton.lines import Lines, write
from lepton.model_package import served

if TYPE_CHECKING:
    from lepton.events import Event
    from lepton.ports import EventBus, ObjectStore

_S3 = "s3://"
_LIVE = "live"
_AT = "1970-01-01T00:00:00Z"  # of the records of a package that nobody promoted


class LoggedEvents:
    """A bus for where there is none: what would be told is a log line."""

    def publish(self, *events: Event) -> None:
        lines = Lines.of_process()
        for event in events:
            told = {"detail_type": event.detail_type, "detail": event.model_dump(mode="json")}
            write(lines.log("WARNING", "publish", "event", told))


@dataclass(frozen=True, slots=True)
class Source:
    """`lake` is read, `bus` is told, `landing` is where uploads would be; `models` are loaded at the start."""

    lake: ObjectStore
    landing: Callable[[], ObjectStore]
    bus: Callable[[], EventBus]
    models: tuple[str, ...]


def of_lake(place: str) -> Source:
    """`s3://bucket` or a directory; its live models. Raises NotFound, InvalidRequest, TransientError, OperatorError."""
    if place.startswith(_S3):
        return _of_bucket(place.removeprefix(_S3).rstrip("/"))
    root = Path(place)
    if not root.is_dir():
        raise NotFound(f"there is no directory {place!r}", pointer="--lake")
    store = DirectoryObjectStore(root)
    return Source(store, lambda: DirectoryObjectStore(root / "landing"), LoggedEvents, _live(store))


def of_package(folder: Path, scratch: Path) -> Source:
    """A directory with manifest.json and its ONNX file, as the one live model of a lake in `scratch`.

    Raises NotFound, Misconfigured.
    """
    try:
        manifest = served.read((folder / "manifest.json").read_bytes())
    except FileNotFoundError as error:
        raise NotFound(f"there is no manifest.json in {str(folder)!r}", pointer="--package") from error
    except ValueError as error:  # pydantic's ValidationError is one
        raise Misconfigured(f"{folder / 'manifest.json'} is no model manifest", pointer="--package") from error
    model, version = manifest.model, manifest.version
    package = scratch / lake.package_prefix(model, version)
    package.parent.mkdir(parents=True, exist_ok=True)
    package.symlink_to(folder.resolve(), target_is_directory=True)
    store = DirectoryObjectStore(scratch)
    verdict = {"schema_version": 1, "model": model, "version": version, "run": "none", "passed": True, "checks": []}
    store.put(lake.registry_version(model, version), json.dumps(verdict | {"at": _AT}).encode())
    alias = {"schema_version": 2, "model": model, "alias": _LIVE, "generation": 1, "version": version}
    alias |= {"previous": None, "by": "lepton serve", "at": _AT}
    store.put(lake.registry_alias(model, _LIVE), json.dumps(alias).encode())
    return Source(store, lambda: store, LoggedEvents, (model,))


def _of_bucket(bucket: str) -> Source:
    if "/" in bucket or not bucket:
        raise InvalidRequest("a lake in S3 is a whole bucket", pointer="--lake", hint="s3://bucket")
    from lepton.aws.s3 import S3ObjectStore

    store = S3ObjectStore(bucket)
    return Source(store, lambda: store, LoggedEvents, _live(store))


def _live(store: ObjectStore) -> tuple[str, ...]:
    """The models that have a live alias, in the registry's order."""
    steps = (entry.key.split("/") for entry in store.list("registry/"))
    return tuple(one[1] for one in steps if one[2:] == ["aliases", f"{_LIVE}.json"])
