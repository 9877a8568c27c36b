"""What the environment of a Batch job says, and how a job ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lepton.errors import LeptonError, Misconfigured
from lepton.training.run import RunState, State

TRY_AGAIN, BUG = 75, 70


class Job(BaseModel):
    """Batch sets the AWS_BATCH ones; the trigger the others. `usd_per_hour`: the price of what the job runs on."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)

    run: str = Field(alias="LEPTON_RUN")
    lake_bucket: str = Field(alias="LAKE_BUCKET")
    job_id: str | None = Field(default=None, alias="AWS_BATCH_JOB_ID")
    attempt: int = Field(default=1, ge=1, alias="AWS_BATCH_JOB_ATTEMPT")
    usd_per_hour: float | None = Field(default=None, alias="LEPTON_USD_PER_HOUR")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Job:
        """Raises Misconfigured, naming every variable that is missing or wrong."""
        try:
            return cls.model_validate(dict(environment))
        except ValidationError as error:
            wrong = ", ".join(f"{e['loc'][0]}: {e['msg']}" for e in error.errors())
            raise Misconfigured(
                f"the job's environment is incomplete: {wrong}", hint="see the job definition in infra/training.yaml"
            ) from error

    def began(self, state: RunState, now: datetime) -> RunState:
        """The run's state while this attempt runs; one that is over stays as it is."""
        if state.final or state.state == "succeeded":
            return state
        told = {"state": "running", "attempt": self.attempt, "job_id": self.job_id or state.job_id, "reason": None}
        return state.model_copy(update=told | {"started_at": state.started_at or now, "exit_code": None})


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended. `reason` is one line for a person."""

    exit_code: int
    state: State
    reason: str | None = None
    version: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Outcome:
        """One of our errors says its own exit code; any other is a bug. What may be tried again has not failed yet."""
        if not isinstance(error, LeptonError):
            line = str(error).strip().splitlines()[:1]
            return cls(BUG, "failed", f"a bug in the trainer: {type(error).__name__}: {''.join(line)[:500]}")
        if error.exit_code == TRY_AGAIN:
            return cls(TRY_AGAIN, "submitted", str(error))
        return cls(error.exit_code, "failed", str(error))

    def ended(self, state: RunState, now: datetime) -> RunState:
        """The run's state after this attempt; one that is over (cancelled, say) stays so, with what was logged."""
        if state.final:
            return state
        told = {"state": self.state, "exit_code": self.exit_code, "reason": self.reason, "version": self.version}
        return state.model_copy(update=told | ({} if self.exit_code == TRY_AGAIN else {"ended_at": now}))
