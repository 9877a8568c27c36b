"""One training run from its request to its package, and its end, whatever it is, written where people look.

request.json ─► dataset ─► splits ─► train ─► graph ─► measure ─► models/{model}/{version}/ ─► state.json
"""

from __future__ import annotations

import signal
import sys
import tempfile
import traceback
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import ValidationError

from lepton import lake
from lepton.aws.s3 import S3ObjectStore
from lepton.dataset.manifest import DatasetManifest
from lepton.errors import Conflict, InvalidSpec, LeptonError, NotFound
from lepton.ports import ObjectStore
from lepton.training.decisions import check_decisions
from lepton.training.fit import classes_of
from lepton.training.metrics import metrics_of
from lepton.training.run import RunState, RunStore, TrainingRequest
from lepton.training.spec import TrainingSpec, did_you_mean
from trainer.dataset import Splits, fetch_parts, read_manifest
from trainer.decisions import hold_to_examples
from trainer.job import Job, Outcome
from trainer.measure import measure
from trainer.package import files_beside, package_manifest, write_package
from trainer.progress import Journal, stopped
from trainer.trained import Trained


def now() -> datetime:
    return datetime.now(UTC)


def run_job(environment: Mapping[str, str]) -> int:
    """The process's exit code. What can be written of its end is in the lake by then."""
    try:
        job = Job.from_environment(environment)
        store = S3ObjectStore(job.lake_bucket)
        return attended(job, store)
    except LeptonError as error:  # there is no run to tell it to, or no lake
        sys.stderr.write(f"{error}\n")
        return error.exit_code


def attended(job: Job, store: ObjectStore) -> int:
    """Train, and write how it ended. Raises NotFound without a run, TransientError when the lake takes nothing."""
    runs = RunStore(store)
    state = begun(runs, job)
    if state.state in ("succeeded", "published", "refused"):
        sys.stdout.write(f"run {job.run} is done already: {state.state}\n")
        return 0
    if state.final:
        raise Conflict(f"run {job.run} is over: {state.state}", pointer="/run", hint="submit another one")
    journal = Journal(runs, job.run, now=now, usd_per_hour=job.usd_per_hour)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: journal.ask_to_stop())
    outcome = trained_outcome(job, runs, store, journal)
    journal.close(lambda state: outcome.ended(state, now()))
    return outcome.exit_code


def begun(runs: RunStore, job: Job) -> RunState:
    """The state, now running unless it is over. Raises NotFound when there is no such run."""
    try:
        return runs.update(job.run, lambda state: job.began(state, now()))
    except NotFound:
        request = runs.request(job.run)
    first = RunState(
        run=job.run,
        model=request.spec.model,
        dataset=request.dataset,
        dataset_version=request.dataset_version,
        state="submitted",
        submitted_at=request.submitted_at,
    )
    runs.begin(first)
    return runs.update(job.run, lambda state: job.began(state, now()))


def trained_outcome(job: Job, runs: RunStore, store: ObjectStore, journal: Journal) -> Outcome:
    """Never raises: every end is an outcome."""
    try:
        version = train(read_request(runs, job.run), store, journal)
    except LeptonError as error:
        journal.say(str(error), "warning" if error.retry else "error")
        return Outcome.of(error)
    except Exception as error:  # noqa: BLE001  # a bug: its trace belongs in the log, its end in the state
        journal.say(traceback.format_exc().rstrip(), "error")
        return Outcome.of(error)
    return Outcome(0, "succeeded", version=version)


def read_request(runs: RunStore, run: str) -> TrainingRequest:
    """Raises NotFound, InvalidSpec."""
    try:
        return runs.request(run)
    except ValidationError as error:
        first = error.errors()[0]
        where = "/" + "/".join(str(part) for part in first["loc"])
        raise InvalidSpec(
            f"request.json of {run} cannot be read: {first['msg']}", pointer=where, hint="submit the spec again"
        ) from error


def train(request: TrainingRequest, store: ObjectStore, journal: Journal) -> str:
    """The version of the package that is in the lake then. Raises one error of each exit code."""
    spec = request.spec
    journal.say(f"run {request.run}: {spec.task} by {spec.resolved_algorithm}, seed {spec.seed}")
    dataset = read_manifest(store, request.dataset, request.dataset_version)
    check(spec, dataset)
    trained, splits = trained_on(request, dataset, store, journal)
    hold_to_examples(spec, trained, journal)
    if journal.stopping():
        raise stopped("after the training, before the package was written")
    measurements = measure(spec, trained, splits, store, journal)
    for name, figure in measurements.metrics.items():
        journal.say(f"{name} {figure:.4f} on {len(splits.test)} test rows")
    parity = measurements.parity
    journal.say(
        f"graph against model: {parity.flips} of {parity.rows} decisions differ, "
        f"scores by {parity.p999_difference:.1e} at most (99.9 %); {measurements.size_bytes:,} bytes, "
        f"{measurements.latency_ms:.3f} ms a row"
    )
    manifest = package_manifest(request, dataset, trained, measurements, seconds=journal.seconds(), now=now())
    write_package(store, manifest, trained.onnx, files_beside(spec, trained))
    journal.say(f"package {manifest.model} {manifest.version} is in the lake")
    return manifest.version


def check(spec: TrainingSpec, dataset: DatasetManifest) -> None:
    """Raises InvalidSpec when the spec does not fit the dataset."""
    classes_of(spec, dataset)
    check_decisions(spec, dataset)
    fitting = metrics_of(spec.task)
    if spec.metric is not None and spec.metric not in fitting:
        raise InvalidSpec(
            f"{spec.metric!r} is no metric of {spec.task}",
            pointer="/metric",
            hint=did_you_mean(spec.metric, list(fitting)),
        )


def trained_on(
    request: TrainingRequest, dataset: DatasetManifest, store: ObjectStore, journal: Journal
) -> tuple[Trained, Splits]:
    """Read and train; each kind of dataset imports only the libraries that it needs."""
    spec = request.spec
    with tempfile.TemporaryDirectory(prefix="lepton-") as folder:
        paths = fetch_parts(store, dataset, Path(folder))
        journal.say(f"dataset {dataset.name}@{dataset.version}: {dataset.rows} rows in {len(paths)} parts, checked")
        if dataset.kind == "table":
            return _table(spec, dataset, paths, journal)
        splits = _images(dataset, paths)
    _tell_absent(splits, journal)
    import torch

    from trainer.checkpoint import Checkpoints
    from trainer.images import image_format
    from trainer.pictorial import train_images

    identity = lake.short_digest(spec.canonical(), dataset.version.encode(), str(torch.__version__).encode())
    checkpoints = Checkpoints(store, request.run, identity)
    return train_images(spec, image_format(dataset), splits, checkpoints, journal), splits


def _table(
    spec: TrainingSpec, dataset: DatasetManifest, paths: Sequence[Path], journal: Journal
) -> tuple[Trained, Splits]:
    from trainer.tables import feature_columns, read_table
    from trainer.tabular import train_table

    columns, told = feature_columns(spec, dataset)
    for line in told:
        journal.say(line)
    splits = read_table(spec, dataset, columns, paths).checked()
    _tell_absent(splits, journal)
    return train_table(spec, columns, splits, journal), splits


def _images(dataset: DatasetManifest, paths: Sequence[Path]) -> Splits:
    from trainer.images import read_images

    return read_images(dataset, paths).checked()


def _tell_absent(splits: Splits, journal: Journal) -> None:
    if absent := splits.absent():
        journal.say(f"the train split has no row of {', '.join(absent)}: the model will never say so", "warning")
