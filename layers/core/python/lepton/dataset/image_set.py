"""An image upload into a prepared version: survey, bring to one form, split, write shards, profile."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from lepton.dataset.image_archive import DamagedMember, ImageArchive, Member
from lepton.dataset.image_profile import Tally, profiled
from lepton.dataset.limits import Limits
from lepton.dataset.manifest import ImageFormat, Split
from lepton.dataset.pixels import as_png, brought_to, is_gray, opened_image, upright_size
from lepton.dataset.prepared import PartFile, Prepared, part_file
from lepton.dataset.quarantine import Quarantine
from lepton.dataset.splits import split_of
from lepton.errors import InvalidRequest, RejectedUpload

_SPLITS: tuple[Split, ...] = ("train", "validation", "test")


@dataclass(frozen=True, slots=True)
class _Found:
    """An image of the survey: where it goes and where its bytes are."""

    name: str
    split: Split
    member: Member


@dataclass(slots=True)
class _Survey:
    """What a first look at every image says: the headers only, no pixel."""

    found: dict[str, _Found] = field(default_factory=dict)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    gray: bool = True

    def form(self) -> ImageFormat:
        """The commonest size (of equally common ones the largest); one channel when no image has colour."""
        (width, height), _ = max(self.sizes.items(), key=lambda one: (one[1], one[0][0] * one[0][1], one[0]))
        channels: Literal[1, 3] = 1 if self.gray else 3
        return ImageFormat(height=height, width=width, channels=channels)


def prepared_images(archive: ImageArchive, workspace: Path, limits: Limits, quarantine: Quarantine) -> Prepared:
    """Everything but the lake. Raises RejectedUpload when no image set comes of it."""
    survey = _surveyed(archive, limits, quarantine)
    _usable({one.member.label for one in survey.found.values()}, quarantine)
    form = survey.form()
    tally = Tally(form)
    shards = _Shards(workspace, limits.shard)
    for name in sorted(survey.found):
        one = survey.found[name]
        try:
            body = _in_form(archive.read(one.member, limits.member), form, limits, tally, one)
        except (DamagedMember, InvalidRequest) as error:
            _aside(quarantine, "damaged_image", one.member, error.message)
            del survey.found[name]
            continue
        shards.add(name, body)
    files = shards.closed()
    kept = survey.found
    classes = sorted({one.member.label for one in kept.values()})
    _usable(set(classes), quarantine)
    if quarantine.total > len(kept):
        raise RejectedUpload(
            f"{quarantine.total:,} of {quarantine.total + len(kept):,} images cannot be used: {quarantine.told()}",
            reason="too_many_bad_rows",
            hint="mend the archive; up to half of the images may be bad",
        )
    splits = Counter(one.split for one in kept.values())
    return Prepared(
        kind="images",
        version=_version(form, kept),
        rows=len(kept),
        splits={split: splits[split] for split in _SPLITS},
        files=files,
        profile=profiled(tally, survey.sizes, archive.skipped, quarantine.summary().reasons),
        classes=tuple(classes),
        image=form,
    )


def _surveyed(archive: ImageArchive, limits: Limits, quarantine: Quarantine) -> _Survey:
    survey = _Survey()
    for name in archive.unsafe:
        quarantine.add("unsafe_path", f"{name} points outside of the archive", member=name)
    for member in archive.images:
        try:
            body = archive.read(member, limits.member)
            image = opened_image(body, limits.pixels)
        except (DamagedMember, InvalidRequest) as error:
            _aside(quarantine, "damaged_image", member, error.message)
            continue
        if not member.label:
            _aside(quarantine, "no_class_folder", member, "lies in no folder, so it has no class")
            continue
        digest = hashlib.sha256(body).hexdigest()
        split = split_of(digest)
        name = f"{split}/{member.label}/{digest[:16]}.png"
        if name in survey.found:
            _aside(quarantine, "duplicate_image", member, f"is the same file as {survey.found[name].member.path}")
            continue
        survey.found[name] = _Found(name, split, member)
        survey.sizes[upright_size(image)] += 1
        survey.gray = survey.gray and is_gray(image)
    return survey


def _aside(quarantine: Quarantine, reason: str, member: Member, message: str) -> None:
    quarantine.add(reason, f"{member.path}: {message}", member=member.path)


def _usable(classes: set[str], quarantine: Quarantine) -> None:
    if not classes:
        raise RejectedUpload(
            f"no image can be used: {quarantine.told()}",
            reason="all_rows_bad",
            hint="a zip with a folder for each class, PNG, JPEG, WebP or BMP in it",
        )
    if len(classes) == 1:
        raise RejectedUpload(
            f"all images are of one class, {classes.pop()!r}",
            reason="one_class",
            hint="put the images of each class into a folder of its own",
        )


def _in_form(body: bytes, form: ImageFormat, limits: Limits, tally: Tally, one: _Found) -> bytes:
    opened = opened_image(body, limits.pixels)
    image = brought_to(opened, form)
    tally.add(one.member.label, one.split, image.histogram())
    return body if image is opened and opened.format == "PNG" else as_png(image)


def _version(form: ImageFormat, found: dict[str, _Found]) -> str:
    digest = hashlib.sha256(json.dumps(form.model_dump(), sort_keys=True).encode())
    for name in sorted(found):
        digest.update(b"\n" + name.encode())
    return digest.hexdigest()[:12]


class _Shards:
    """Tar files of members in the order of their names, each about as large as the limit."""

    def __init__(self, workspace: Path, limit: int) -> None:
        self._workspace = workspace
        self._limit = limit
        self._files: list[PartFile] = []
        self._open: tarfile.TarFile | None = None
        self._rows = 0

    def add(self, name: str, body: bytes) -> None:
        if self._open is None:
            path = self._workspace / f"shard-{len(self._files):05d}.tar"
            self._open = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  # closed by _close
        info = tarfile.TarInfo(name)
        info.size = len(body)
        self._open.addfile(info, io.BytesIO(body))
        self._rows += 1
        if self._open.offset >= self._limit:
            self._close()

    def closed(self) -> tuple[PartFile, ...]:
        self._close()
        return tuple(self._files)

    def _close(self) -> None:
        if self._open is not None:
            self._open.close()
            self._files.append(part_file(Path(str(self._open.name)), self._rows))
            self._open, self._rows = None, 0
