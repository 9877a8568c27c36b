"""What the dataset's tests share: preparing bytes as an upload would be, zips of small images."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from PIL import Image

from lepton.dataset.limits import Limits
from lepton.dataset.preparation import prepared_upload
from lepton.dataset.prepared import Prepared
from lepton.dataset.quarantine import Quarantine

Prepare = Callable[..., tuple[Prepared, Quarantine]]


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    """`prepare(body)` -> what would be published, and what was set aside."""
    numbers = count()

    def run(body: bytes | str, limits: Limits | None = None) -> tuple[Prepared, Quarantine]:
        workspace = tmp_path / f"upload-{next(numbers)}"
        workspace.mkdir()
        source = workspace / "source"
        source.write_bytes(body.encode() if isinstance(body, str) else body)
        quarantine = Quarantine("shop/file", limits or Limits())
        return prepared_upload(source, workspace, limits or Limits(), quarantine), quarantine

    return run


@pytest.fixture
def rows_of() -> Callable[[Prepared], list[dict[str, Any]]]:
    """The rows of a prepared table, as a reader of its Parquet sees them."""

    def run(prepared: Prepared) -> list[dict[str, Any]]:
        files = [str(file.path) for file in prepared.files]
        cursor = duckdb.connect().execute("SELECT * FROM read_parquet(?)", [files])
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return run


@pytest.fixture
def zipped() -> Callable[[Mapping[str, bytes]], bytes]:
    def run(members: Mapping[str, bytes]) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, body in members.items():
                archive.writestr(name, body)
        return out.getvalue()

    return run


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """`picture(shade)` -> an image file of one colour; different shades are different files."""

    def run(shade: int, size: tuple[int, int] = (8, 6), mode: str = "L", form: str = "PNG") -> bytes:
        out = io.BytesIO()
        colour: Any = shade if mode in ("L", "1", "I;16") else (shade, 0, 255 - shade, 255)[: len(mode)]
        Image.new(mode, size, colour).save(out, form)
        return out.getvalue()

    return run
