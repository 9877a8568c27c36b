"""What an hour of a training job costs: a dated price list, and the rule that reads it.

AWS Batch itself costs nothing; its instances do, per second. The figures in prices.json are stored ones, with their
region, date and source: they must be checked again before anybody relies on them.
"""

from __future__ import annotations

from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field

from lepton.training.spec import Resources


class PriceList(BaseModel):
    """US dollars per hour. `spot_share`: price of spot capacity as a share of on demand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    region: str
    date: str
    source: str
    note: str
    gpu_instance: str
    usd_per_gpu_hour: float = Field(gt=0)
    cpu_instance: str
    usd_per_vcpu_hour: float = Field(gt=0)
    spot_share: float = Field(gt=0, le=1)

    def per_hour(self, resources: Resources) -> float:
        """On demand: by GPU where there is one (its instance brings the CPUs), else by vCPU."""
        if resources.gpus:
            return resources.gpus * self.usd_per_gpu_hour
        return resources.vcpus * self.usd_per_vcpu_hour

    def cost(self, resources: Resources, seconds: float) -> float:
        """What a run of that long cost, at the spot price where spot was asked for."""
        share = self.spot_share if resources.spot else 1.0
        return self.per_hour(resources) * share * seconds / 3600


def stored_prices() -> PriceList:
    """The list that ships with Lepton."""
    return PriceList.model_validate_json((files(__package__) / "prices.json").read_text())
