"""What the demo's work would have cost on AWS: durations measured here x the dated price lists in the repository."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from samtranslator.yaml_helper import yaml_parse

from lepton.capacity.prices import Prices, prices_of

TEMPLATE = Path("template.yaml")


@dataclass(frozen=True)
class FunctionCost:
    """One function over the whole demo. `seconds` is the sum of its durations, as CloudWatch has it."""

    function: str
    invocations: int
    seconds: float
    memory_mb: int
    usd: float


def memory_sizes() -> dict[str, int]:
    """Memory of each function of the template, MB, by logical id."""
    template = yaml_parse(TEMPLATE.read_text())
    default = template["Globals"]["Function"]["MemorySize"]
    functions = {name: one for name, one in template["Resources"].items() if one["Type"] == "AWS::Serverless::Function"}
    return {name: int(one["Properties"].get("MemorySize", default)) for name, one in functions.items()}


def function_costs(endpoint_url: str, prices: Prices, now: datetime) -> list[FunctionCost]:
    """Sum of AWS/Lambda Duration and Invocations of the last hour, by function, priced on demand."""
    cloudwatch = boto3.client(
        "cloudwatch",
        endpoint_url=endpoint_url,
        region_name=prices.region,
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    listed = cloudwatch.list_metrics(Namespace="AWS/Lambda", MetricName="Duration")["Metrics"]
    names = {one["Value"] for metric in listed for one in metric["Dimensions"] if one["Name"] == "FunctionName"}
    return [_cost(cloudwatch, name, prices, now) for name in sorted(names)]


def _cost(cloudwatch: Any, name: str, prices: Prices, now: datetime) -> FunctionCost:
    def total(metric: str) -> float:
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(minutes=2),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    invocations, seconds = round(total("Invocations")), total("Duration") / 1000
    memory = next((mb for logical, mb in memory_sizes().items() if logical in name), 512)
    usd = seconds * memory / 1024 * prices.on_demand_gb_second + invocations * prices.request
    return FunctionCost(name, invocations, seconds, memory, usd)


def lambda_costs(endpoint_url: str) -> tuple[list[FunctionCost], Prices]:
    """Costs of all functions, with the price list that they were computed from."""
    prices = prices_of("us-east-1")
    return function_costs(endpoint_url, prices, datetime.now(UTC)), prices
