"""The client for asyncio: every route of the API as a typed method. Errors are those of `lepton.errors`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from lepton.client import calls, inference, upload_form, waiting
from lepton.client.async_transport import AsyncTransport
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
from lepton.client.transport import SECONDS
from lepton.errors import InvalidRequest

Result = TypeVar("Result")
LIVE = "live"


class AsyncClient:
    """The same methods as Client, to be awaited. Use as an asynchronous context manager."""

    def __init__(
        self,
        url: str,
        auth: httpx.Auth | None = None,
        *,
        seconds: float = SECONDS,
        numpy: bool | None = None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._transport = AsyncTransport(url, auth, pause=pause, seconds=seconds)
        self._pause = pause
        self._known = Known()
        self._numpy = inference.numpy_is_there() if numpy is None else numpy

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._transport.close()

    async def server(self) -> ServerMetadata:
        return await self._do(inference.server())

    async def models(self) -> list[ServedModel]:
        """Every model that has a live version."""
        return await self._do(inference.models())

    async def metadata(self, model: str, version: str | None = None) -> ModelMetadata:
        """What a model takes and gives."""
        return self._known.keep(model, version, await self._do(inference.metadata(model, version)))

    async def ready(self, model: str, version: str | None = None) -> bool:
        return await self._do(inference.ready(model, version))

    async def infer(
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
            binary = inference.wants_binary(inputs) and await self._takes_binary()
        ask = Ask(outputs, id, parameters or {}, binary, self._numpy)
        held = self._known.of(model, version) or await self.metadata(model, version)
        try:
            answer = await self._do(inference.infer(inputs, held, version, ask))
        except InvalidRequest:
            fresh = await self.metadata(model, version)
            if inference.version_of(fresh) == inference.version_of(held):
                raise
            answer = await self._do(inference.infer(inputs, fresh, version, ask))
        self._known.seen(model, version, answer.version)
        return answer

    async def infer_image(self, model: str, file: Path | str | bytes, *, version: str | None = None) -> Prediction:
        """Predict for one PNG, JPEG or WebP picture, a file or its bytes."""
        body = file if isinstance(file, bytes) else upload_form.checked_file(Path(file)).read_bytes()
        held = self._known.of(model, version) or await self.metadata(model, version)
        return await self._do(inference.image(model, body, version, held, numpy=self._numpy))

    async def transform(self, model: str, file: Path | str, *, version: str | None = None) -> JobAccepted:
        """Predict for every row of a file, or image of a zip, by one version; see `job`. Raises TooLarge."""
        path = upload_form.checked_file(Path(file))
        offer = await self._do(calls.offer_rows(model, path.name, path.stat().st_size))
        await asyncio.to_thread(upload_form.send, offer, path)
        return await self._do(calls.transform(model, offer["upload"], version))

    async def job(self, model: str, job: str, *, wait: bool = False, seconds: float = 3600.0) -> Job:
        """How far a job is; with `wait`, once it has ended, however that was."""
        pauses = waiting.pauses(seconds, f"job {job}", longest=5.0)
        while (found := await self._do(calls.job(model, job)))["state"] in waiting.GOING and wait:
            await self._pause(next(pauses))
        return found

    async def job_files(self, model: str, job: str) -> JobFiles:
        """Where the predictions of a file are, and the rows that had none. Raises Conflict while it goes on."""
        return await self._do(calls.job_files(model, job))

    async def cancel_job(self, model: str, job: str) -> Job:
        return await self._do(calls.cancel_job(model, job))

    async def datasets(self) -> list[DatasetSummary]:
        return await self._do(calls.datasets())

    async def dataset(self, name: str) -> DatasetVersions:
        return await self._do(calls.dataset(name))

    async def dataset_version(self, name: str, version: str) -> DatasetVersion:
        return await self._do(calls.dataset_version(name, version))

    async def quarantine(self, name: str, version: str) -> Quarantine:
        """What was set aside when the version was made."""
        return await self._do(calls.quarantine(name, version))

    async def upload(
        self, dataset: str, file: Path | str, *, wait: bool = True, seconds: float = waiting.SECONDS
    ) -> UploadReceipt:
        """Send a file, and wait for the dataset version that it becomes. Raises RejectedUpload, TooLarge."""
        path = upload_form.checked_file(Path(file))
        offer = await self._do(calls.offer(dataset, path.name, path.stat().st_size))
        await asyncio.to_thread(upload_form.send, offer, path)
        return await self.receipt(dataset, offer["upload"], wait=wait, seconds=seconds)

    async def receipt(
        self, dataset: str, upload: str, *, wait: bool = False, seconds: float = waiting.SECONDS
    ) -> UploadReceipt:
        """What became of an upload; with `wait`, once that is known. Raises RejectedUpload when waited for."""
        pauses = waiting.pauses(seconds, f"upload {upload}")
        while (found := await self._do(calls.receipt(dataset, upload)))["state"] == "waiting" and wait:
            await self._pause(next(pauses))
        if wait and (error := waiting.rejection(found)):
            raise error
        return found

    async def put_spec(self, model: str, spec: Spec) -> PutSpec:
        return await self._do(calls.put_spec(model, spec))

    async def spec(self, model: str) -> TrainingSpec:
        return await self._do(calls.spec(model))

    async def plan(self, spec: Spec | None = None, *, model: str | None = None) -> TrainingPlan:
        """What a training would do and cost; nothing is started."""
        return await self._do(calls.plan(spec, model))

    async def train(self, spec: Spec | None = None, *, model: str | None = None) -> RunState:
        """Start a training, of a spec or of the one that is kept for a model. The same question is one run."""
        return await self._do(calls.train(spec, model))

    async def runs(self, model: str | None = None) -> list[RunState]:
        return await self._do(calls.runs(model))

    async def run(self, run: str, *, wait: bool = False, seconds: float = 3600.0) -> RunState:
        """How far a run is; with `wait`, once it has ended, however that was."""
        pauses = waiting.pauses(seconds, f"run {run}", longest=5.0)
        while (found := await self._do(calls.run(run)))["state"] not in waiting.ENDED and wait:
            await self._pause(next(pauses))
        return found

    async def logs(self, run: str, after: int = 0) -> LogPage:
        return await self._do(calls.logs(run, after))

    async def cancel(self, run: str) -> RunState:
        return await self._do(calls.cancel(run))

    async def registered(self) -> list[ModelSummary]:
        """Every model, one without a live version too."""
        return await self._do(calls.registered())

    async def versions(self, model: str) -> ModelVersions:
        return await self._do(calls.versions(model))

    async def version(self, model: str, version: str) -> ModelVersion:
        return await self._do(calls.version(model, version))

    async def alias(self, model: str, alias: str = LIVE) -> Alias:
        return await self._do(calls.alias(model, alias))

    async def promote(self, model: str, version: str, alias: str = LIVE, *, if_generation: int | None = None) -> Alias:
        """Point the alias at a version that passed the gate. Raises Conflict when it did not, or the alias moved."""
        return await self._do(calls.promote(model, version, alias, if_generation))

    async def rollback(self, model: str, alias: str = LIVE) -> Alias:
        return await self._do(calls.rollback(model, alias))

    async def advise(self, resource: str, **options: Any) -> CapacityPlan:
        """A capacity plan from `series` (see `calls.series`) or `csv`, `service_seconds` and other options."""
        return await self._do(calls.advise(resource, options))

    async def capacity(self, resource: str) -> CapacityPlan:
        return await self._do(calls.capacity(resource))

    async def chart(self, resource: str) -> bytes:
        """The latest plan as SVG."""
        return await self._do(calls.chart(resource))

    async def _takes_binary(self) -> bool:
        if self._known.extensions is None:
            self._known.extensions = tuple((await self.server())["extensions"])
        return inference.BINARY in self._known.extensions

    async def _do(self, call: Call[Result]) -> Result:
        try:
            return await self._transport.make(call)
        except Refused as refused:
            raise refused.typed() from refused
