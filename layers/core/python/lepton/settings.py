"""What a function is told by its environment, read once at the edge and passed inward as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from lepton.errors import Misconfigured

# The numbers: their type, the least that makes sense, and the most.
_BOUNDS: dict[str, tuple[type[int] | type[float], float, float]] = {
    "alias_staleness_seconds": (float, 0, 1e9),
    "upload_seconds": (int, 1, 900),
    "upload_max_bytes": (int, 1, 5e9),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Each field is the environment variable of the same name in upper case; template.yaml sets them.

    Raises Misconfigured, naming every field that makes no sense.
    """

    lake_bucket: str
    landing_bucket: str = ""
    event_bus: str = ""
    cpu_job_queue: str = ""
    gpu_job_queue: str = ""
    job_definition: str = ""
    # How long an alias that was read may be served before it is looked at again, seconds.
    alias_staleness_seconds: float = 10.0
    # A presigned upload may be used for this long, seconds, and be this large, bytes.
    upload_seconds: int = 900
    upload_max_bytes: int = 1_000_000_000
    price_region: str = "us-east-1"
    # The Lambda functions that the scale advisor looks after: NAME[:MEMORY_MB],...
    watched_functions: str = ""

    def __post_init__(self) -> None:
        wrong = [
            f"{name.upper()}: {getattr(self, name)!r} is not between {low:g} and {high:g}"
            for name, (_, low, high) in _BOUNDS.items()
            if not low <= getattr(self, name) <= high
        ]
        if wrong:
            raise _incomplete(wrong)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Raises Misconfigured, naming every variable that is missing or wrong."""
        names = [field.name for field in fields(cls)]
        given: dict[str, str] = {name: environment[name.upper()] for name in names if name.upper() in environment}
        wrong = [] if "lake_bucket" in given else ["LAKE_BUCKET: it is missing"]
        numbers: dict[str, float] = {}
        for name in _BOUNDS.keys() & given.keys():
            try:
                numbers[name] = _BOUNDS[name][0](given[name])
            except ValueError:
                wrong.append(f"{name.upper()}: {given[name][:40]!r} is no number")
        if wrong:
            raise _incomplete(wrong)
        return cls(**{**given, **numbers})  # type: ignore[arg-type]  # each number has the type that it is read as


def _incomplete(wrong: list[str]) -> Misconfigured:
    return Misconfigured(
        f"the function's environment is incomplete: {', '.join(sorted(wrong))}", hint="see Environment in template.yaml"
    )
