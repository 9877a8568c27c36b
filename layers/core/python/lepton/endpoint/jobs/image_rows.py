"""A zip of images as batches of rows: each image file is one, in the order of the archive."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from lepton.dataset.image_archive import DamagedMember, ImageArchive, Member, opened_archive
from lepton.dataset.limits import Limits
from lepton.dataset.manifest import ImageFormat
from lepton.dataset.pixels import brought_to, opened_image
from lepton.endpoint.jobs.batch import Array, Batch
from lepton.endpoint.jobs.records import Format, Mark, RejectedRow
from lepton.errors import InvalidRequest
from lepton.model_package.manifest import ImageInput, Signature

LIMITS = Limits(archive=20_000_000_000, members=2_000_000)


@contextmanager
def image_rows(path: Path, signature: Signature) -> Iterator[ImageRows]:
    """Raises InvalidRequest when the model takes no images, RejectedUpload when the zip is damaged or too large."""
    if signature.image is None:
        raise InvalidRequest("the file is a zip, and the model takes no images", hint="upload CSV, JSON lines, Parquet")
    with opened_archive(path, LIMITS) as archive:
        yield ImageRows(archive, signature.image)


class ImageRows:
    """A row's line is its number among all files of the zip that count, from 1 on; what is no image is told."""

    format: Format = "csv"
    ignored: tuple[str, ...] = ()

    def __init__(self, archive: ImageArchive, wanted: ImageInput) -> None:
        self._archive = archive
        self._wanted = wanted
        self._form = ImageFormat(height=wanted.height, width=wanted.width, channels=wanted.channels)
        found: list[Member | zipfile.ZipInfo] = [*archive.images, *archive.others]
        self._members = sorted(found, key=lambda one: _info(one).header_offset)

    def batches(self, start: Mark, rows: int) -> Iterator[Batch]:
        for first in range(start.row, len(self._members), rows):
            yield self._batch(first, self._members[first : first + rows])

    def _batch(self, first: int, members: list[Member | zipfile.ZipInfo]) -> Batch:
        made: list[Array] = []
        lines, files, rejected = [], [], []
        for line, member in enumerate(members, start=first + 1):
            name = member.path if isinstance(member, Member) else member.filename
            try:
                made.append(self._pixels(member))
            except (InvalidRequest, DamagedMember) as error:
                rejected.append(RejectedRow(line=line, column=None, reason=f"{name}: {error.message}"))
                continue
            lines.append(line)
            files.append(name)
        inputs = {self._wanted.input: np.stack(made)} if made else {}
        end = Mark(row=first + len(members))
        return Batch(np.asarray(lines, np.int64), inputs, tuple(rejected), len(members), end, files)

    def _pixels(self, member: Member | zipfile.ZipInfo) -> Array:
        """[H, W, C] uint8."""
        if not isinstance(member, Member):
            raise InvalidRequest("this is no image file")
        with opened_image(self._archive.read(member, LIMITS.member), LIMITS.pixels) as image:
            made = brought_to(image, self._form)
        return np.asarray(made, dtype=np.uint8).reshape(self._wanted.height, self._wanted.width, self._wanted.channels)


def _info(member: Member | zipfile.ZipInfo) -> zipfile.ZipInfo:
    return member.info if isinstance(member, Member) else member
