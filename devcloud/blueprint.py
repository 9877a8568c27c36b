"""What the local cloud runs, taken from the resolved template."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from devcloud.async_invokes import AsyncConfig
from devcloud.buses import RuleSpec
from devcloud.environments import FunctionSpec
from devcloud.layers import layer_folder, runtime_folder
from devcloud.mappings import MappingSpec
from devcloud.template import Resource, Stack
from lepton.errors import Misconfigured

_KINDS = frozenset(
    {
        "AWS::S3::Bucket",
        "AWS::SQS::Queue",
        "AWS::Events::EventBus",
        "AWS::Events::Rule",
        "AWS::Scheduler::Schedule",
        "AWS::Lambda::Function",
        "AWS::Lambda::LayerVersion",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::EventInvokeConfig",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Stage",
        "AWS::Batch::JobDefinition",
        "AWS::Batch::JobQueue",
    }
)


@dataclass(frozen=True)
class Blueprint:
    """Everything by kind. Buckets and queues: physical name -> template properties."""

    buckets: Mapping[str, Mapping[str, Any]]
    queues: Mapping[str, Mapping[str, Any]]
    buses: tuple[str, ...]
    rules: tuple[RuleSpec, ...]
    functions: tuple[FunctionSpec, ...]
    mappings: tuple[MappingSpec, ...]
    invokes: Mapping[str, AsyncConfig]
    api: Mapping[str, Any]
    stage: str
    job_definitions: Mapping[str, Mapping[str, Any]]
    job_queues: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]

    @property
    def announced(self) -> set[str]:
        """The buckets that tell EventBridge of their objects."""
        return {
            name
            for name, properties in self.buckets.items()
            if _announces((properties.get("NotificationConfiguration") or {}).get("EventBridgeConfiguration"))
        }


def draw(stack: Stack, build: Path) -> Blueprint:
    """The blueprint of a stack; `build`: where folders for layers are made. Raises Misconfigured."""
    found: dict[str, list[Resource]] = {}
    for resource in stack.resources(_KINDS):
        found.setdefault(resource.kind, []).append(resource)

    def named(kind: str) -> dict[str, Mapping[str, Any]]:
        return {one.name: one.properties for one in found.get(kind, [])}

    api = found.get("AWS::ApiGateway::RestApi", [])
    stages = list(named("AWS::ApiGateway::Stage"))
    functions = found.get("AWS::Lambda::Function", [])
    layers = {one.arn: _layer(one, build) for one in found.get("AWS::Lambda::LayerVersion", [])}
    runtime = runtime_folder(build)
    return Blueprint(
        buckets=named("AWS::S3::Bucket"),
        queues=named("AWS::SQS::Queue"),
        buses=tuple(named("AWS::Events::EventBus")),
        rules=tuple(_rule(one) for one in _rules(found)),
        functions=tuple(_function(one, layers, runtime) for one in functions),
        mappings=tuple(MappingSpec.of(one.properties) for one in found.get("AWS::Lambda::EventSourceMapping", [])),
        invokes=_invokes(functions, found.get("AWS::Lambda::EventInvokeConfig", [])),
        api=api[0].properties.get("Body") or {} if api else {},
        stage=stages[0] if stages else "",
        job_definitions=named("AWS::Batch::JobDefinition"),
        job_queues=named("AWS::Batch::JobQueue"),
        outputs=stack.outputs,
    )


def _announces(configuration: Any) -> bool:
    if configuration is None:
        return False
    return str(configuration.get("EventBridgeEnabled", True)).lower() == "true"


def _rules(found: Mapping[str, list[Resource]]) -> list[Resource]:
    rules = [*found.get("AWS::Events::Rule", []), *found.get("AWS::Scheduler::Schedule", [])]
    return [rule for rule in rules if rule.properties.get("State", "ENABLED") != "DISABLED"]


def _rule(resource: Resource) -> RuleSpec:
    properties = resource.properties
    pattern = properties.get("EventPattern")
    return RuleSpec(
        logical_id=resource.logical_id,
        arn=resource.arn,
        bus=str(properties.get("EventBusName", "default")).rsplit("/", 1)[-1],
        pattern=json.loads(pattern) if isinstance(pattern, str) else pattern,
        schedule=properties.get("ScheduleExpression"),
        targets=tuple(properties.get("Targets") or [properties["Target"]]),
    )


def _function(resource: Resource, layers: Mapping[str, Path], runtime: Path) -> FunctionSpec:
    properties = resource.properties
    if resource.code is None or not resource.code.is_dir():
        raise Misconfigured(f"the code of {resource.logical_id} is not a folder here", pointer=str(resource.code))
    # Lambda unpacks the layers one over the other into /opt: the last one wins.
    used = [layers[arn] for arn in reversed(properties.get("Layers", [])) if arn in layers]
    variables = (properties.get("Environment") or {}).get("Variables") or {}
    reserved = properties.get("ReservedConcurrentExecutions")
    return FunctionSpec(
        logical_id=resource.logical_id,
        name=resource.name,
        arn=resource.arn,
        handler=str(properties["Handler"]),
        path=(resource.code, *used, runtime),
        environment={name: _text(value) for name, value in variables.items()},
        timeout=float(properties.get("Timeout", 3)),
        memory=int(properties.get("MemorySize", 128)),
        reserved=None if reserved is None else int(reserved),
    )


def _layer(resource: Resource, build: Path) -> Path:
    if resource.code is None:
        raise Misconfigured(f"the content of layer {resource.logical_id} is not a folder here")
    return layer_folder(resource.code, build)


def _invokes(functions: list[Resource], configs: list[Resource]) -> dict[str, AsyncConfig]:
    by_function = {str(one.properties["FunctionName"]).rsplit(":", 1)[-1]: one.properties for one in configs}
    return {one.name: AsyncConfig.of(by_function.get(one.name, {}), one.properties) for one in functions}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
