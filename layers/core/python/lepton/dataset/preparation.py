"""From a file of any kind to a prepared version: recognised by its content, a lone file in a zip taken out of it."""

from __future__ import annotations

from pathlib import Path

from lepton.dataset.image_archive import ImageArchive, opened_archive
from lepton.dataset.image_set import prepared_images
from lepton.dataset.limits import Limits
from lepton.dataset.prepared import Prepared
from lepton.dataset.quarantine import Quarantine
from lepton.dataset.recognition import TAKEN, Recognised, recognised
from lepton.dataset.table import prepared_table
from lepton.errors import RejectedUpload


def prepared_upload(path: Path, workspace: Path, limits: Limits, quarantine: Quarantine) -> Prepared:
    """Raises RejectedUpload when neither a table nor an image set comes of it."""
    found = recognised(path, workspace, limits)
    if found.form != "zip":
        return prepared_table(found, workspace, limits, quarantine)
    with opened_archive(found.path, limits) as archive:
        if archive.images:
            return prepared_images(archive, workspace, limits, quarantine)
        inner = _lone_file(archive, workspace, limits)
    return prepared_table(inner, workspace, limits, quarantine)


def _lone_file(archive: ImageArchive, workspace: Path, limits: Limits) -> Recognised:
    if any(info.filename == "[Content_Types].xml" for info in archive.others):
        raise RejectedUpload(
            "the file is an Office document", reason="unsupported_format", hint="save the sheet as CSV and upload that"
        )
    if len(archive.others) != 1:
        raise RejectedUpload(
            f"the zip holds no image, and {len(archive.others):,} other files", reason="no_images", hint=TAKEN
        )
    inner = recognised(archive.unpacked(archive.others[0], workspace / "member", limits), workspace, limits)
    if inner.form == "zip":
        raise RejectedUpload("the zip holds another zip", reason="unsupported_format", hint="upload the inner one")
    return inner
