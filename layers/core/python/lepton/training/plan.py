"""Planning a training: spec and dataset in, the whole run as a value out. Nothing is started here."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from lepton import lake
from lepton.dataset.manifest import DatasetManifest
from lepton.errors import InvalidSpec
from lepton.ports import JobRequest
from lepton.settings import Settings
from lepton.training.decisions import check_decisions
from lepton.training.features import Feature, choose_features
from lepton.training.fit import classes_of
from lepton.training.metrics import METRICS, default_metric, metrics_of
from lepton.training.prices import PriceList
from lepton.training.spec import TrainingSpec, did_you_mean

JOB_PREFIX = "lepton-"
_SHORTEST = 60  # seconds: the shortest timeout that Batch takes
_START = 120  # seconds: an instance is started and an image pulled, paid for although nothing is trained


@dataclass(frozen=True, slots=True)
class TrainingLimits:
    """What this deployment has to offer. An empty queue name: no such capacity."""

    cpu_queue: str
    gpu_queue: str
    definition: str
    lake_bucket: str

    @classmethod
    def of(cls, settings: Settings) -> TrainingLimits:
        return cls(settings.cpu_job_queue, settings.gpu_job_queue, settings.job_definition, settings.lake_bucket)


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CostRange(_Frozen):
    """US dollars: `low` when it is over at once, `high` when it runs to its limit, and where the prices are from."""

    low_usd: float
    high_usd: float
    per_hour_usd: float
    prices: str


class TrainingPlan(_Frozen):
    """All that would be done, and why: what a dry run shows."""

    run: str
    model: str
    dataset: str
    dataset_version: str
    algorithm: str
    metric: str
    classes: int
    features: tuple[Feature, ...]
    job: JobRequest
    cost: CostRange
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]


def run_of(spec: TrainingSpec, dataset_version: str) -> str:
    """The run's id: the same spec on the same dataset version is the same run."""
    return lake.run_id(spec.model, lake.short_digest(spec.canonical(), dataset_version.encode()))


def plan_training(
    spec: TrainingSpec, manifest: DatasetManifest, limits: TrainingLimits, prices: PriceList
) -> TrainingPlan:
    """The run as a value. Raises InvalidSpec with a JSON pointer into the spec, NotFound for another dataset."""
    classes = classes_of(spec, manifest)
    parameters = spec.parameters()
    features = choose_features(spec, manifest)
    if manifest.kind == "table" and not any(feature.used for feature in features):
        left = "; ".join(f"{feature.name}: {feature.reason}" for feature in features[:20])
        raise InvalidSpec(f"no column is left to learn from ({left})", pointer="/exclude", hint="exclude fewer")
    metric = _metric(spec, classes)
    decided = check_decisions(spec, manifest)
    run = run_of(spec, manifest.version)
    return TrainingPlan(
        run=run,
        model=spec.model,
        dataset=manifest.name,
        dataset_version=manifest.version,
        algorithm=spec.resolved_algorithm,
        metric=metric,
        classes=classes,
        features=features,
        job=_job(spec, run, manifest, limits, prices),
        cost=_cost(spec, prices),
        reasons=(
            *_reasons(spec, manifest, metric),
            f"hyperparameters {parameters.model_dump()}",
            *([decided] if decided else []),
        ),
        warnings=tuple(feature.warning for feature in features if feature.warning),
    )


def _metric(spec: TrainingSpec, classes: int) -> str:
    if spec.metric is None:
        return default_metric(spec.task, classes)
    fitting = metrics_of(spec.task)
    if spec.metric not in fitting:
        raise InvalidSpec(
            f"{spec.metric!r} is no metric of {spec.task}",
            pointer="/metric",
            hint=did_you_mean(spec.metric, list(fitting)),
        )
    if METRICS[spec.metric].binary_only and classes > 2:
        raise InvalidSpec(
            f"{spec.metric!r} is for two classes, the target has {classes}",
            pointer="/metric",
            hint="accuracy would fit",
        )
    return spec.metric


def _job(
    spec: TrainingSpec, run: str, manifest: DatasetManifest, limits: TrainingLimits, prices: PriceList
) -> JobRequest:
    resources = spec.resources
    queue = limits.gpu_queue if resources.gpus else limits.cpu_queue
    if not queue:
        kind = "GPU" if resources.gpus else "CPU"
        raise InvalidSpec(f"this deployment has no {kind} queue", pointer="/resources/gpus")
    share = prices.spot_share if resources.spot else 1.0
    return JobRequest(
        name=JOB_PREFIX + run,
        queue=queue,
        definition=limits.definition,
        command=(),
        environment={
            "LEPTON_RUN": run,
            "LAKE_BUCKET": limits.lake_bucket,
            "LEPTON_USD_PER_HOUR": f"{prices.per_hour(resources) * share:.6f}",
        },
        vcpus=resources.vcpus,
        memory_mib=resources.memory_mib,
        gpus=resources.gpus,
        timeout=max(_SHORTEST, round(resources.max_hours * 3600)),
        tags={"project": "lepton", "lepton:run": run, "lepton:model": spec.model, "lepton:dataset": manifest.name},
    )


def _cost(spec: TrainingSpec, prices: PriceList) -> CostRange:
    resources = spec.resources
    longest = max(_SHORTEST, resources.max_hours * 3600)
    return CostRange(
        low_usd=round(prices.cost(resources, _SHORTEST + _START), 6),
        # Spot may be out, and on demand then takes over.
        high_usd=round(prices.per_hour(resources) * (longest + _START) / 3600, 6),
        per_hour_usd=round(prices.cost(resources, 3600), 6),
        prices=f"{prices.region}, {prices.date}, stored figures: {prices.source}",
    )


def _reasons(spec: TrainingSpec, manifest: DatasetManifest, metric: str) -> tuple[str, ...]:
    resources = spec.resources
    place = f"{resources.gpus} GPU" if resources.gpus else f"{resources.vcpus} vCPU"
    pinned = "as the spec pins it" if spec.dataset_version else "the latest version"
    chosen = "as auto" if spec.algorithm == "auto" else "as the spec says"
    judged = "as the spec says" if spec.metric else "the task's default"
    return (
        f"dataset {manifest.name}@{manifest.version}, {pinned}: {manifest.rows} rows, {manifest.quarantined} set aside",
        f"algorithm {spec.resolved_algorithm}, {chosen} for {spec.task}",
        f"judged by {metric}, {judged}",
        f"{place}, {'spot first' if resources.spot else 'on demand'}, at most {resources.max_hours:g} h",
    )
