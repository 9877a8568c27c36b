"""The client that blocks: every route of the API as a typed method. Errors are those of `lepton.errors`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from lepton.client import calls, inference, upload_form, waiting
from lepton.client.call import Call
from lepton.client.calls import Spec
from lepton.client.failures import Refused
from lepton.client.inference import Ask
from lepton.client.known import Known
from lepton.client.prediction import Prediction
from lepton.client.records.capacity import CapacityPlan
from lepton.client.records.datasets import DatasetSummary, DatasetVersion, DatasetVersions, Quarantine, UploadReceipt
from lepton.client.records.jobs import Job, JobFiles
from lepton.client.records.models import ModelSummary, ModelVersion, ModelVersions
from lepton.client.records.rollout import Alias
from lepton.client.records.serving import JobAccepted, ModelMetadata, ServedModel, ServerMetadata
from lepton.client.records.training import LogPage, PutSpec, RunState, TrainingPlan, TrainingSpec
from lepton.client.transport import SECONDS, Transport
from lepton.errors import InvalidRequest

Result = TypeVar("Result")
LIVE = "live"


class Client:
    """`url` is the API's root, stage included; `auth` signs requests (see SigV4), the local cloud needs none.

    A call that may be sent twice is tried again on 429, 502, 503, 504 (after Retry-After) and broken connections.
    Outputs are NumPy arrays where NumPy is installed, or as `numpy` says. Every method raises the errors of
    `lepton.errors`, Unreachable, and NotPermitted. Use as a context manager.
    """

    def __init__(
        self,
        url: str,
        auth: httpx.Auth | None = None,
        *,
        seconds: float = SECONDS,
        numpy: bool | None = None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._transport = Transport(url, auth, pause=pause, seconds=seconds)
        self._pause = pause
        self._known = Known()
        self._numpy = inference.numpy_is_there() if numpy is None else numpy

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._transport.__exit__()

    def server(self) -> ServerMetadata:
        return self._do(inference.server())

    def models(self) -> list[ServedModel]:
        """Every model that has a live version."""
        return self._do(inference.models())

    def metadata(self, model: str, version: str | None = None) -> ModelMetadata:
        """What a model takes and gives."""
        return self._known.keep(model, version, self._do(inference.metadata(model, version)))

    def ready(self, model: str, version: str | None = None) -> bool:
        return self._do(inference.ready(model, version))

    def infer(
        self,
        model: str,
        inputs: Any,
        *,
        version: str | None = None,
        outputs: Sequence[str] = (),
        id: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        binary: bool | None = None,
    ) -> Prediction:
        """Predict. `inputs`: columns by name, rows, a data frame, or the one input of a model that has one.

        `binary`: send and ask for raw tensors; None: for large arrays, when the server takes them.
        """
        if binary is None:
            binary = inference.wants_binary(inputs) and self._takes_binary()
        ask = Ask(outputs, id, parameters or {}, binary, self._numpy)
        held = self._known.of(model, version) or self.metadata(model, version)
        try:
            answer = self._do(inference.infer(inputs, held, version, ask))
        except InvalidRequest:
            fresh = self.metadata(model, version)
            if inference.version_of(fresh) == inference.version_of(held):
                raise
            answer = self._do(inference.infer(inputs, fresh, version, ask))
        self._known.seen(model, version, answer.version)
        return answer

    def infer_image(self, model: str, file: Path | str | bytes, *, version: str | None = None) -> Prediction:
        """Predict for one PNG, JPEG or WebP picture, a file or its bytes."""
        body = file if isinstance(file, bytes) else upload_form.checked_file(Path(file)).read_bytes()
        held = self._known.of(model, version) or self.metadata(model, version)
        return self._do(inference.image(model, body, version, held, numpy=self._numpy))

    def transform(self, model: str, file: Path | str, *, version: str | None = None) -> JobAccepted:
        """Predict for every row of a file, or image of a zip, by one version; see `job`. Raises TooLarge."""
        path = upload_form.checked_file(Path(file))
        offer = self._do(calls.offer_rows(model, path.name, path.stat().st_size))
        upload_form.send(offer, path, pause=self._pause)
        return self._do(calls.transform(model, offer["upload"], version))

    def job(self, model: str, job: str, *, wait: bool = False, seconds: float = 3600.0) -> Job:
        """How far a job is; with `wait`, once it has ended, however that was."""
        pauses = waiting.pauses(seconds, f"job {job}", longest=5.0)
        while (found := self._do(calls.job(model, job)))["state"] in waiting.GOING and wait:
            self._pause(next(pauses))
        return found

    def job_files(self, model: str, job: str) -> JobFiles:
        """Where the predictions of a file are, and the rows that had none. Raises Conflict while it goes on."""
        return self._do(calls.job_files(model, job))

    def cancel_job(self, model: str, job: str) -> Job:
        return self._do(calls.cancel_job(model, job))

    def datasets(self) -> list[DatasetSummary]:
        return self._do(calls.datasets())

    def dataset(self, name: str) -> DatasetVersions:
        return self._do(calls.dataset(name))

    def dataset_version(self, name: str, version: str) -> DatasetVersion:
        return self._do(calls.dataset_version(name, version))

    def quarantine(self, name: str, version: str) -> Quarantine:
        """What was set aside when the version was made."""
        return self._do(calls.quarantine(name, version))

    def upload(
        self, dataset: str, file: Path | str, *, wait: bool = True, seconds: float = waiting.SECONDS
    ) -> UploadReceipt:
        """Send a file, and wait for the dataset version that it becomes. Raises RejectedUpload, TooLarge."""
        path = upload_form.checked_file(Path(file))
        offer = self._do(calls.offer(dataset, path.name, path.stat().st_size))
        upload_form.send(offer, path, pause=self._pause)
        return self.receipt(dataset, offer["upload"], wait=wait, seconds=seconds)

    def receipt(
        self, dataset: str, upload: str, *, wait: bool = False, seconds: float = waiting.SECONDS
    ) -> UploadReceipt:
        """What became of an upload; with `wait`, once that is known. Raises RejectedUpload when waited for."""
        pauses = waiting.pauses(seconds, f"upload {upload}")
        while (found := self._do(calls.receipt(dataset, upload)))["state"] == "waiting" and wait:
            self._pause(next(pauses))
        if wait and (error := waiting.rejection(found)):
            raise error
        return found

    def put_spec(self, model: str, spec: Spec) -> PutSpec:
        return self._do(calls.put_spec(model, spec))

    def spec(self, model: str) -> TrainingSpec:
        return self._do(calls.spec(model))

    def plan(self, spec: Spec | None = None, *, model: str | None = None) -> TrainingPlan:
        """What a training would do and cost; nothing is started."""
        return self._do(calls.plan(spec, model))

    def train(self, spec: Spec | None = None, *, model: str | None = None) -> RunState:
        """Start a training, of a spec or of the one that is kept for a model. The same question is one run."""
        return self._do(calls.train(spec, model))

    def runs(self, model: str | None = None) -> list[RunState]:
        return self._do(calls.runs(model))

    def run(self, run: str, *, wait: bool = False, seconds: float = 3600.0) -> RunState:
        """How far a run is; with `wait`, once it has ended, however that was."""
        pauses = waiting.pauses(seconds, f"run {run}", longest=5.0)
        while (found := self._do(calls.run(run)))["state"] not in waiting.ENDED and wait:
            self._pause(next(pauses))
        return found

    def logs(self, run: str, after: int = 0) -> LogPage:
        return self._do(calls.logs(run, after))

    def cancel(self, run: str) -> RunState:
        return self._do(calls.cancel(run))

    def registered(self) -> list[ModelSummary]:
        """Every model, one without a live version too."""
        return self._do(calls.registered())

    def versions(self, model: str) -> ModelVersions:
        return self._do(calls.versions(model))

    def version(self, model: str, version: str) -> ModelVersion:
        return self._do(calls.version(model, version))

    def alias(self, model: str, alias: str = LIVE) -> Alias:
        return self._do(calls.alias(model, alias))

    def promote(self, model: str, version: str, alias: str = LIVE, *, if_generation: int | None = None) -> Alias:
        """Point the alias at a version that passed the gate. Raises Conflict when it did not, or the alias moved."""
        return self._do(calls.promote(model, version, alias, if_generation))

    def rollback(self, model: str, alias: str = LIVE) -> Alias:
        return self._do(calls.rollback(model, alias))

    def advise(self, resource: str, **options: Any) -> CapacityPlan:
        """A capacity plan from `series` (see `calls.series`) or `csv`, `service_seconds` and other options."""
        return self._do(calls.advise(resource, options))

    def capacity(self, resource: str) -> CapacityPlan:
        return self._do(calls.capacity(resource))

    def chart(self, resource: str) -> bytes:
        """The latest plan as SVG."""
        return self._do(calls.chart(resource))

    def _takes_binary(self) -> bool:
        if self._known.extensions is None:
            self._known.extensions = tuple(self.server()["extensions"])
        return inference.BINARY in self._known.extensions

    def _do(self, call: Call[Result]) -> Result:
        try:
            return self._transport.make(call)
        except Refused as refused:
            raise refused.typed() from refused
