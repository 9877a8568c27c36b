"""What a function is told by its environment, read once at the edge and passed inward as values."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lepton.errors import Misconfigured


class Settings(BaseModel):
    """Each field is the environment variable of the same name in upper case; template.yaml sets them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lake_bucket: str
    landing_bucket: str = ""
    event_bus: str = ""
    cpu_job_queue: str = ""
    gpu_job_queue: str = ""
    job_definition: str = ""
    # How long an alias that was read may be served before it is looked at again, seconds.
    alias_staleness_seconds: float = Field(default=10.0, ge=0)
    # A presigned upload may be used for this long, seconds, and be this large, bytes.
    upload_seconds: int = Field(default=900, gt=0, le=900)
    upload_max_bytes: int = Field(default=1_000_000_000, gt=0)
    price_region: str = "us-east-1"
    # The Lambda functions that the scale advisor looks after: NAME[:MEMORY_MB],...
    watched_functions: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises Misconfigured, naming every variable that is missing or wrong."""
        given = {name: environment[name.upper()] for name in cls.model_fields if name.upper() in environment}
        try:
            return cls(**given)  # type: ignore[arg-type]  # pydantic turns the strings into numbers
        except ValidationError as error:
            wrong = ", ".join(f"{e['loc'][0]!s}".upper() + f": {e['msg']}" for e in error.errors())
            raise Misconfigured(
                f"the function's environment is incomplete: {wrong}", hint="see Environment in template.yaml"
            ) from error
