"""template.yaml, transformed by aws-sam-translator and resolved: stacks, nested stacks, resources, outputs."""

from __future__ import annotations

import copy
import logging
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

from devcloud.identities import ACCOUNT, REGION, arn_of, attribute_of, name_of, ref_of
from devcloud.intrinsics import resolve
from lepton.errors import LeptonError, Misconfigured

# Where the translator is told that code lies; the object key is the logical id, by which the local path is found.
_BUCKET = "devcloud"
_CODE = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_STACK = "AWS::CloudFormation::Stack"


@dataclass(frozen=True)
class Resource:
    """One resource with its properties resolved; `code` is the local folder of a function or layer."""

    logical_id: str
    kind: str
    name: str
    arn: str
    properties: Mapping[str, Any]
    code: Path | None = None


class Stack:
    """One template with its parameters: a scope for intrinsic functions."""

    def __init__(self, path: Path, *, name: str, endpoint: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._path = path
        self._name = name
        self._endpoint = endpoint
        source = _read(path)
        self._folders = _local_code(source, path.parent)
        self._template = _transformed(source, path)
        self._parameters = self._with_defaults(parameters or {})
        self._names: dict[str, str] = {}
        self._children: dict[str, Stack] = {}
        self._entered: set[str] = set()

    def resources(self, kinds: Container[str]) -> Iterator[Resource]:
        """Every resource of these types whose condition holds, those of nested stacks too."""
        for logical_id in self._template["Resources"]:
            if not self._exists(logical_id):
                continue
            if self._kind(logical_id) == _STACK:
                yield from self._child(logical_id).resources(kinds)
            elif self._kind(logical_id) in kinds:
                yield self._resource(logical_id)

    @cached_property
    def outputs(self) -> dict[str, Any]:
        """The stack's Outputs whose condition holds."""
        return {
            name: resolve(output["Value"], self)
            for name, output in self._template.get("Outputs", {}).items()
            if "Condition" not in output or self.condition(output["Condition"])
        }

    # --- the scope ----------------------------------------------------------------------------------

    def ref(self, name: str) -> Any:
        pseudo = {
            "AWS::AccountId": ACCOUNT,
            "AWS::Region": REGION,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackName": self._name,
            "AWS::StackId": arn_of(_STACK, self._name),
            "AWS::NotificationARNs": [],
        }
        if name in pseudo:
            return pseudo[name]
        if name in self._parameters:
            return self._parameters[name]
        kind = self._kind(name)
        if kind == "AWS::Lambda::Alias":
            return f"{self._function_arn(name)}:{self._properties(name)['Name']}"
        if kind == "AWS::Lambda::Version":
            return f"{self._function_arn(name)}:1"
        return ref_of(kind, self._physical(name), self._endpoint)

    def attribute(self, resource: str, name: str) -> Any:
        kind = self._kind(resource)
        if kind == _STACK and name.startswith("Outputs."):
            outputs = self._child(resource).outputs
            wanted = name.removeprefix("Outputs.")
            if wanted not in outputs:
                raise self._wrong(f"nested stack {resource} has no output {wanted}")
            return outputs[wanted]
        return attribute_of(kind, self._physical(resource), name, self._endpoint)

    def condition(self, name: str) -> bool:
        conditions = self._template.get("Conditions", {})
        if name not in conditions:
            raise self._wrong(f"there is no condition {name}")
        return bool(resolve(conditions[name], self))

    def mapping(self, name: str) -> Mapping[str, Any]:
        mapping: Mapping[str, Any] = self._template.get("Mappings", {}).get(name, {})
        return mapping

    # --- inside -------------------------------------------------------------------------------------

    def _resource(self, logical_id: str) -> Resource:
        kind, properties = self._kind(logical_id), self._properties(logical_id)
        name = self._physical(logical_id)
        held = properties.get("Code") or properties.get("Content") or {}
        code = self._folders.get(held.get("S3Key", "")) if isinstance(held, Mapping) else None
        return Resource(logical_id, kind, name, arn_of(kind, name), properties, code)

    def _kind(self, logical_id: str) -> str:
        resource = self._template["Resources"].get(logical_id)
        if resource is None:
            raise self._wrong(f"there is no parameter or resource {logical_id}")
        return str(resource["Type"])

    def _exists(self, logical_id: str) -> bool:
        condition = self._template["Resources"][logical_id].get("Condition")
        return condition is None or self.condition(condition)

    def _properties(self, logical_id: str) -> dict[str, Any]:
        properties = self._template["Resources"][logical_id].get("Properties") or {}
        try:
            return dict(resolve(properties, self))
        except LeptonError as error:
            raise self._wrong(f"{logical_id}: {error.message}") from error

    def _physical(self, logical_id: str) -> str:
        if logical_id not in self._names:
            raw = self._template["Resources"][logical_id].get("Properties") or {}
            given = {
                key: resolve(value, self) for key, value in raw.items() if key.endswith("Name") or key == "FifoQueue"
            }
            self._names[logical_id] = name_of(self._kind(logical_id), logical_id, given, self._name)
        return self._names[logical_id]

    def _function_arn(self, logical_id: str) -> str:
        name = str(self._properties(logical_id)["FunctionName"])
        return name if name.startswith("arn:") else arn_of("AWS::Lambda::Function", name)

    def _child(self, logical_id: str) -> Stack:
        """A nested stack, made when first asked for: its parameters may be outputs of another one."""
        if logical_id not in self._children:
            if logical_id in self._entered:
                raise self._wrong(f"nested stack {logical_id} depends on itself")
            self._entered.add(logical_id)
            raw = self._template["Resources"][logical_id]["Properties"]
            self._children[logical_id] = Stack(
                (self._path.parent / str(raw["TemplateURL"])).resolve(),
                name=f"{self._name}-{logical_id}",
                endpoint=self._endpoint,
                parameters=resolve(raw.get("Parameters") or {}, self),
            )
        return self._children[logical_id]

    def _with_defaults(self, given: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, parameter in self._template.get("Parameters", {}).items():
            if name not in given and "Default" not in parameter:
                raise self._wrong(f"parameter {name} has no default and no value", hint="give it a Default")
            value = given.get(name, parameter.get("Default"))
            listed = str(parameter.get("Type", "")).startswith(("CommaDelimitedList", "List<"))
            values[name] = value.split(",") if listed and isinstance(value, str) else value
        return values

    def _wrong(self, message: str, hint: str | None = None) -> Misconfigured:
        return Misconfigured(message, pointer=str(self._path), hint=hint)


def _read(path: Path) -> dict[str, Any]:
    try:
        source = yaml_parse(path.read_text())
    except OSError as error:
        raise Misconfigured("there is no such template", pointer=str(path)) from error
    except Exception as error:  # yaml's errors have no common root worth importing
        raise Misconfigured(f"the template is not YAML: {error}", pointer=str(path)) from error
    if not isinstance(source, dict) or not isinstance(source.get("Resources"), dict):
        raise Misconfigured("the template has no Resources", pointer=str(path))
    return source


def _local_code(source: dict[str, Any], folder: Path) -> dict[str, Path]:
    """Takes local code paths out of the template, which the translator wants in S3, and returns them by logical id."""
    folders: dict[str, Path] = {}
    globally = source.get("Globals", {}).get("Function", {}).pop("CodeUri", None)
    for logical_id, resource in source["Resources"].items():
        named = _CODE.get(resource.get("Type", ""))
        if named is None:
            continue
        properties = resource.setdefault("Properties", {})
        local = properties.get(named, globally)
        if isinstance(local, str):
            folders[logical_id] = (folder / local).resolve()
        properties[named] = {"Bucket": _BUCKET, "Key": logical_id}
    return folders


def _transformed(source: dict[str, Any], path: Path) -> dict[str, Any]:
    if "Serverless" not in str(source.get("Transform", "")):
        return source
    defaults = {name: one["Default"] for name, one in source.get("Parameters", {}).items() if "Default" in one}
    logging.getLogger("samtranslator").setLevel(logging.ERROR)  # it warns of metrics about itself
    translator = Translator(None, Parser(), boto_session=boto3.Session(region_name=REGION))
    try:
        template: dict[str, Any] = translator.translate(copy.deepcopy(source), defaults, get_managed_policy_map=dict)
    except Exception as error:
        causes = getattr(error, "causes", None) or [error]
        told = "; ".join(str(getattr(cause, "message", cause)) for cause in causes)
        raise Misconfigured(f"SAM cannot transform the template: {told}", pointer=str(path)) from error
    return template
