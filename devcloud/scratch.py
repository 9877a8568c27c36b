"""Folders for files that do not outlive their process, named by the cloud that made them, so that a killed one's go."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_PREFIX = "devcloud-"


def new_folder(name: str) -> tempfile.TemporaryDirectory[str]:
    """An empty folder under the system's temporary directory (short paths: sockets are made in there)."""
    return tempfile.TemporaryDirectory(prefix=f"{_PREFIX}{os.getpid()}-{name[:24]}-", ignore_cleanup_errors=True)


def sweep() -> None:
    """Remove the folders of clouds that are gone."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if owner.isdigit() and not _runs(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
