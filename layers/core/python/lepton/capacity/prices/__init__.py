"""Dated price lists, one file for each region, read from this package."""

from __future__ import annotations

from datetime import date
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from lepton.errors import InvalidRequest


class Prices(BaseModel):
    """What Lambda costs in one region, US dollars: per GB-second, and per request. No free tier, first tier only.

    `as_of` is the day the list was written; `source` says what from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    region: str
    architecture: Literal["x86_64", "arm64"]
    currency: Literal["USD"]
    as_of: date
    source: str
    on_demand_gb_second: float = Field(gt=0)
    provisioned_gb_second: float = Field(gt=0)
    provisioned_duration_gb_second: float = Field(gt=0)
    request: float = Field(ge=0)

    @property
    def break_even(self) -> float:
        """The share of time for which an environment must be busy to be worth provisioning, on price alone."""
        return self.provisioned_gb_second / (self.on_demand_gb_second - self.provisioned_duration_gb_second)


def regions() -> tuple[str, ...]:
    """Regions with a price list, in order."""
    files = resources.files(__name__).iterdir()
    return tuple(sorted(entry.name.removesuffix(".json") for entry in files if entry.name.endswith(".json")))


def prices_of(region: str) -> Prices:
    """The region's price list. Raises InvalidRequest for one that has none."""
    if region not in regions():
        raise InvalidRequest(
            f"there is no price list for region {region[:40]!r}",
            pointer="/region",
            hint=f"known: {', '.join(regions())}; add a dated file beside theirs in lepton/capacity/prices",
        )
    return Prices.model_validate_json(resources.files(__name__).joinpath(f"{region}.json").read_bytes())
