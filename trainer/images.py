"""An image dataset as splits: every PNG of the shards decoded, uint8 (N, height, width, channels)."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from lepton.dataset.manifest import DatasetManifest, ImageFormat
from lepton.errors import CorruptArtifact
from lepton.model_package.manifest import ImageInput, Signature, TensorSpec
from trainer.dataset import Array, Rows, Splits
from trainer.tabular import outputs_for

INPUT = "image"


def read_images(manifest: DatasetManifest, paths: Sequence[Path]) -> Splits:
    """The splits in the order of the shards. Raises CorruptArtifact when a member is not what the manifest says."""
    form = image_format(manifest)
    index = {name: position for position, name in enumerate(manifest.classes)}
    pixels: dict[str, list[Array]] = {"train": [], "validation": [], "test": []}
    target: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for member, body in _members(paths):
        split, _, rest = member.partition("/")
        name = rest.rpartition("/")[0]
        if split not in pixels or name not in index:
            raise CorruptArtifact(f"member {member!r} is of no split and class of the manifest", pointer="/dataset")
        pixels[split].append(_decoded(member, body, form))
        target[split].append(index[name])

    def rows(split: str) -> Rows:
        shape = (-1, form.height, form.width, form.channels)
        stacked = np.array(pixels[split], dtype=np.uint8).reshape(shape)
        return Rows({INPUT: stacked}, np.array(target[split], dtype=np.int64))

    return Splits(rows("train"), rows("validation"), rows("test"), manifest.classes)


def image_format(manifest: DatasetManifest) -> ImageFormat:
    """What every image of the version has. Raises CorruptArtifact when the manifest does not say."""
    if manifest.image is None:
        raise CorruptArtifact(f"the manifest of {manifest.name!r} has no image format", pointer="/dataset")
    return manifest.image


def image_signature(form: ImageFormat, classes: Sequence[str]) -> Signature:
    """One uint8 input (-1, height, width, channels), and how an image file becomes it."""
    size = {"height": form.height, "width": form.width}
    spec = TensorSpec(
        name=INPUT,
        datatype="UINT8",
        shape=(-1, form.height, form.width, form.channels),
        description="pixels 0 to 255, row by row from the top left",
    )
    return Signature(
        inputs=(spec,),
        outputs=outputs_for(classes),
        image=ImageInput(input=INPUT, channels=form.channels, **size),
        classes=tuple(classes),
    )


def _members(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    for path in paths:
        try:
            with tarfile.open(path) as shard:
                for member in shard:
                    if member.isfile() and (stream := shard.extractfile(member)) is not None:
                        yield member.name, stream.read()
        except tarfile.TarError as error:
            raise CorruptArtifact(f"shard {path.name} is no tar file: {error}", pointer="/dataset") from error


def _decoded(member: str, body: bytes, form: ImageFormat) -> Array:
    """uint8 (height, width, channels)."""
    try:
        image = Image.open(io.BytesIO(body)).convert("L" if form.channels == 1 else "RGB")
    except OSError as error:
        raise CorruptArtifact(f"member {member!r} is no image: {error}", pointer="/dataset") from error
    if image.size != (form.width, form.height):
        raise CorruptArtifact(f"member {member!r} is {image.size}, not {(form.width, form.height)}", pointer="/dataset")
    return np.asarray(image, dtype=np.uint8).reshape(form.height, form.width, form.channels)
