"""A zip of images: which members are images of which class, which are junk. Nothing is ever unpacked to a path."""

from __future__ import annotations

import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from lepton.dataset.limits import Limits
from lepton.dataset.recognition import write_limited
from lepton.errors import DataError, RejectedUpload

_IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".heic", ".avif")
_JUNK = ("__macosx", ".ds_store", "thumbs.db", "desktop.ini")
_ENCRYPTED = 0x1
_DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class DamagedMember(DataError):
    """A member of an archive that cannot be read; the others can."""


@dataclass(frozen=True, slots=True)
class Member:
    """An image file in the archive. `label` is the folder it lies in; empty when it lies in none."""

    info: zipfile.ZipInfo
    path: str
    label: str


class ImageArchive:
    """The members of an open zip, sorted out. `skipped` counts what is neither image nor data, by kind."""

    def __init__(self, archive: zipfile.ZipFile, limits: Limits) -> None:
        self._archive = archive
        self.images: list[Member] = []
        self.unsafe: list[str] = []
        self.others: list[zipfile.ZipInfo] = []
        self.skipped: Counter[str] = Counter()
        for info in archive.infolist():
            self._sort(info)
        _check_sizes(archive, limits)

    def read(self, member: Member, limit: int) -> bytes:
        """A member's bytes. Raises DamagedMember."""
        if member.info.file_size > limit:
            raise DamagedMember(f"is larger than {limit / 1e6:,.0f} MB")
        if member.info.flag_bits & _ENCRYPTED:
            raise DamagedMember("is encrypted")
        try:
            return self._archive.read(member.info)
        except _DAMAGE as error:
            raise DamagedMember(f"cannot be unpacked: {error}") from error

    def unpacked(self, info: zipfile.ZipInfo, to: Path, limits: Limits) -> Path:
        """Write one member into a file of our naming. Raises RejectedUpload."""
        try:
            with self._archive.open(info) as stream:
                return write_limited(stream, to, limits.unpacked)
        except _DAMAGE as error:
            raise RejectedUpload(
                f"{info.filename} cannot be unpacked: {error}",
                reason="damaged_archive",
                hint="pack it again, without a password",
            ) from error

    def _sort(self, info: zipfile.ZipInfo) -> None:
        name = unicodedata.normalize("NFC", info.filename.replace("\\", "/"))
        path = PurePosixPath(name)
        if info.is_dir() or name.endswith("/"):
            return
        if any(part.lower() in _JUNK or part.startswith("._") for part in path.parts):
            self.skipped["system files"] += 1
        elif path.is_absolute() or ".." in path.parts or "\x00" in name:
            self.unsafe.append(name)
        elif path.suffix.lower() in _IMAGE_SUFFIXES:
            self.images.append(Member(info, name, path.parent.name.strip()))
        else:
            self.others.append(info)
            self.skipped[f"{path.suffix.lower() or 'nameless'} files"] += 1


@contextmanager
def opened_archive(path: Path, limits: Limits) -> Iterator[ImageArchive]:
    """Raises RejectedUpload when it is damaged, or would unpack to more than the limits allow."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise RejectedUpload(
            f"the zip is damaged or cut off: {error}", reason="damaged_archive", hint="pack and upload it again"
        ) from error
    with archive:
        yield ImageArchive(archive, limits)


def _check_sizes(archive: zipfile.ZipFile, limits: Limits) -> None:
    members = archive.infolist()
    unpacked = sum(info.file_size for info in members)
    if len(members) > limits.members or unpacked > limits.archive:
        raise RejectedUpload(
            f"the zip holds {len(members):,} files of {unpacked / 1e6:,.0f} MB; at most {limits.members:,} files and "
            f"{limits.archive / 1e6:,.0f} MB are taken",
            reason="too_large",
            hint="split it into several uploads",
        )
