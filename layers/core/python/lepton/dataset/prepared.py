"""A dataset version that is complete on disk and not yet in the lake."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypedDict

from lepton.dataset.manifest import Column, ImageFormat, Kind, Part, Split


class Warned(TypedDict):
    """One line of a profile's warnings: a code for programs, a message for people."""

    code: str
    column: str | None
    message: str


def warned(code: str, message: str, column: str | None = None) -> Warned:
    return Warned(code=code, column=column, message=message)


@dataclass(frozen=True, slots=True)
class PartFile:
    """A part on disk and what the manifest will say of it."""

    path: Path
    part: Part


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything of a version but where it came from. `profile` is JSON-like."""

    kind: Kind
    version: str
    rows: int
    splits: dict[Split, int]
    files: tuple[PartFile, ...]
    profile: dict[str, Any]
    columns: tuple[Column, ...] = ()
    classes: tuple[str, ...] = ()
    image: ImageFormat | None = field(default=None)


def part_file(path: Path, rows: int) -> PartFile:
    """The file as a part, its digest taken."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return PartFile(path, Part(key=path.name, bytes=path.stat().st_size, rows=rows, sha256=digest))
