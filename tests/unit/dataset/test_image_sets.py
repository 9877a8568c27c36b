"""A zip of class folders into shards of one form."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest
from PIL import Image

from lepton.dataset.limits import Limits
from lepton.errors import RejectedUpload


def members(prepared):
    found = {}
    for file in prepared.files:
        with tarfile.open(file.path) as archive:
            found |= {info.name: archive.extractfile(info).read() for info in archive}
    return found


def images(picture, label, shades, **kinds):
    return {f"{label}/{shade}.png": picture(shade, **kinds) for shade in shades}


@pytest.fixture
def pets(picture):
    return images(picture, "cat", range(6)) | images(picture, "dog", range(10, 16))


def test_folders_become_classes_and_images_members(prepare, zipped, pets):
    prepared, quarantine = prepare(zipped(pets))
    assert (prepared.classes, prepared.rows, quarantine.total) == (("cat", "dog"), 12, 0)
    assert prepared.image.model_dump() == {"height": 6, "width": 8, "channels": 1}
    names = list(members(prepared))
    assert names == sorted(names)
    digest = hashlib.sha256(pets["cat/0.png"]).hexdigest()[:16]
    assert sum(name.endswith(f"/cat/{digest}.png") for name in names) == 1


def test_leading_folders_and_system_files_do_not_matter(prepare, zipped, pets):
    plain, _ = prepare(zipped(pets))
    deep = {f"data/train\\{name}": body for name, body in pets.items()}
    wrapped, _ = prepare(zipped(deep | {"__MACOSX/cat/._0.png": b"x", "cat/.DS_Store": b"x", "README.txt": b"hello"}))
    assert wrapped.version == plain.version
    assert wrapped.profile["skipped"] == {".txt files": 1, "system files": 2}


def test_order_in_the_archive_does_not_matter(prepare, zipped, pets):
    one, _ = prepare(zipped(pets))
    other, _ = prepare(zipped(dict(reversed(pets.items()))))
    assert one.version == other.version
    assert [file.part for file in one.files] == [file.part for file in other.files]


def test_other_sizes_are_resized_to_the_commonest(prepare, zipped, picture, pets):
    prepared, _ = prepare(zipped(pets | {"dog/big.png": picture(99, size=(32, 32))}))
    sizes = {Image.open(io.BytesIO(body)).size for body in members(prepared).values()}
    assert sizes == {(8, 6)}
    assert prepared.profile["warnings"][0]["code"] == "resized"


def test_one_colour_image_makes_the_version_rgb(prepare, zipped, picture, pets):
    prepared, _ = prepare(zipped(pets | {"dog/red.png": picture(200, mode="RGB")}))
    modes = {Image.open(io.BytesIO(body)).mode for body in members(prepared).values()}
    assert (prepared.image.channels, modes) == (3, {"RGB"})


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP"])
def test_every_known_format_is_read(prepare, zipped, picture, pets, form):
    prepared, quarantine = prepare(zipped(pets | {"cat/x.jpg": picture(77, form=form, mode="RGB")}))
    assert (prepared.rows, quarantine.total) == (13, 0)


def test_damaged_image_is_quarantined_by_its_name(prepare, zipped, pets):
    cut = pets["cat/1.png"][:-30]
    prepared, quarantine = prepare(zipped(pets | {"cat/cut.png": cut, "cat/text.png": b"not an image"}))
    assert [(row.member, row.reason) for row in quarantine.rows] == [
        ("cat/cut.png", "damaged_image"),
        ("cat/text.png", "damaged_image"),
    ]
    assert prepared.rows == len(members(prepared)) == 12


def test_same_file_twice_in_a_class_is_kept_once_and_told(prepare, zipped, pets):
    prepared, quarantine = prepare(zipped(pets | {"cat/again.png": pets["cat/0.png"]}))
    assert [row.reason for row in quarantine.rows] == ["duplicate_image"]
    assert prepared.rows == 12


def test_image_outside_of_a_folder_and_unsafe_path_are_quarantined(prepare, zipped, pets, picture):
    _, quarantine = prepare(zipped(pets | {"lost.png": picture(50), "../../etc/evil.png": picture(51)}))
    assert {row.member: row.reason for row in quarantine.rows} == {
        "lost.png": "no_class_folder",
        "../../etc/evil.png": "unsafe_path",
    }


def test_image_with_too_many_pixels_is_quarantined(prepare, zipped, pets, picture):
    prepared, quarantine = prepare(zipped(pets | {"cat/huge.png": picture(1, size=(400, 400))}), Limits(pixels=10_000))
    assert [row.reason for row in quarantine.rows] == ["damaged_image"]
    assert "pixels" in quarantine.rows[0].message
    assert prepared.rows == 12


def test_archive_over_the_limit_is_rejected_before_it_is_read(prepare, zipped, pets):
    with pytest.raises(RejectedUpload) as caught:
        prepare(zipped(pets), Limits(archive=100))
    assert caught.value.reason == "too_large"


def test_single_class_is_rejected(prepare, zipped, picture):
    with pytest.raises(RejectedUpload) as caught:
        prepare(zipped(images(picture, "cat", range(5))))
    assert caught.value.reason == "one_class"


def test_profile_has_mean_and_spread_of_the_training_pixels(prepare, zipped, pets):
    prepared, _ = prepare(zipped(pets))
    train = [body for name, body in members(prepared).items() if name.startswith("train/")]
    levels = [level for body in train for level in Image.open(io.BytesIO(body)).tobytes()]
    mean = sum(levels) / len(levels)
    assert prepared.profile["channels"][0]["mean"] == pytest.approx(mean)


def test_shards_are_cut_at_the_limit(prepare, zipped, pets):
    prepared, _ = prepare(zipped(pets), Limits(shard=4000))
    assert len(prepared.files) > 1
    assert sum(file.part.rows for file in prepared.files) == 12 == len(members(prepared))
