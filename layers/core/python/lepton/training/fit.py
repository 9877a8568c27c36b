"""Whether a spec fits a dataset: its task, its target, its columns. Each misfit is told at its field."""

from __future__ import annotations

from lepton.dataset.manifest import Column, DatasetManifest
from lepton.errors import InvalidSpec, NotFound
from lepton.training.algorithms import FITTING
from lepton.training.spec import TrainingSpec, did_you_mean

MAX_CLASSES = 1000


def classes_of(spec: TrainingSpec, manifest: DatasetManifest) -> int:
    """How many classes are to be told apart; 0: a number, or classes that are not known before training.

    Raises InvalidSpec with a JSON pointer into the spec, NotFound when this is not the dataset that it wants.
    """
    _check_dataset(spec, manifest)
    return _check_images(spec, manifest) if manifest.kind == "images" else _check_table(spec, manifest)


def _check_dataset(spec: TrainingSpec, manifest: DatasetManifest) -> None:
    wanted = spec.dataset_version
    if manifest.name != spec.dataset_name or (wanted is not None and wanted != manifest.version):
        raise NotFound(
            f"the spec wants dataset {spec.dataset}, this is {manifest.name}@{manifest.version}", pointer="/dataset"
        )
    kind = "images" if spec.task == "image_classification" else "table"
    if manifest.kind != kind:
        tasks = "image_classification" if manifest.kind == "images" else "classification or regression"
        raise InvalidSpec(
            f"task {spec.task} does not fit dataset {manifest.name!r}, which is of kind {manifest.kind!r}",
            pointer="/task",
            hint=f"{tasks} would fit",
        )
    if spec.resolved_algorithm not in FITTING[spec.task]:
        raise InvalidSpec(
            f"algorithm {spec.algorithm!r} does not do {spec.task}",
            pointer="/algorithm",
            hint=f"{' or '.join(FITTING[spec.task])} would fit, or auto",
        )
    for split in ("train", "validation", "test"):
        if not manifest.splits.get(split, 0):
            raise InvalidSpec(
                f"dataset {manifest.name}@{manifest.version} has no rows in its {split} split",
                pointer="/dataset",
                hint=f"it has {manifest.rows} rows in all: upload more",
            )


def _check_images(spec: TrainingSpec, manifest: DatasetManifest) -> int:
    if spec.target is not None:
        raise InvalidSpec(
            "an image dataset has no columns", pointer="/target", hint="leave it out: an image's class is its folder"
        )
    if spec.exclude:
        raise InvalidSpec("an image dataset has no columns", pointer="/exclude", hint="leave it out")
    return _counted(len(manifest.classes), f"dataset {manifest.name!r}", "/dataset")


def _check_table(spec: TrainingSpec, manifest: DatasetManifest) -> int:
    """Number of classes of the target; 0 where it is a number whose values are not known before training."""
    names = [column.name for column in manifest.columns]
    if spec.target is None:
        raise InvalidSpec(
            "a table needs a target column", pointer="/target", hint=f"columns are: {', '.join(names[:40])}"
        )
    if spec.target not in names:
        raise InvalidSpec(
            f"dataset {manifest.name}@{manifest.version} has no column {spec.target!r}; "
            f"its columns are: {', '.join(names[:100])}",
            pointer="/target",
            hint=did_you_mean(spec.target, names),
        )
    for index, name in enumerate(spec.exclude):
        if name == spec.target:
            raise InvalidSpec(f"{name!r} is the target", pointer=f"/exclude/{index}", hint="it is left out anyway")
        if name not in names:
            raise InvalidSpec(
                f"dataset {manifest.name!r} has no column {name!r}",
                pointer=f"/exclude/{index}",
                hint=did_you_mean(name, names),
            )
    target = manifest.columns[names.index(spec.target)]
    return _check_number(target) if spec.task == "regression" else _check_classes(target)


def _check_number(target: Column) -> int:
    if target.type not in ("int64", "float64"):
        raise InvalidSpec(
            f"target {target.name!r} is of type {target.type}: regression needs a number",
            pointer="/target",
            hint="task: classification would fit" if target.type in ("string", "bool") else None,
        )
    return 0


def _check_classes(target: Column) -> int:
    if target.type in ("float64", "timestamp"):
        raise InvalidSpec(
            f"target {target.name!r} is of type {target.type}: classification needs classes",
            pointer="/target",
            hint="task: regression would fit" if target.type == "float64" else "choose another column",
        )
    if target.type == "bool":
        return 2
    if target.categories is None:
        if target.type == "int64":
            return 0
        raise InvalidSpec(
            f"target {target.name!r} is text with many different values: these are no classes",
            pointer="/target",
            hint="choose a column with few different values",
        )
    return _counted(len(target.categories), f"target {target.name!r}", "/target")


def _counted(classes: int, what: str, pointer: str) -> int:
    if classes < 2:
        raise InvalidSpec(f"{what} has a single class", pointer=pointer, hint="two or more are needed to learn")
    if classes > MAX_CLASSES:
        raise InvalidSpec(f"{what} has {classes} classes, more than {MAX_CLASSES}", pointer=pointer)
    return classes
