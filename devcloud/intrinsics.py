"""CloudFormation's intrinsic functions, resolved against one stack's parameters, conditions and resources."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lepton.errors import Misconfigured

NO_VALUE = object()
_PLACEHOLDER = re.compile(r"\$\{([^!}][^}]*)\}")


class Scope(Protocol):
    """What the functions ask of a stack."""

    def ref(self, name: str) -> Any:
        """The value of a parameter, pseudo parameter or resource."""

    def attribute(self, resource: str, name: str) -> Any:
        """What Fn::GetAtt gives."""

    def condition(self, name: str) -> bool:
        """The value of a named condition."""

    def mapping(self, name: str) -> Mapping[str, Any]:
        """One of the template's Mappings."""


def resolve(node: Any, scope: Scope) -> Any:
    """The node with every intrinsic function in it replaced by its value; AWS::NoValue entries are left out."""
    if isinstance(node, list):
        values = [resolve(item, scope) for item in node]
        return [value for value in values if value is not NO_VALUE]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        name, argument = next(iter(node.items()))
        if name in _FUNCTIONS and (name != "Condition" or isinstance(argument, str)):
            return _FUNCTIONS[name](argument, scope)
        if name.startswith("Fn::"):
            raise Misconfigured(
                f"the local cloud does not know {name}", pointer="template", hint="see devcloud/intrinsics.py"
            )
    pairs = ((key, resolve(value, scope)) for key, value in node.items())
    return {key: value for key, value in pairs if value is not NO_VALUE}


def _ref(name: Any, scope: Scope) -> Any:
    return NO_VALUE if name == "AWS::NoValue" else scope.ref(str(name))


def _get_att(argument: Any, scope: Scope) -> Any:
    resource, _, attribute = (
        argument.partition(".") if isinstance(argument, str) else (argument[0], "", ".".join(argument[1:]))
    )
    return scope.attribute(resource, str(resolve(attribute, scope)))


def _sub(argument: Any, scope: Scope) -> str:
    text, given = (argument, {}) if isinstance(argument, str) else (argument[0], resolve(argument[1], scope))

    def value(match: re.Match[str]) -> str:
        name = match.group(1).strip()
        if name in given:
            return str(given[name])
        return str(_get_att(name, scope) if "." in name else _ref(name, scope))

    return _PLACEHOLDER.sub(value, text).replace("${!", "${")


def _join(argument: Any, scope: Scope) -> str:
    return str(argument[0]).join(str(item) for item in resolve(argument[1], scope))


def _select(argument: Any, scope: Scope) -> Any:
    return resolve(argument[1], scope)[int(resolve(argument[0], scope))]


def _split(argument: Any, scope: Scope) -> list[str]:
    return str(resolve(argument[1], scope)).split(argument[0])


def _if(argument: Any, scope: Scope) -> Any:
    return resolve(argument[1] if scope.condition(argument[0]) else argument[2], scope)


def _equals(argument: Any, scope: Scope) -> bool:
    left, right = resolve(argument, scope)
    return _text(left) == _text(right)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _find_in_map(argument: Any, scope: Scope) -> Any:
    name, first, second = (resolve(item, scope) for item in argument[:3])
    return scope.mapping(name)[first][second]


def _cidr(argument: Any, scope: Scope) -> list[str]:
    block, count, bits = resolve(argument, scope)
    subnets = ipaddress.ip_network(block).subnets(new_prefix=32 - int(bits))
    return [str(subnet) for subnet, _ in zip(subnets, range(int(count)), strict=False)]


def _zones(argument: Any, scope: Scope) -> list[str]:
    region = resolve(argument, scope) or scope.ref("AWS::Region")
    return [f"{region}{letter}" for letter in "abc"]


def _import_value(argument: Any, scope: Scope) -> Any:
    raise Misconfigured(
        f"Fn::ImportValue of {resolve(argument, scope)!r}: the local cloud has one stack with its nested stacks",
        hint="pass the value as a parameter",
    )


_FUNCTIONS: dict[str, Callable[[Any, Scope], Any]] = {
    "Ref": _ref,
    "Condition": lambda argument, scope: scope.condition(argument),
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::If": _if,
    "Fn::Equals": _equals,
    "Fn::And": lambda argument, scope: all(resolve(argument, scope)),
    "Fn::Or": lambda argument, scope: any(resolve(argument, scope)),
    "Fn::Not": lambda argument, scope: not resolve(argument, scope)[0],
    "Fn::FindInMap": _find_in_map,
    "Fn::Base64": lambda argument, scope: base64.b64encode(str(resolve(argument, scope)).encode()).decode(),
    "Fn::Cidr": _cidr,
    "Fn::GetAZs": _zones,
    "Fn::ToJsonString": lambda argument, scope: json.dumps(resolve(argument, scope)),
    "Fn::Length": lambda argument, scope: len(resolve(argument, scope)),
    "Fn::ImportValue": _import_value,
}
