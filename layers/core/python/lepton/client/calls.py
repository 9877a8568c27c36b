"""The control routes as calls: datasets, training, models, capacity. Pure: a call is a value, see `Call`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from lepton.client.call import Answer, Call, whole
from lepton.client.records.capacity import CapacityPlan
from lepton.client.records.datasets import (
    DatasetSummary,
    DatasetVersion,
    DatasetVersions,
    Quarantine,
    UploadOffer,
    UploadReceipt,
)
from lepton.client.records.jobs import Job, JobFiles
from lepton.client.records.models import ModelSummary, ModelVersion, ModelVersions
from lepton.client.records.rollout import Alias
from lepton.client.records.serving import JobAccepted
from lepton.client.records.training import LogPage, PutSpec, RunState, TrainingPlan, TrainingSpec

Spec = Mapping[str, Any] | str


def datasets() -> Call[list[DatasetSummary]]:
    return Call("GET", "/datasets", _member("datasets"))


def dataset(name: str) -> Call[DatasetVersions]:
    return Call("GET", f"/datasets/{_step(name)}", whole)


def dataset_version(name: str, version: str) -> Call[DatasetVersion]:
    return Call("GET", f"/datasets/{_step(name)}/versions/{_step(version)}", whole)


def quarantine(name: str, version: str) -> Call[Quarantine]:
    return Call("GET", f"/datasets/{_step(name)}/versions/{_step(version)}/quarantine", whole)


def offer(name: str, filename: str, size: int) -> Call[UploadOffer]:
    """Each offer is another upload: one that nobody uses does no harm."""
    wanted = {"filename": PurePath(filename).name, "bytes": size}
    return Call("POST", f"/datasets/{_step(name)}/uploads", whole, wanted, repeatable=True)


def receipt(name: str, upload: str) -> Call[UploadReceipt]:
    return Call("GET", f"/datasets/{_step(name)}/uploads/{_step(upload)}", whole)


def put_spec(model: str, spec: Spec) -> Call[PutSpec]:
    body: Any = spec.encode() if isinstance(spec, str) else dict(spec)
    media = "application/yaml" if isinstance(spec, str) else "application/json"
    return Call("PUT", f"/training-specs/{_step(model)}", whole, body, media)


def spec(model: str) -> Call[TrainingSpec]:
    return Call("GET", f"/training-specs/{_step(model)}", _member("spec"))


def train(wanted: Spec | None, model: str | None) -> Call[RunState]:
    """The same spec on the same data is the same run, so asking twice starts one."""
    return Call("POST", "/training-runs", whole, _asked(wanted, model), repeatable=True)


def plan(wanted: Spec | None, model: str | None) -> Call[TrainingPlan]:
    body = _asked(wanted, model) | {"dry_run": True}
    return Call("POST", "/training-runs", _member("plan"), body, repeatable=True)


def runs(model: str | None) -> Call[list[RunState]]:
    return Call("GET", "/training-runs", _member("runs"), query={"model": model})


def run(run_id: str) -> Call[RunState]:
    return Call("GET", f"/training-runs/{_step(run_id)}", whole)


def logs(run_id: str, after: int) -> Call[LogPage]:
    return Call("GET", f"/training-runs/{_step(run_id)}/logs", whole, query={"after": after})


def cancel(run_id: str) -> Call[RunState]:
    return Call("POST", f"/training-runs/{_step(run_id)}/cancel", whole, repeatable=True)


def registered() -> Call[list[ModelSummary]]:
    return Call("GET", "/models", _member("models"))


def versions(model: str) -> Call[ModelVersions]:
    return Call("GET", f"/models/{_step(model)}", whole)


def version(model: str, number: str) -> Call[ModelVersion]:
    return Call("GET", f"/models/{_step(model)}/versions/{_step(number)}", whole)


def alias(model: str, name: str) -> Call[Alias]:
    return Call("GET", _alias(model, name), whole)


def promote(model: str, number: str, name: str, if_generation: int | None) -> Call[Alias]:
    """With a generation it is sent once: the first of two tries would make the second one come too late."""
    body = {"version": number} | ({} if if_generation is None else {"if_generation": if_generation})
    return Call("PUT", _alias(model, name), whole, body, repeatable=if_generation is None)


def rollback(model: str, name: str) -> Call[Alias]:
    """Sent once: twice would be two steps back."""
    return Call("POST", f"{_alias(model, name)}/rollback", whole)


def advise(resource: str, options: Mapping[str, Any]) -> Call[CapacityPlan]:
    given = {key: value for key, value in options.items() if value is not None}
    return Call("POST", "/capacity/advise", whole, {"resource": resource} | given, repeatable=True)


def capacity(resource: str) -> Call[CapacityPlan]:
    return Call("GET", f"/capacity/{_step(resource)}", whole)


def chart(resource: str) -> Call[bytes]:
    return Call("GET", f"/capacity/{_step(resource)}/chart", whole)


def series(start: str, step_seconds: int, arrivals: Sequence[float | None]) -> dict[str, Any]:
    """A load history as the API takes it."""
    return {"start": start, "step_seconds": step_seconds, "arrivals": list(arrivals)}


def offer_rows(model: str, filename: str, size: int) -> Call[UploadOffer]:
    """As `offer`, for a file to predict."""
    wanted = {"filename": PurePath(filename).name, "bytes": size}
    return Call("POST", f"/models/{_step(model)}/uploads", whole, wanted, repeatable=True)


def transform(model: str, upload: str, number: str | None) -> Call[JobAccepted]:
    """The same file and version are one job."""
    wanted = {"input": {"upload": upload}} | ({} if number is None else {"version": number})
    return Call("POST", f"/models/{_step(model)}/transforms", whole, wanted, repeatable=True)


def job(model: str, job_id: str) -> Call[Job]:
    return Call("GET", f"/v2/models/{_step(model)}/jobs/{_step(job_id)}", whole)


def job_files(model: str, job_id: str) -> Call[JobFiles]:
    return Call("GET", f"/v2/models/{_step(model)}/jobs/{_step(job_id)}/result", whole)


def cancel_job(model: str, job_id: str) -> Call[Job]:
    return Call("POST", f"/v2/models/{_step(model)}/jobs/{_step(job_id)}/cancel", whole, repeatable=True)


def _alias(model: str, name: str) -> str:
    return f"/models/{_step(model)}/aliases/{_step(name)}"


def _asked(wanted: Spec | None, model: str | None) -> dict[str, Any]:
    """One of the two; the API says what is wrong with none or both."""
    given = {"spec": wanted if isinstance(wanted, str | None) else dict(wanted), "model": model}
    return {key: value for key, value in given.items() if value is not None}


def _step(name: str) -> str:
    """One step of a path, whatever is in it."""
    return quote(name, safe="")


def _member(name: str) -> Any:
    def read(answer: Answer) -> Any:
        return answer.body[name]

    return read
